"""A client of Hansa. `from hansa_client.api import Hansa`; refusals are raised as Problem."""

from .problem import Problem
from .values import decimal_of, moment_of, money_of, text_of

__all__ = ["Problem", "decimal_of", "moment_of", "money_of", "text_of"]
