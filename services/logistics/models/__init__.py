"""Tables of logistics, by noun."""

from services.logistics.models import history, offers, shipping, stock, tariff, tracking
from services.logistics.models.base import Base

__all__ = ["Base", "history", "offers", "shipping", "stock", "tariff", "tracking"]
