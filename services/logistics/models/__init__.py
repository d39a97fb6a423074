"""Tables of logistics, by noun."""

from services.logistics.models import shipping, stock, tariff, tracking
from services.logistics.models.base import Base

__all__ = ["Base", "shipping", "stock", "tariff", "tracking"]
