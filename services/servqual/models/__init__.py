"""Tables of servqual, by noun."""

from services.servqual.models import evidence, providers
from services.servqual.models.base import Base

__all__ = ["Base", "evidence", "providers"]
