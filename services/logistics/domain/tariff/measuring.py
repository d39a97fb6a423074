"""What a line's rates are worked out from: its value, quantities, and the values of its parts."""

from decimal import Decimal

from services.logistics.domain.tariff.conditions import Stated
from services.logistics.domain.tariff.evaluation import Facts, Missing
from services.logistics.domain.tariff.law import Measure, Rules
from services.logistics.domain.tariff.lines import Gap
from services.logistics.domain.tariff.request import Request
from services.logistics.domain.tariff.units import Quantities
from services.logistics.domain.tariff.valuation import Valued


def facts_of(valued: Valued, request: Request, rules: Rules, day: str) -> Facts:
    """`refs` is filled as duties become known."""
    line = valued.line

    def part(of: str) -> Decimal | None:
        if of == "value_less:us_content":
            less = part("us_content")
            return None if less is None else valued.customs_value - less
        found = line.components.get(of)
        return None if found is None else rules.convert(found, request.currency)

    quantities = Quantities(
        line.quantity, line.quantities, line.net_weight_g, line.gross_weight_g, line.abv_pct
    )
    return Facts(valued.customs_value, day, quantities.of, part, rules.convert)


def stated_of(valued: Valued, request: Request, facts: Facts) -> Stated:
    line = valued.line
    return Stated(
        documents=line.documents,
        claims=frozenset(claim.programme for claim in line.claims),
        end_uses=line.end_uses,
        buyer=request.buyer,
        mode=request.mode,
        value=valued.customs_value,
        quantity=facts.quantity,
        part=facts.part,
        convert=facts.convert,
    )


def gap_of(pointer: str, missing: Missing, measure: Measure) -> Gap:
    """Names the unit and the qualifier that a rate asks for, and where to give them."""
    unit = f"{missing.what}:{missing.qualifier}" if missing.qualifier else missing.what
    field = {
        "net_weight_missing": "net_weight_g",
        "abv_missing": "abv_pct",
        "quantity_missing": f"quantities/{unit}",
        "component_value_missing": f"components/component:{missing.what}",
        "content_missing": f"components/{missing.what}",
        "retail_price_missing": "components/retail_price",
        "meursing_code_missing": "meursing_code",
    }.get(missing.code, "hs_code")
    message = f"{measure.expression_text} needs {unit}; give {field.replace('/', '.')}"
    accepted = (("unit", missing.what), ("qualifier", missing.qualifier or "net"))
    is_unit = missing.code in ("quantity_missing", "net_weight_missing")
    return Gap(
        f"{pointer}/{field}",
        missing.code,
        "blocks",
        message,
        (measure.measure_key,),
        accepted if is_unit else (),
    )
