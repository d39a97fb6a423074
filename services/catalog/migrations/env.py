from chassis.migrate import run_env
from services.catalog.app import SERVICE

run_env(SERVICE.metadata)
