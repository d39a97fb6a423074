"""Orders placed over HTTP: against a no-op POST of the same body, and a bare transaction loop.

SQLite durable and PostgreSQL durable. The server is a process of its own; 32 requests under way.
"""

import asyncio
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import aiohttp
import psycopg

from benchmarks.measure import in_turn, tell
from chassis.app import create_app
from chassis.caller import Merchant
from chassis.db import Database
from chassis.migrate import migrate
from chassis.run import server
from onebox.local.daemon import Daemon, Missing
from onebox.local.ports import free_ports
from onebox.local.postgres import Postgres
from services.orders.app import SERVICE
from services.orders.schemas import NewOrder
from tests.orders import world
from tests.running import settings_in, signed_in

ROUNDS, SECONDS, UNDER_WAY, THREADS = 3, 4.0, 32, 10


def serve(port: int, folder: Path, url: str) -> None:
    """Child: the orders service, and beside it a route that only parses the same body."""
    app = create_app(SERVICE, settings_in(folder, database_url=url))

    @app.post("/noop", status_code=201)
    async def noop(new: NewOrder, _: Merchant) -> dict[str, str]:
        return {"provider": new.payment.provider}

    server(app, port=port).run()


async def load(url: str, body: bytes) -> float:
    """Requests answered 201 per second."""
    headers = signed_in() | {"Content-Type": "application/json", "Prefer": "respond-async"}
    until, done = time.monotonic() + SECONDS, 0

    async def one(session: aiohttp.ClientSession) -> None:
        nonlocal done
        while time.monotonic() < until:
            async with session.post(url, data=body, headers=headers) as answer:
                assert answer.status == 201, await answer.text()
                await answer.read()
            done += 1

    connector = aiohttp.TCPConnector(limit=UNDER_WAY)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(one(session) for _ in range(UNDER_WAY)))
    return done / SECONDS


def prepared(folder: Path, url: str) -> None:
    """The database with a merchant, listings and the quote key heard."""
    migrate("services.orders", url)
    db = Database(url, settings_in(folder))
    for event in world.heard():
        db.submit(SERVICE.handlers[type(event)], event).result()
    db.close()


def bare_loop(url: str) -> float:
    """Four statements and a durable commit per transaction, from as many threads as the pool."""
    plain = url.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        for name in "abcd":
            create = f"CREATE TABLE IF NOT EXISTS bare_{name} (id bigserial PRIMARY KEY, x text)"
            connection.execute(create)
    until, done = time.monotonic() + SECONDS, [0] * THREADS

    def work(number: int) -> None:
        with psycopg.connect(plain) as connection:
            while time.monotonic() < until:
                for name in "abcd":
                    insert = f"INSERT INTO bare_{name} (x) VALUES (%s)"
                    connection.execute(insert, ("x" * 200,))
                connection.commit()
                done[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / SECONDS


def measure(folder: Path, url: str, bare: bool) -> dict[str, float]:
    prepared(folder, url)
    port = free_ports(1)[0]
    command = [sys.executable, __file__, str(port), str(folder), url]
    server = Daemon(command, folder / "server.out", env=os.environ)
    try:
        server.wait_until(lambda: _answers(port))
        body = world.order({"TEA": 1, "CUP": 2, "BOOK": 1}).model_dump_json().encode()
        address = f"http://127.0.0.1:{port}"
        runs: dict[str, Any] = {
            "orders": lambda: asyncio.run(load(f"{address}/v1/orders", body)),
            "noop": lambda: asyncio.run(load(f"{address}/noop", body)),
        }
        if bare:
            runs["bare"] = lambda: bare_loop(url)
        return in_turn(runs, ROUNDS)
    finally:
        server.end(signal.SIGTERM)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="hansa-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        found = measure(folder, f"sqlite:///{folder}/orders.db", bare=False)
        figures["sqlite orders/s"] = found["orders"]
        figures["sqlite no-op POST/s"] = found["noop"]
        figures["sqlite ratio (goal 0.30)"] = found["orders"] / found["noop"]
        try:
            with Postgres(folder / "pg", durable=True) as postgres:
                postgres.create_database("orders")
                found = measure(folder, postgres.url("orders"), bare=True)
                figures["postgres orders/s"] = found["orders"]
                figures["postgres four-statement loop/s"] = found["bare"]
                figures["postgres ratio (goal 0.30)"] = found["orders"] / found["bare"]
        except Missing as why:
            figures["postgres"] = str(why)
    tell("placing", figures)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    else:
        main()
