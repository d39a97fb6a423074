"""`python -m services.logistics serve`."""

from chassis.run import main
from services.logistics.app import SERVICE

if __name__ == "__main__":
    main(SERVICE, "services.logistics")
