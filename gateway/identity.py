"""From an API key to a short-lived signed identity, remembered for 30 seconds."""

from dataclasses import dataclass, replace
from time import monotonic

from chassis.caller import Caller, mint
from chassis.db import Database, now
from chassis.http import Problem
from chassis.settings import Settings
from gateway import queries
from gateway.domain.keys import PREFIX_LENGTH, admits, prefix_of

REMEMBERED_S = 30.0
REMEMBERED_KEYS = 20_000


@dataclass(frozen=True)
class Identity:
    """Who calls, and the token that tells a service so."""

    caller: Caller
    token: bytes
    until: float


class Identities:
    """A revocation acts here at once, on other replicas within 30 s."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings
        self._known: dict[tuple[str, str], Identity] = {}

    async def of(self, authorization: str, tenant: str) -> Identity:
        """Raises a 401 Problem for a key that is malformed, unknown, expired or revoked."""
        known = self._known.get((authorization, tenant))
        if known is not None and known.until > monotonic():
            return known
        caller = await self._caller(authorization) if authorization else _ANONYMOUS
        identity = self._minted(_acting_for(caller, tenant))
        if len(self._known) >= REMEMBERED_KEYS:
            self._known.clear()
        self._known[authorization, tenant] = identity
        return identity

    def forget(self) -> None:
        """After a key was revoked here."""
        self._known.clear()

    async def _caller(self, authorization: str) -> Caller:
        scheme, _, shown = authorization.partition(" ")
        shown = shown.strip()
        if scheme.lower() != "bearer" or len(shown) <= PREFIX_LENGTH or not shown.isascii():
            raise _refused("send `Authorization: Bearer` and a key")
        key = await self._db.read(queries.key_by_prefix, prefix_of(shown))
        if key is None or not admits(key, shown, self._settings.key_pepper, now()):
            raise _refused("this key is unknown, expired or revoked")
        return Caller(key.kind, key.subject, key.tenants, key.scopes, key.key_id)

    def _minted(self, caller: Caller) -> Identity:
        token = mint(caller, self._settings.identity_keys).encode()
        return Identity(caller, token, monotonic() + REMEMBERED_S)


_ANONYMOUS = Caller("anonymous", "anonymous")


def _acting_for(caller: Caller, tenant: str) -> Caller:
    """The tenant it acts for now comes first."""
    if not tenant:
        return caller
    if tenant not in caller.tenants:
        raise Problem(403, "not-allowed", "this credential does not act for that Hansa-Tenant")
    others = tuple(each for each in caller.tenants if each != tenant)
    return replace(caller, tenants=(tenant, *others))


def _refused(why: str) -> Problem:
    return Problem(401, "not-signed-in", why, headers={"WWW-Authenticate": "Bearer"})
