"""A client of the gateway's REST, with the keys of a development start or of the environment."""

import json
import os
from pathlib import Path
from typing import Any

import httpx


class Refused(Exception):
    """The gateway refused; the text is the problem's, place and remedy included."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        try:
            self.problem: dict[str, Any] = answer.json()
        except ValueError:
            self.problem = {"title": answer.text[:300]}
        errors = self.problem.get("errors", [])
        places = "".join(f"\n  {error['message']}" for error in errors[:20])
        super().__init__(f"{self.status} {self.problem.get('detail', '')}{places}")


class NoKeys(Exception):
    """There is no key to call with; the text says where one comes from."""


def keys_in(folder: Path) -> dict[str, str]:
    """Of `dev-keys.json`, or HANSA_URL, HANSA_SECRET_KEY, HANSA_OPERATOR_KEY."""
    path = folder / "dev-keys.json"
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    for name in ("url", "publishable", "secret", "provider", "operator"):
        variable = "HANSA_URL" if name == "url" else f"HANSA_{name.upper()}_KEY"
        if variable in os.environ:
            known[name] = os.environ[variable]
    if "url" not in known:
        raise NoKeys(f"no {path}; start with `make run`, or set HANSA_URL and HANSA_SECRET_KEY")
    return known


class Client:
    """One credential at the gateway."""

    def __init__(self, url: str, key: str | None, timeout_s: float = 60.0) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=f"{url}/v1", headers=headers, timeout=timeout_s)

    def get(self, path: str, **query: Any) -> Any:
        return self._answer(self._http.get(path, params=query))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._answer(self._http.post(path, json=body, headers=sent))

    def send(self, path: str, content: bytes, media: str, **query: Any) -> Any:
        headers = {"Content-Type": media}
        return self._answer(self._http.post(path, content=content, headers=headers, params=query))

    def status_of(self, path: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
        """For callers that expect to be refused."""
        return self._http.post(path, content=content, headers=headers)

    def page(self, path: str) -> str:
        """As a browser opens it."""
        return self._shown(self._http.get(path))

    def form(self, path: str, fields: dict[str, str]) -> str:
        """As a page's form is sent."""
        return self._shown(self._http.post(path, data=fields))

    def delete(self, path: str, **query: Any) -> Any:
        return self._answer(self._http.delete(path, params=query))

    def close(self) -> None:
        self._http.close()

    def _shown(self, answer: httpx.Response) -> str:
        if answer.is_error:
            raise Refused(answer)
        return answer.text

    def _answer(self, answer: httpx.Response) -> Any:
        if answer.is_error:
            raise Refused(answer)
        return answer.json()
