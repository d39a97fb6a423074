"""A world in which an order can be placed: what orders has heard, and quotes that verify."""

import hashlib
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc.jwk import OKPKey

from chassis import tokens
from contracts.catalog import ListingChanged, ProductChanged, Variant
from contracts.event import Event
from contracts.gateway import MerchantChanged
from contracts.logistics import QuoteClaims, QuoteKeyChanged
from contracts.values import Money, canonical, new_id
from services.orders.schemas import NewOrder
from tests.running import MERCHANT

KEY = OKPKey.generate_key("Ed25519")
KID = new_id("key")
PRICES = {"TEA": 1250, "CUP": 800, "BOOK": 500}


def signed(claims: dict[str, Any], kid: str = KID, key: OKPKey = KEY) -> str:
    private = json.dumps(key.as_dict(private=True)).encode()
    return tokens.sign(claims, tokens.SigningKey(kid, private))


def heard(merchant: str = MERCHANT) -> list[Event]:
    """A merchant, three products (one digital), their listings in DE, and the quote key."""
    now = datetime.now(UTC)
    events: list[Event] = [
        MerchantChanged(
            tenant=merchant, sequence=1, merchant_id=merchant, title="T", status="active",
            base_currency="EUR",
        ),
        QuoteKeyChanged(
            tenant="platform", sequence=1, kid=KID,
            public_key=str(KEY.as_dict(private=False)["x"]), status="active",
            not_before=now, not_after=now + timedelta(days=30),
        ),
    ]  # fmt: skip
    for sku, price in PRICES.items():
        kind = "digital" if sku == "BOOK" else "goods"
        events += [
            ProductChanged(
                tenant=merchant, sequence=1, product_id=f"prd_{sku}", kind=kind, title=sku,
                status="published", variants=(Variant(sku=sku, title=sku),),
            ),
            ListingChanged(
                tenant=merchant, sequence=1, listing_id=f"lst_{sku}", product_id=f"prd_{sku}",
                sku=sku, market="DE", title=sku, prices=(Money.of(price, "EUR"),), available=True,
            ),
        ]  # fmt: skip
    return events


def claims(lines: dict[str, int], tenant: str = MERCHANT, **changed: Any) -> dict[str, Any]:
    """Of a DDP quote: 10 % duty and 20 % tax on each line's goods, 5.00 EUR shipping."""
    quoted, goods = [], 0
    for number, (sku, quantity) in enumerate(lines.items()):
        value = PRICES[sku] * quantity
        goods += value
        quoted.append(
            {
                "line_id": f"l{number}",
                "sku": sku,
                "quantity": quantity,
                "goods": euro(value),
                "duties": euro(value // 10),
                "taxes": euro(value // 5),
            }
        )
    duties = sum(PRICES[sku] * quantity // 10 for sku, quantity in lines.items())
    taxes = sum(PRICES[sku] * quantity // 5 for sku, quantity in lines.items())
    total = goods + duties + taxes + 500
    found = {
        "quote_id": new_id("qte"),
        "tenant": tenant,
        "iat": int(time.time()),
        "exp": int(time.time()) + 1800,
        "market": "DE",
        "destination": "DE",
        "incoterm": "DDP",
        "provider_id": "prv_1",
        "service": "standard",
        "service_class": "standard",
        "promised_on": "2026-12-04",
        "lines": quoted,
        "totals": {
            "goods": euro(goods), "shipping": euro(500), "insurance": euro(0),
            "duties": euro(duties), "taxes": euro(taxes), "fees": euro(0), "discounts": euro(0),
            "due_at_sale": euro(total), "due_at_import": euro(0), "grand_total": euro(total),
        },
        "ledger_sha256": hashlib.sha256(canonical(LEDGER)).hexdigest(),
        "valid_at": "2026-11-26T00:00:00Z",
        "known_at": "2026-11-26T00:00:00Z",
    }  # fmt: skip
    return QuoteClaims.model_validate(found | changed).model_dump(mode="json")


LEDGER: dict[str, Any] = {"lines": [], "declaration": []}


def order(
    lines: dict[str, int], token: str = "tok_success", quote: str | None = None, **changed: Any
) -> NewOrder:
    given = {
        "quote": {"token": quote or signed(claims(lines)), "ledger": LEDGER},
        "buyer": {"name": "Ada", "email": "ada@example.org"},
        "ship_to": {
            "name": "Ada", "street": "Weg 1", "city": "Bremen", "postal_code": "28195",
            "country": "DE",
        },
        "payment": {"token": token},
    }  # fmt: skip
    return NewOrder.model_validate(given | changed)


def euro(minor: int) -> dict[str, str]:
    return Money.of(minor, "EUR").model_dump()
