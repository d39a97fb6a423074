"""Everything a service can have, once."""

from collections.abc import Callable
from typing import Any, ClassVar

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from chassis.app import Service
from chassis.caller import Caller, Merchant
from chassis.calls import Call, call
from chassis.http import Db, Page, PageQuery, Problem, page_of
from chassis.idempotency import Once
from chassis.inbound import Delivery, Outcome
from chassis.jobs import Computation, start
from chassis.outbox import publish
from contracts.event import Event
from contracts.values import new_id


class Base(DeclarativeBase):
    pass


class Kept(Base):
    __tablename__ = "kept"

    place: Mapped[int] = mapped_column(primary_key=True)  # by the database: never contended for
    kept_id: Mapped[str] = mapped_column(String(40), unique=True)
    number: Mapped[int]


class Put(Event):
    name: ClassVar[str] = "toy.put.v1"
    key: ClassVar[str] = "series"

    series: str
    number: int


class Standing(Event):
    name: ClassVar[str] = "toy.standing.v1"
    key: ClassVar[str] = "series"
    state: ClassVar[bool] = True

    series: str
    number: int


class NewToy(BaseModel):
    number: int


class ToyOut(BaseModel):
    toy_id: str
    number: int


FAILING: set[int] = set()  # numbers whose handler raises, as a test wishes
CALLED: list[str] = []  # keys of calls, in order
ANSWERED: list[str] = []
router = APIRouter(prefix="/toys", tags=["toys"])


def make(session: Session, caller: Caller, new: NewToy) -> ToyOut:
    """Says it, calls outside, starts a computation: or refuses a negative number."""
    if new.number < 0:
        raise Problem(422, "negative", "a toy is not negative")
    toy_id = new_id("toy")
    publish(session, Put(tenant=caller.tenant, series=toy_id, number=new.number))
    return ToyOut(toy_id=toy_id, number=new.number)


@router.post("", status_code=201)
async def create(new: NewToy, caller: Merchant, once: Once) -> ToyOut:
    return await once.write(make, caller, new)


@router.get("")
async def index(asked: PageQuery, _: Merchant, db: Db) -> Page[str]:
    return await db.read(_index, asked)


def _index(session: Session, asked: Any) -> Page[str]:
    rows, following = page_of(session, select(Kept), Kept.kept_id, asked)
    return Page(data=[row.kept_id for row in rows], next_cursor=following)


def on_put(session: Session, event: Put) -> None:
    if event.number in FAILING:
        raise ValueError(f"{event.number} is unlucky")
    session.add(Kept(kept_id=new_id("kpt"), number=event.number))
    session.flush()


def ring(session: Session, key: str) -> None:
    call(session, "ring", key, {"key": key})


async def perform(request: dict[str, Any], key: str) -> dict[str, Any]:
    CALLED.append(key)
    if CALLED.count(key) == 1 and key.startswith("flaky"):
        raise TimeoutError("nobody picked up")
    return {"said": request["key"]}


def answered(_: Session, __: dict[str, Any], answer: dict[str, Any]) -> None:
    ANSWERED.append(answer["said"])


def double(given: dict[str, Any], progress: Callable[[float], None]) -> int:
    print("what a library says on the way")  # noqa: T201
    progress(0.5)
    if given["number"] == 13:
        raise ValueError("13 cannot be doubled")
    return int(given["number"]) * 2


def doubled(_: Session, __: Any, result: int) -> dict[str, Any]:
    return {"doubled": result}


def begin(session: Session, number: int) -> str:
    return start(session, "double", "mer_1", {"number": number})


def process(_: Session, delivery: Delivery) -> Outcome:
    if delivery.body == b"explode":
        raise ValueError("cannot think about this")
    return Outcome("accepted", told={"bytes": len(delivery.body)})


SERVICE = Service(
    "toy",
    router,
    Base.metadata,
    handlers={Put: on_put},
    calls={"ring": Call(perform, answered)},
    jobs=(Computation("double", "tests.chassis.toy.app:double", doubled),),
    inbound={"toy": process},
)
