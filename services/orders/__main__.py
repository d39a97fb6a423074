"""`python -m services.orders serve`."""

from chassis.run import main
from services.orders.app import SERVICE

if __name__ == "__main__":
    main(SERVICE, "services.orders")
