from chassis.migrate import run_env
from services.logistics.app import SERVICE

run_env(SERVICE.metadata)
