"""What people see of servqual: the survey by its one-time link, the scorecard of a provider.

Pure: answers and figures in, HTML out. No script, one style sheet, named by its hash in the policy.
"""

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from services.servqual.domain.instrument import DIMENSIONS, Fault, Form
from services.servqual.domain.instrument.items import HIGHEST, IMPORTANCE_TOTAL, LOWEST
from services.servqual.domain.instrument.wording import CLAUSES, LANGUAGES, NAMES, STEMS
from services.servqual.pages.words import METRICS, WORDS

_PAGES = Environment(
    loader=PackageLoader("services.servqual", "pages"),
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
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True)
class Survey:
    """One invitation, opened: who is asked about, by which form, what was answered so far."""

    provider: str
    shipment_id: str
    form: Form
    given: dict[str, str] = field(default_factory=dict)  # form field -> what was chosen
    faults: list[Fault] = field(default_factory=list)


def language_of(asked: str | None, accepted: str) -> str:
    """`?lang=`, else the first of Accept-Language that there is, else English."""
    wishes = [asked or "", *(part.partition(";")[0].strip() for part in accepted.split(","))]
    found = (wish[:2].lower() for wish in wishes if wish)
    return next((each for each in found if each in LANGUAGES), "en")


def survey_page(survey: Survey, language: str) -> str:
    return _page(
        "survey.html",
        language,
        survey=survey,
        clauses=CLAUSES[language],
        dimensions={
            name: [item for item in items if item in survey.form.perception]
            for name, items in DIMENSIONS.items()
        },
        names=NAMES[language],
        stems={
            part: stem.format(provider=survey.provider) for part, stem in STEMS[language].items()
        },
        levels=range(LOWEST, HIGHEST + 1),
        total=IMPORTANCE_TOTAL,
        faults={each.pointer: each for each in survey.faults},
    )


def message_page(what: str, language: str) -> str:
    """`thanks` or `gone`."""
    return _page("message.html", language, what=what)


def scorecard_page(card: Any, language: str) -> str:
    """A ScorecardOut, for people."""
    return _page(
        "scorecard.html", language, card=card, names=NAMES[language], metrics=METRICS[language]
    )


def _page(name: str, language: str, **told: Any) -> str:
    found = _PAGES.get_template(name)
    return found.render(
        language=language, languages=LANGUAGES, words=WORDS[language], style=_STYLE, **told
    )
