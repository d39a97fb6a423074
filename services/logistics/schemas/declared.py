"""What a merchant declares of goods and of their price, as HTTP says it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from contracts.values import CountryCode

Amount = Annotated[str, Field(pattern=r"^\d{1,12}(\.\d{1,6})?$")]
Word = Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9._ -]*$")]
Document = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,20}$")]
UnitName = Annotated[  # a unit's code, and what qualifies it: KGM, TNE:biodiesel, KGM:content:lead
    str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,14}(:(content:)?[a-z][a-z_]{0,30})?$")
]
PartName = Annotated[
    str,
    Field(
        pattern=r"^((component|content):[a-z][a-z_+]{0,60}|retail_price|us_content|repair_value)$"
    ),
]


class ClaimIn(BaseModel):
    """A rate asked for: a programme with its proof of origin, or a quota by its number."""

    model_config = ConfigDict(extra="forbid")

    programme: Word = ""
    proof: Word = ""
    order_number: Annotated[str, Field(pattern=r"^[0-9A-Z.-]{0,12}$")] = ""


class DeclaredOfLine(BaseModel):
    """Weights in grams and money, in the market's currency, are of the whole line."""

    net_weight_g: Annotated[int | None, Field(ge=1, le=100_000_000)] = None
    gross_weight_g: Annotated[int | None, Field(ge=1, le=100_000_000)] = None
    abv_pct: Annotated[str | None, Field(pattern=r"^\d{1,2}(\.\d{1,2})?$")] = None
    quantities: Annotated[dict[UnitName, Amount], Field(max_length=20)] = {}
    components: Annotated[dict[PartName, Amount], Field(max_length=20)] = {}
    preferential_origin: CountryCode | None = None
    claims: Annotated[list[ClaimIn], Field(max_length=10)] = []
    documents: Annotated[list[Document], Field(max_length=50)] = []
    end_uses: Annotated[list[Word], Field(max_length=10)] = []
    additional_code: Annotated[str, Field(pattern=r"^[A-Z0-9]{0,4}$")] = ""
    tax_class: Annotated[str | None, Field(pattern=r"^[a-z_-]{1,30}$")] = None
    is_gift: bool = False
    additions: Amount = "0"
    deductions: Amount = "0"
