"""Files sent for import: kept with the job as they came, unpacked where they are parsed."""

import base64
import hashlib
import io
import zipfile
from typing import Any

from fastapi import Request

from chassis.http import FieldError, Problem
from chassis.inbound import body_of

LIMIT = 64 << 20
UNPACKED_LIMIT = 256 << 20
MOST_FILES = 200


class Unreadable(ValueError):
    """Not a zip of UTF-8 CSV files, nor one such file; the text says what is wrong with it."""


async def upload_of(request: Request, name: str) -> dict[str, Any]:
    """The input of a parsing job. A single CSV is called `name`. 415 for any other media type."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in ("application/zip", "text/csv"):
        message = "send text/csv, or application/zip with CSV files"
        error = FieldError(pointer="Content-Type", code="unsupported", message=message)
        raise Problem(415, "unsupported-media-type", message, [error])
    body = await body_of(request, LIMIT)
    return {
        "name": "upload.zip" if media == "application/zip" else name,
        "zipped": media == "application/zip",
        "sha256": hashlib.sha256(body).hexdigest(),
        "content": base64.b64encode(body).decode(),
    }


def files_of(given: dict[str, Any]) -> dict[str, str]:
    """Name -> text. Raises Unreadable; a bomb is refused by what it declares and what it yields."""
    body = base64.b64decode(given["content"])
    if not given["zipped"]:
        return {given["name"]: _text(given["name"], body)}
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            declared = sum(entry.file_size for entry in entries)
            if declared > UNPACKED_LIMIT or len(entries) > MOST_FILES:
                raise Unreadable(f"at most {MOST_FILES} files and {UNPACKED_LIMIT >> 20} MiB")
            return {
                entry.filename: _text(entry.filename, _bounded(archive, entry)) for entry in entries
            }
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise Unreadable(f"this is no zip file that can be read: {error}") from error


def _bounded(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as file:
        content = file.read(entry.file_size + 1)
    if len(content) > entry.file_size:
        raise Unreadable(f"{entry.filename} holds more than it declares")
    return content


def _text(name: str, body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{name} is not UTF-8: byte {error.start} cannot be read") from None
    if "\x00" in text:
        raise Unreadable(f"{name} holds NUL characters: it is no text")
    return text
