"""One OpenAPI document out of the services' own, and a page to read it without a network."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message

from chassis.http import Problem

router = APIRouter(include_in_schema=False)
_ASSETS = files("fastapi_offline") / "static"
_TYPES = {"js": "text/javascript", "css": "text/css", "png": "image/png"}


@router.get("/openapi.json")
async def merged(request: Request) -> JSONResponse:
    """503 while a service does not give its document; remembered once all have."""
    state = request.app.state
    if not hasattr(state, "document"):
        documents = {name: await _document(name, app) for name, app in state.upstreams.items()}
        state.document = merge({"gateway": request.app.openapi(), **documents})
    return JSONResponse(state.document)


@router.get("/docs")
async def docs() -> HTMLResponse:
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Hansa API",
        swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css",
        swagger_favicon_url="/docs/favicon.png",
    )


@router.get("/docs/{name}")
async def asset(name: str) -> Response:
    found = _ASSETS / name
    if name not in {"swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"}:
        raise Problem(404, "not-found", "there is no such file")
    kept = {"Cache-Control": "public, max-age=86400"}
    media = _TYPES[name.rpartition(".")[2]]
    return Response(found.read_bytes(), media_type=media, headers=kept)


def merge(documents: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Paths and operation ids are unique; a schema's name is taken once or means the same."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for service, document in documents.items():
        own = document.get("components", {}).get("schemas", {})
        clashing = {name for name, schema in own.items() if schemas.get(name, schema) != schema}
        renamed = _renamed(document, {name: f"{service.title()}{name}" for name in clashing})
        if twice := paths.keys() & renamed["paths"].keys():
            raise ValueError(f"{service} claims {sorted(twice)}, which another service owns")
        paths |= renamed["paths"]
        schemas |= renamed.get("components", {}).get("schemas", {})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hansa",
            "version": "1",
            "description": "Commerce across borders: quote, order, book, follow.",
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}],
    }


def _renamed(document: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    text = json.dumps(document)
    for name, fresh in names.items():
        text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{fresh}"')
    changed: dict[str, Any] = json.loads(text)
    schemas = changed.get("components", {}).get("schemas", {})
    for name, fresh in names.items():
        schemas[fresh] = schemas.pop(name)
    return changed


async def _document(name: str, app: ASGIApp) -> dict[str, Any]:
    """A service's own document, asked for as the gateway would pass a request on."""
    body, status = bytearray(), 0

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        body.extend(message.get("body", b""))

    path = f"/v1/{name}/openapi.json"
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": path, "raw_path": path.encode(),
        "query_string": b"", "root_path": "", "headers": [(b"host", b"gateway")],
        "client": ("127.0.0.1", 0), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    if status != 200:
        raise Problem(503, "not-ready", "a service does not answer", headers={"Retry-After": "1"})
    document: dict[str, Any] = json.loads(body)
    return document
