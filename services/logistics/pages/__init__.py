"""What people see of duties: the look-up, and a quote explained. Pure: figures in, HTML out."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from babel import Locale
from jinja2 import Environment, PackageLoader, StrictUndefined

from contracts.values import COUNTRIES, CURRENCIES

_PAGES = Environment(
    loader=PackageLoader("services.logistics", "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STYLE = _PAGES.loader.get_source(_PAGES, "style.css")[0] if _PAGES.loader else ""
_SHA256 = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_SHA256}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
KINDS = {"duty": "Duty", "tax": "Tax", "fee": "Fee", "relief": "Relief"}


def duty_page(given: Mapping[str, str], answer: Any, faults: Mapping[str, str]) -> str:
    """`answer` is a DutyOut or None; `faults` by the field they belong to."""
    return _page("duty.html", given=given, answer=answer, faults=faults)


def quote_page(quote: Any) -> str:
    """A QuoteOut, explained."""
    return _page("quote.html", quote=quote)


def plain(message: str) -> str:
    return message.removeprefix("Value error, ")


def _page(name: str, **told: Any) -> str:
    found = _PAGES.get_template(name)
    return found.render(
        style=_STYLE,
        kinds=KINDS,
        countries=_countries(),
        currencies={code: code for code in sorted(CURRENCIES)},
        **told,
    )


@cache
def _countries() -> dict[str, str]:
    """Code -> English name, by name."""
    names = Locale("en").territories
    named = {code: str(names.get(code, code)) for code in COUNTRIES}
    return dict(sorted(named.items(), key=lambda each: each[1]))
