"""Payment providers' webhooks: verified over the bytes, stored, and only then thought about."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from chassis.crypto import unseal
from chassis.db import now, settings_of
from chassis.http import Problem
from chassis.inbound import Delivery, Outcome
from services.orders import queries
from services.orders.adapters.payment import sandbox, token_hash
from services.orders.commands import answers


@dataclass(frozen=True)
class Receiving:
    """A live receiving address, its secret opened."""

    connection_id: str
    tenant: str
    provider: str
    token: str
    secret: str


def connection_for(session: Session, token: str) -> Receiving | None:
    row = queries.connection_by_token(session, token_hash(token))
    if row is None:
        return None
    masters = settings_of(session).master_keys
    return Receiving(
        row.connection_id,
        row.tenant,
        row.provider,
        token,
        unseal(row.secret, masters, row.connection_id).decode(),
    )


def address_of(session: Session, tenant: str, provider: str) -> tuple[str, str] | None:
    """The full address and the secret: what the sandbox sends its webhooks to."""
    row = queries.payment_connection(session, tenant, provider)
    if row is None:
        return None
    settings = settings_of(session)
    token = unseal(row.token, settings.master_keys, row.connection_id).decode()
    secret = unseal(row.secret, settings.master_keys, row.connection_id).decode()
    return f"{settings.public_url}/v1/payment-webhooks/{provider}/{token}", secret


def check(provider: str, body: bytes, headers: Mapping[str, str], receiving: Receiving) -> None:
    """401 for whatever is missing, malformed, wrong or late; nothing of it is kept."""
    signature = headers.get(sandbox.HEADER, "")
    genuine = sandbox.verify(body, signature, receiving.secret, now().timestamp())
    if provider != receiving.provider or not genuine:
        raise Problem(401, "bad-signature", "the signature does not hold for these bytes")


def process_payment_webhook(session: Session, delivery: Delivery) -> Outcome:
    """Twice, late or out of order changes nothing twice."""
    report = sandbox.read(delivery.body)
    if report is None:
        return Outcome("quarantined", "unknown_event_type")
    row = queries.order_for_update(session, report.order_id)
    if row is None or row.tenant != delivery.tenant:
        return Outcome("quarantined", "unknown_order")
    heard = answers.take(session, report.order_id, report.attempt, report.verdict)
    return Outcome("accepted", told={"order_id": report.order_id, "heard": heard})
