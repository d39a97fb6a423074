"""The one declarative base of logistics."""

from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass
