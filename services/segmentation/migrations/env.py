from chassis.migrate import run_env
from services.segmentation.app import SERVICE

run_env(SERVICE.metadata)
