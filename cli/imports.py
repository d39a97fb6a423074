"""Files into the platform, as jobs with progress: one way for the sample data and for yours."""

import gzip
import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from cli.client import Client

Progress = Callable[[float], None]
KINDS = {  # what -> whose job, and where it is posted
    "products": ("catalog", "/product-imports"),
    "markets": ("catalog", "/market-imports"),
    "listings": ("catalog", "/listing-imports"),
    "tariff": ("logistics", "/tariff-imports"),
    "tariff-ukgt": ("logistics", "/tariff-imports?kind=ukgt"),
    "tariff-uk": ("logistics", "/tariff-imports?kind=uk"),  # a folder of JSON documents
    "rates": ("logistics", "/rate-card-imports"),
    "stock": ("logistics", "/stock-imports"),
    "orders": ("orders", "/order-imports"),  # of the time before
    "shipments": ("logistics", "/shipment-imports"),
}
OPERATORS = frozenset({"tariff", "tariff-ukgt", "tariff-uk"})  # what belongs to no merchant


class ImportFailed(Exception):
    """Nothing was imported; the text lists every bad row."""


def import_file(client: Client, kind: str, path: Path, progress: Progress) -> dict[str, Any]:
    """The job's report. A folder is sent as a zip. Raises ImportFailed with the rows."""
    if path.is_dir():
        content, media = folder_as_zip(path), "application/zip"
    else:
        content, media = path.read_bytes(), "text/csv"
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    return import_content(client, kind, content, media, progress)


def import_content(
    client: Client, kind: str, content: bytes, media: str, progress: Progress = lambda _: None
) -> dict[str, Any]:
    """As `import_file`, of bytes."""
    service, where = KINDS[kind]
    where, _, query = where.partition("?")
    job = client.send(where, content, media, **dict(parse_qsl(query)))
    return _result(_ended(client, f"/{service}/jobs/{job['id']}", job, progress))


def folder_as_zip(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((*folder.glob("*.csv"), *folder.glob("*.json"))):
            archive.write(file, file.name)
    return packed.getvalue()


def _ended(client: Client, where: str, job: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Asked again until it has ended: a job outlives its request."""
    wait_s = 0.05
    while job["status"] in ("queued", "running"):
        progress(job["progress"])
        time.sleep(wait_s)
        wait_s = min(1.0, wait_s * 1.5)
        job = client.get(where)
    progress(1.0)
    return job


def _result(job: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = job.get("result") or {}
    if job["status"] != "done":
        raise ImportFailed(job.get("problem") or f"the job was {job['status']}")
    if errors := result.get("errors"):
        rows = "\n".join(
            f"  {each.get('file', '')} row {each['row']}, {each['column']}: {each['message']}"
            for each in errors[:50]
        )
        raise ImportFailed(f"nothing was imported; {len(errors)} rows are wrong:\n{rows}")
    return result
