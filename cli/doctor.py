"""Does everything answer, and does anything wait for a person?"""

import httpx

from cli.client import Client

SERVICES = ("gateway", "catalog", "orders", "logistics", "servqual", "segmentation")


def examine(keys: dict[str, str]) -> list[str]:
    """One line per finding; a line that begins with ✗ wants a person, and says what to do."""
    findings = [_ready(keys["url"])]
    operator = Client(keys["url"], keys["operator"])
    for service in SERVICES:
        waiting = operator.get(f"/{service}/parked")["data"]
        if waiting:
            findings.append(
                f"✗ {service}: {len(waiting)} records parked; see `hansa parked`, "
                f"mend the cause, then `hansa replay {service}`"
            )
        else:
            findings.append(f"✓ {service}: answers, nothing parked")
    operator.close()
    return findings


def _ready(url: str) -> str:
    answer = httpx.get(f"{url}/readyz", timeout=5)
    if answer.is_success:
        return f"✓ the gateway at {url} is ready"
    return f"✗ the gateway at {url}: {answer.json().get('detail', answer.text)}"
