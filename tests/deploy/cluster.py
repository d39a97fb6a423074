"""What an overlay comes to: its resources, who selects whom, who may talk to whom."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deploy.tools import documents, kubectl

Resource = dict[str, Any]
_NAMESPACE = "kubernetes.io/metadata.name"
POD_KINDS = ("Deployment", "Job", "StatefulSet")


def built(overlay: Path) -> list[Resource]:
    said = subprocess.run(
        [kubectl(), "kustomize", overlay], capture_output=True, text=True, check=False
    )
    if said.returncode:
        raise ValueError(said.stderr)
    return documents(said.stdout)


@dataclass(frozen=True)
class Pod:
    """A pod as network policies see it: ours, or one of another namespace."""

    name: str
    labels: tuple[tuple[str, str], ...]
    namespace: str = "hansa"

    @property
    def told(self) -> dict[str, str]:
        return dict(self.labels)


class Overlay:
    """Resources by kind and name."""

    def __init__(self, resources: list[Resource]) -> None:
        self.all = resources

    def of(self, kind: str) -> dict[str, Resource]:
        found = (each for each in self.all if each["kind"] == kind)
        return {each["metadata"]["name"]: each for each in found}

    def templates(self) -> dict[str, Resource]:
        """Pod templates by "kind/name"."""
        return {
            f"{kind}/{name}": each["spec"]["template"]
            for kind in POD_KINDS
            for name, each in self.of(kind).items()
        }

    def pods(self) -> dict[str, Pod]:
        """One of each template, and of each kind that an operator makes."""
        found = {name: each["metadata"]["labels"] for name, each in self.templates().items()}
        for name, cluster in self.of("Cluster").items():
            found[f"Cluster/{name}"] = cluster["spec"]["inheritedMetadata"]["labels"]
        for name, pool in self.of("KafkaNodePool").items():
            found[f"KafkaNodePool/{name}"] = pool["spec"]["template"]["pod"]["metadata"]["labels"]
        return {name: Pod(name, tuple(labels.items())) for name, labels in found.items()}

    def selected_by(self, selector: dict[str, str]) -> set[str]:
        return {name for name, pod in self.pods().items() if selector.items() <= pod.told.items()}

    def may_connect(self, source: Pod, target: Pod, port: int) -> bool:
        return self._lets("Egress", source, target, port) and self._lets(
            "Ingress", target, source, port
        )

    def reaches_internet(self, source: Pod, port: int) -> bool:
        rules = self._rules("Egress", source)
        return any(
            peer.get("ipBlock", {}).get("cidr") == "0.0.0.0/0" and _port_fits(rule, port)
            for rule in rules or ()
            for peer in rule.get("to", ())
        )

    def _lets(self, way: str, subject: Pod, other: Pod, port: int) -> bool:
        rules = self._rules(way, subject)
        side = "to" if way == "Egress" else "from"
        return rules is None or any(
            _port_fits(rule, port)
            and (side not in rule or any(_peer_fits(peer, other) for peer in rule[side]))
            for rule in rules
        )

    def _rules(self, way: str, subject: Pod) -> list[Resource] | None:
        """None where no policy selects it: then everything is let through."""
        if subject.namespace != "hansa":
            return None
        policies = [
            each["spec"]
            for each in self.of("NetworkPolicy").values()
            if way in each["spec"]["policyTypes"] and _fits(each["spec"]["podSelector"], subject)
        ]
        if not policies:
            return None
        return [rule for policy in policies for rule in policy.get(way.lower(), ())]


def _fits(selector: Resource, pod: Pod) -> bool:
    wanted = selector.get("matchLabels", {}).items() <= pod.told.items()
    return wanted and all(
        each["operator"] == "In" and pod.told.get(each["key"]) in each["values"]
        for each in selector.get("matchExpressions", ())
    )


def _peer_fits(peer: Resource, pod: Pod) -> bool:
    if "ipBlock" in peer:
        return False
    where = peer.get("namespaceSelector", {"matchLabels": {_NAMESPACE: "hansa"}})
    namespace = Pod("", ((_NAMESPACE, pod.namespace),))
    return _fits(where, namespace) and _fits(peer.get("podSelector", {}), pod)


def _port_fits(rule: Resource, port: int) -> bool:
    return "ports" not in rule or port in {each["port"] for each in rule["ports"]}
