"""`python -m services.servqual serve`."""

from chassis.run import main
from services.servqual.app import SERVICE

if __name__ == "__main__":
    main(SERVICE, "services.servqual")
