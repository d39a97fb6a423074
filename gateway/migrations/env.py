from chassis.migrate import run_env
from gateway.app import SERVICE

run_env(SERVICE.metadata)
