"""Fitting models, and keeping a key to sign offers with."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from chassis import tokens
from chassis.db import settings_of
from chassis.jobs import Computation, Jobs, Schedule
from contracts.event import PLATFORM
from contracts.segmentation import OfferKeyChanged
from services.segmentation.commands.fits import FIT, record_fit

KEY_LIFE = timedelta(days=60)
ROTATED_BEFORE = timedelta(days=30)


def keep_an_offer_key(session: Session, at: datetime) -> None:
    """A key at the first start; a new one a month before the last ends."""
    ends = tokens.newest_key_ends(session)
    if ends is None or ends - at < ROTATED_BEFORE:
        tokens.add_key(session, settings_of(session).master_keys, at, KEY_LIFE, _announce)


def _announce(kid: str, public: str, since: datetime, until: datetime) -> OfferKeyChanged:
    return OfferKeyChanged(
        tenant=PLATFORM,
        sequence=1,
        kid=kid,
        public_key=public,
        status="active",
        not_before=since,
        not_after=until,
    )


JOBS: Jobs = (
    Schedule("offer keys", timedelta(minutes=1), keep_an_offer_key),
    Computation(FIT, "services.segmentation.domain.training:train", record_fit),
)
