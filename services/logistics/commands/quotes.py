"""A landed-cost quote: filled from what was heard, calculated, kept, and signed where complete."""

import hashlib
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import insert
from sqlalchemy.orm import Session

from chassis import tokens
from chassis.caller import Caller
from chassis.db import settings_of
from chassis.http import FieldError, Problem
from contracts.logistics import AppliedOffer, QuoteClaims, QuotedLine, QuotedTotals
from contracts.orders import DeclaredLine
from contracts.values import Money, canonical, new_id
from services.logistics.commands.calculating import Worked, calculated, freight_of
from services.logistics.commands.drafts import Draft, draft_of, money_of
from services.logistics.domain.tariff import Ledger, Request
from services.logistics.domain.tariff.ledger import as_json, gap_json
from services.logistics.domain.tariff.replay import REQUEST
from services.logistics.models.tariff import Quote
from services.logistics.queries import tariff
from services.logistics.queries.options import Option
from services.logistics.schemas.tariff import GapOut, NewQuote, OptionOut, QuoteOut, Requote

LIFE = timedelta(minutes=30)


def quote(session: Session, caller: Caller, asked: NewQuote) -> QuoteOut:
    """Kept as answered. Only a complete one gets a token."""
    if caller.kind != "merchant":
        _refuse_declarations(asked)
    draft = draft_of(session, caller.tenant, asked)
    worked = calculated(session, draft)
    ledger, chosen = worked.ledger, worked.chosen
    totals = _totals(draft, worked)
    gaps = [GapOut.model_validate(gap_json(gap)) for gap in ledger.gaps]
    if draft.goods_lines and chosen is None:
        gaps.append(_no_option(draft))
        totals = None
    out = QuoteOut(
        quote_id=new_id("qte"),
        status=_status(ledger, totals),
        token=None,
        expires_at=draft.at + LIFE,
        market=draft.market.code,
        destination=asked.destination,
        incoterm=draft.incoterm,
        totals=totals,
        shipping_options=[_option_out(draft, each, chosen) for each in worked.found.options],
        excluded=worked.found.excluded,
        gaps=gaps,
        warnings=list(ledger.warnings),
        filled=draft.filled,
        valid_at=draft.at,
        known_at=draft.rules.known_at,
        ledger=_ledger_json(draft, ledger, worked.freight),
    )
    if totals is not None:
        out.token = _token(session, draft, out, ledger, chosen)
    _keep(session, draft, out, worked.request)
    return out


def requote(session: Session, caller: Caller, quote_id: str, change: Requote) -> QuoteOut:
    """A new quote; the old one stays. Whoever asks must be one who may declare what it rests on."""
    asked = json.loads(tariff.quote(session, caller.tenant, quote_id).asked)
    asked |= change.model_dump(exclude_unset=True, exclude={"claims"}, exclude_none=True)
    for line_id, claims in change.claims.items():
        number = int(line_id.removeprefix("l"))
        if number >= len(asked["lines"]):
            message = f"the quote has {len(asked['lines'])} lines, from l0"
            error = FieldError(pointer=f"/claims/{line_id}", code="not-found", message=message)
            raise Problem(422, "no-such-line", message, [error])
        asked["lines"][number]["claims"] = [each.model_dump() for each in claims]
    return quote(session, caller, NewQuote.model_validate(asked))


def _refuse_declarations(asked: NewQuote) -> None:
    """A shop's public key lies open: with it nobody lowers what a merchant will have to pay."""
    said = [f"/{name}" for name in sorted(asked.model_fields_set - _OF_ANY_SHOP)]
    for number, line in enumerate(asked.lines):
        said += [f"/lines/{number}/{name}" for name in sorted(line.model_fields_set - _OF_ANY_LINE)]
    if said:
        message = "only the merchant's own key may declare this"
        errors = [FieldError(pointer=each, code="merchant-only", message=message) for each in said]
        raise Problem(403, "merchant-only", message, errors)


_OF_ANY_SHOP = frozenset(
    "destination lines market incoterm buyer buyer_tax_number shipping offers".split()
)
_OF_ANY_LINE = frozenset({"sku", "quantity"})


def _status(
    ledger: Ledger, totals: QuotedTotals | None
) -> Literal["complete", "incomplete", "blocked"]:
    if ledger.status == "blocked":
        return "blocked"
    return "incomplete" if totals is None else "complete"


def _ledger_json(draft: Draft, ledger: Ledger, freight: Decimal | None) -> dict[str, Any]:
    """What the token vouches for: the calculation, and what customs will be told."""
    declared = [_declared(draft, number) for number in range(len(draft.asked.lines))]
    return {
        **as_json(ledger),
        "freight_charged": None if freight is None else str(freight),
        "declaration": [line for line in declared if line is not None],
    }


def _declared(draft: Draft, number: int) -> dict[str, Any] | None:
    asked = draft.asked.lines[number]
    variant = draft.variant(asked.sku)
    code = variant.hs_extensions.get(draft.jurisdiction, variant.hs_code)
    if not draft.is_goods(number) or code is None or variant.origin is None:
        return None
    weight = variant.weight_g
    line = DeclaredLine(
        line_id=f"l{number}",
        sku=asked.sku,
        quantity=asked.quantity,
        hs_code=code,
        origin=variant.origin,
        value=draft.goods(number),
        weight_g=None if weight is None else weight * asked.quantity,
        description=variant.customs_description or variant.title,
    )
    return line.model_dump(mode="json")


def _totals(draft: Draft, worked: Worked) -> QuotedTotals | None:
    """None where any charge is unknown. Under DDP what is due at sale contains the charges."""
    ledger, freight = worked.ledger, worked.freight
    at_sale, at_import = ledger.due("sale"), ledger.due("import")
    if at_sale is None or at_import is None or freight is None:
        return None
    currency = draft.market.currency
    nothing = Money.of(0, currency)
    numbers = range(len(draft.asked.lines))
    goods = sum((draft.goods(number) for number in numbers), nothing)
    discounts = sum((draft.discount(number) or nothing for number in numbers), nothing)
    shipping, insurance = money_of(freight, currency), money_of(worked.insurance, currency)
    kinds = {kind: _sum_money(ledger, kind, currency) for kind in ("duty", "tax", "fee")}
    due_now = goods + shipping + insurance + money_of(at_sale, currency)
    return QuotedTotals(
        goods=goods,
        shipping=shipping,
        insurance=insurance,
        duties=kinds["duty"],
        taxes=kinds["tax"],
        fees=kinds["fee"],
        discounts=discounts,
        due_at_sale=due_now,
        due_at_import=money_of(at_import, currency),
        grand_total=due_now + money_of(at_import, currency),
    )


def _sum_money(ledger: Ledger, kind: str, currency: str) -> Money:
    amounts = [
        line.amount for line in ledger.lines if line.kind == kind and line.amount is not None
    ]
    return money_of(sum(amounts, Decimal(0)), currency)


def _token(
    session: Session, draft: Draft, out: QuoteOut, ledger: Ledger, chosen: Option | None
) -> str:
    key = tokens.signing_key(session, settings_of(session).master_keys, draft.at)
    if key is None:
        raise Problem(503, "no-quote-key", "no key to sign with yet", headers={"Retry-After": "1"})
    assert out.totals is not None  # noqa: S101 - only a complete quote is signed
    currency = draft.market.currency
    claims = QuoteClaims(
        quote_id=out.quote_id,
        tenant=draft.tenant,
        iat=int(draft.at.timestamp()),
        exp=int(out.expires_at.timestamp()),
        market=out.market,
        destination=out.destination.country,
        incoterm=out.incoterm,
        provider_id=chosen.provider_id if chosen else None,
        service=chosen.service if chosen else "",
        service_class=chosen.service_class if chosen else "",
        promised_on=chosen.promised_on if chosen else None,
        lines=tuple(
            QuotedLine(
                line_id=f"l{number}",
                sku=line.sku,
                quantity=line.quantity,
                goods=draft.goods(number),
                duties=_of_line(ledger, "duty", f"l{number}", currency),
                taxes=_of_line(ledger, "tax", f"l{number}", currency),
                discount=draft.discount(number),
            )
            for number, line in enumerate(draft.asked.lines)
        ),
        totals=out.totals,
        ledger_sha256=hashlib.sha256(canonical(out.ledger)).hexdigest(),
        valid_at=out.valid_at,
        known_at=out.known_at,
        offers=_offers(draft, out.totals.discounts),
    )
    return tokens.sign(claims.model_dump(mode="json"), key)


def _offers(draft: Draft, discount: Money) -> tuple[AppliedOffer, ...]:
    if draft.offer is None:
        return ()
    promised = draft.offer.claims
    applied = AppliedOffer(offer_id=promised.offer_id, arm=promised.arm, discount=discount)
    return (applied,)


def _of_line(ledger: Ledger, kind: str, line_id: str, currency: str) -> Money:
    return money_of(ledger.total(kind, line_id) or Decimal(0), currency)


def _keep(session: Session, draft: Draft, out: QuoteOut, request: Request) -> None:
    session.execute(
        insert(Quote).values(
            quote_id=out.quote_id,
            tenant=draft.tenant,
            status=out.status,
            asked=draft.asked.model_dump_json(exclude_unset=True),
            answer=out.model_dump_json(),
            request=REQUEST.dump_json(request).decode(),
            ledger_sha256=hashlib.sha256(canonical(out.ledger)).hexdigest(),
            valid_at=out.valid_at,
            known_at=out.known_at,
            expires_at=out.expires_at,
            created_at=draft.at,
        )
    )


def kept(session: Session, tenant: str, quote_id: str) -> QuoteOut:
    return QuoteOut.model_validate(json.loads(tariff.quote(session, tenant, quote_id).answer))


def _option_out(draft: Draft, option: Option, chosen: Option | None) -> OptionOut:
    charged = freight_of(draft, option)
    price = option.price if charged is None else money_of(charged, draft.market.currency)
    return OptionOut(
        provider_id=option.provider_id,
        service=option.service,
        service_class=option.service_class,
        price=price,
        promised_on=option.promised_on,
        chosen=option is chosen,
    )


def _no_option(draft: Draft) -> GapOut:
    country = draft.asked.destination.country
    return GapOut(
        pointer="/shipping",
        code="no_shipping_option",
        severity="blocks",
        message=f"nobody carries this to {country} under {draft.incoterm}; see `excluded`",
    )
