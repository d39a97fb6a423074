"""The questionnaire: 22 clauses in five dimensions, its forms, what a valid answer is."""

from services.servqual.domain.instrument.answers import Answers, Fault, faults
from services.servqual.domain.instrument.forms import FORMS, Form, form_of
from services.servqual.domain.instrument.items import DIMENSIONS, ITEMS, VERSION

__all__ = [
    "DIMENSIONS", "FORMS", "ITEMS", "VERSION", "Answers", "Fault", "Form", "faults", "form_of",
]  # fmt: skip
