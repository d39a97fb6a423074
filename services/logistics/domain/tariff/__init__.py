"""Tariffs and landed cost: `calculate(request, rules) -> Ledger`, pure, in decimals.

What cannot be parsed, matched or measured is unknown, never zero.
"""

from services.logistics.domain.tariff.calculation import calculate
from services.logistics.domain.tariff.ledger import Ledger
from services.logistics.domain.tariff.lines import Gap, LedgerLine
from services.logistics.domain.tariff.request import Line, Request
from services.logistics.domain.tariff.rules import Rules

__all__ = ["Gap", "Ledger", "LedgerLine", "Line", "Request", "Rules", "calculate"]
