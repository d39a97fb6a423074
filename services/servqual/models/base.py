"""The metadata of servqual's tables."""

from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass
