"""`python -m services.segmentation serve`."""

from chassis.run import main
from services.segmentation.app import SERVICE

if __name__ == "__main__":
    main(SERVICE, "services.segmentation")
