"""Ports nobody listens on."""

import socket
from random import SystemRandom

_RANGE = range(20_000, 32_000)  # below the ephemeral range: no outgoing connection takes one
_TRIES = 200


def free_ports(count: int) -> list[int]:
    """Distinct ports of 127.0.0.1, free a moment ago."""
    found: list[int] = []
    for port in SystemRandom().sample(_RANGE, _TRIES):
        if len(found) == count:
            break
        if is_free(port):
            found.append(port)
    if len(found) < count:
        raise OSError(f"no {count} free ports between {_RANGE.start} and {_RANGE.stop}")
    return found


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
