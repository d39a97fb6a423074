from chassis.migrate import run_env
from services.orders.app import SERVICE

run_env(SERVICE.metadata)
