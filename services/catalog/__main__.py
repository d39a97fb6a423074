"""`python -m services.catalog serve`."""

from chassis.run import main
from services.catalog.app import SERVICE

if __name__ == "__main__":
    main(SERVICE, "services.catalog")
