from chassis.migrate import run_env
from tests.chassis.toy.app import SERVICE

run_env(SERVICE.metadata)
