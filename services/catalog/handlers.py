"""What catalog hears."""

from sqlalchemy.orm import Session

from chassis.consume import Handlers
from contracts.gateway import MerchantChanged
from services.catalog import commands


def on_merchant_changed(session: Session, event: MerchantChanged) -> None:
    commands.keep_merchant(session, event)


HANDLERS: Handlers = {MerchantChanged: on_merchant_changed}
