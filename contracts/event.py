"""What an event is: a committed fact, or one thing's present state, that others may rely on."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

PLATFORM = "platform"  # the tenant of what belongs to no merchant


class Event(BaseModel):
    """One class per event, in its publisher's file.

    `name` is `<publisher>.<what>.v<n>`; `key` names the field whose value partitions and orders.
    `state` says the whole present state of one thing (compacted); `public` allows webhooks.
    `tenant` and `sequence` travel beside the body; `sequence` rises per key, so that a late state
    is recognised and dropped.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: ClassVar[str]
    key: ClassVar[str]
    state: ClassVar[bool] = False
    public: ClassVar[bool] = False

    tenant: str
    sequence: int = 0

    @classmethod
    def topic(cls) -> str:
        publisher = cls.name.split(".", 1)[0]
        return f"{publisher}.state" if cls.state else publisher

    def key_value(self) -> str:
        return str(getattr(self, self.key))

    def body(self) -> bytes:
        """The fields of the fact itself; what every event carries travels in the headers."""
        return self.model_dump_json(exclude={"tenant", "sequence"}).encode()
