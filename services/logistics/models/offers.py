"""Offers that a quote may be taken with, as segmentation says them."""

from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.logistics.models.base import Base


class KnownOffer(Base):
    __tablename__ = "known_offer"

    offer_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    said: Mapped[str] = mapped_column(Text)  # the whole state, as JSON
    sequence: Mapped[int] = mapped_column(BigInteger)


class OfferKey(Base):
    __tablename__ = "offer_key"

    kid: Mapped[str] = mapped_column(String(40), primary_key=True)
    public_key: Mapped[str] = mapped_column(String(100))
    sequence: Mapped[int] = mapped_column(BigInteger)
