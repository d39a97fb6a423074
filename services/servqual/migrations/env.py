from chassis.migrate import run_env
from services.servqual.app import SERVICE

run_env(SERVICE.metadata)
