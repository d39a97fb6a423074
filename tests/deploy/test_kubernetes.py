"""The manifests: strictly as Kubernetes wants them, and such that they do what they are for."""

import json
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jsonschema_rs
import pytest

from chassis.settings import Settings
from tests.deploy.cluster import Overlay, Pod, Resource, built
from tests.deploy.custom import CUSTOM
from tests.deploy.settings import fresh_secrets, understood
from tests.deploy.tools import PARTS, ROOT, SERVICES, cached, values_at

OVERLAYS = ("local", "production")
SCHEMAS = "kubernetes_validate/kubernetes-json-schema/v1.34.0-local-strict"
FOR_OTHERS = {"POSTGRES_PASSWORD", "GRAFANA_PASSWORD"}  # in secrets.env for compose
MADE_BY_HAND = {"hansa-secrets", "hansa-backups"}  # in production: docs/operations.md
RELAY_CONNECTIONS = 3  # a leader's, a listener's, a notifier's


def copy_of_manifests(folder: Path) -> Path:
    shutil.copytree(ROOT / "deploy/k8s", folder / "k8s", dirs_exist_ok=True)
    lines = [f"{name}={value}" for name, value in fresh_secrets().items()]
    (folder / "k8s/overlays/local/secrets.env").write_text("\n".join(lines))
    return folder / "k8s"


@pytest.fixture(scope="module", params=OVERLAYS)
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Overlay:
    manifests = copy_of_manifests(tmp_path_factory.mktemp("k8s"))
    return Overlay(built(manifests / "overlays" / request.param))


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Overlay:
    manifests = copy_of_manifests(tmp_path_factory.mktemp("k8s"))
    return Overlay(built(manifests / "overlays/production"))


@cache
def schema(file: str) -> jsonschema_rs.Validator:
    folder = cached(SCHEMAS)
    path = folder / file
    if not path.exists():
        raise ValueError(f"Kubernetes knows no {file}")
    return jsonschema_rs.validator_for(
        json.loads(path.read_text()),
        retriever=lambda uri: json.loads((folder / Path(uri).name).read_text()),
    )


def complaints(resource: Resource) -> Iterator[str]:
    if shape := CUSTOM.get(resource["kind"]):
        try:
            shape.model_validate(resource)
        except ValueError as error:
            yield str(error)
        return
    group, _, version = resource["apiVersion"].rpartition("/")
    named = "-".join(filter(None, [resource["kind"].lower(), group.split(".")[0], version]))
    for found in schema(f"{named}.json").iter_errors(resource):
        yield f"{resource['kind']}/{resource['metadata']['name']}: {found.message}"


def test_every_resource_is_as_its_schema_wants_it(cluster: Overlay) -> None:
    assert [each for resource in cluster.all for each in complaints(resource)] == []


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("base/part/deployment.yaml", "readinessProbe:", "readynessProbe:"),
        ("base/part/deployment.yaml", "readOnlyRootFilesystem:", "readOnlyFilesystem:"),
        ("base/part/deployment.yaml", "maxSurge: 1", "maxSurge: [1]"),
        ("base/part/migrate.yaml", "backoffLimit:", "backOffLimit:"),
        ("base/part/service.yaml", "targetPort:", "targetport:"),
        ("base/part/service.yaml", "maxUnavailable:", "maxUnvailable:"),
        ("base/by-requests/hpa.yaml", "averageUtilization:", "averageUtilisation:"),
        ("base/network.yaml", "policyTypes: [Ingress, Egress]", "policyType: [Ingress]"),
        ("overlays/production/scale.yaml", "lagThreshold:", "lagTreshold:"),
        ("overlays/production/scale.yaml", "maxReplicaCount:", "maxReplicas:"),
        ("overlays/production/kafka.yaml", "networkPolicyPeers:", "networkPolicyPeer:"),
        ("overlays/production/database.yaml", "instances: 3", "instances: '3'"),
        ("overlays/production/database.yaml", '"0 30 2 * * *"', '"30 2 * * *"'),
    ],
)
def test_a_typo_is_caught(tmp_path: Path, file: str, right: str, wrong: str) -> None:
    manifests = copy_of_manifests(tmp_path)
    planted = manifests / file
    assert right in planted.read_text()
    planted.write_text(planted.read_text().replace(right, wrong))

    found = [
        each
        for resource in built(manifests / "overlays/production")
        for each in complaints(resource)
    ]

    assert found


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_a_deployment_a_service_and_a_migration_of_its_own_image(
    cluster: Overlay, part: str
) -> None:
    name = f"hansa-{part}"
    serve = cluster.templates()[f"Deployment/{name}"]["spec"]["containers"][0]
    migrate = cluster.templates()[f"Job/hansa-migrate-{part}"]["spec"]["containers"][0]

    assert serve["image"] == migrate["image"]
    assert serve["image"].endswith(f"hansa/{part}:0.1.0")
    assert ("args" in serve, migrate["args"]) == (False, ["migrate"])
    assert cluster.selected_by(cluster.of("Service")[name]["spec"]["selector"]) == {
        f"Deployment/{name}"
    }
    probes = {each: serve[each]["httpGet"]["path"] for each in serve if each.endswith("Probe")}
    assert probes == {
        "startupProbe": "/healthz",
        "livenessProbe": "/healthz",
        "readinessProbe": "/readyz",
    }


def test_no_pod_of_ours_may_more_than_it_needs(cluster: Overlay) -> None:
    for name, template in cluster.templates().items():
        spec = template["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["automountServiceAccountToken"] is False, name
        for container in spec["containers"]:
            rights = container["securityContext"]
            assert rights["allowPrivilegeEscalation"] is False, name
            assert rights["capabilities"] == {"drop": ["ALL"]}, name
            assert name.startswith("StatefulSet") or rights["readOnlyRootFilesystem"] is True, name
            assert {"requests", "limits"} <= set(container["resources"]), name


@pytest.mark.parametrize("part", PARTS)
def test_in_production_each_part_is_scaled_by_one_thing_and_drained_one_by_one(
    production: Overlay, part: str
) -> None:
    name = f"hansa-{part}"
    by_requests = [
        each["spec"]
        for each in production.of("HorizontalPodAutoscaler").values()
        if each["spec"]["scaleTargetRef"]["name"] == name
    ]
    by_lag = [
        each["spec"]
        for each in production.of("ScaledObject").values()
        if each["spec"]["scaleTargetRef"]["name"] == name
    ]

    assert len(by_requests) + len(by_lag) == 1
    assert "replicas" not in production.of("Deployment")[name]["spec"]
    for scale in by_lag:
        assert scale["triggers"][0]["metadata"]["consumerGroup"] == part
    budget = production.of("PodDisruptionBudget")[name]["spec"]
    assert budget["maxUnavailable"] == 1
    assert production.selected_by(budget["selector"]["matchLabels"]) == {f"Deployment/{name}"}


def test_all_replicas_find_connections_and_no_more_are_made_than_partitions(
    production: Overlay,
) -> None:
    most = [
        each["spec"].get("maxReplicas") or each["spec"].get("maxReplicaCount")
        for kind in ("HorizontalPodAutoscaler", "ScaledObject")
        for each in production.of(kind).values()
    ]
    database = production.of("Cluster")["hansa-database"]["spec"]["postgresql"]["parameters"]
    needed = sum(count + 1 for count in most) * (Settings().pool_size + RELAY_CONNECTIONS)

    assert len(most) == len(PARTS)
    assert needed <= int(database["max_connections"]) - 20  # the operator's own, and a person's
    assert max(most) <= Settings().log_partitions


def environment_of(cluster: Overlay, template: Resource) -> dict[str, str]:
    container = template["spec"]["containers"][0]
    found: dict[str, str] = {}
    for source in container["envFrom"]:
        if "configMapRef" in source:
            found |= cluster.of("ConfigMap")[source["configMapRef"]["name"]]["data"]
        else:
            assert source["secretRef"]["name"] == "hansa-secrets"
            found |= {k: v for k, v in fresh_secrets().items() if k not in FOR_OTHERS}
    for each in container["env"]:
        if "value" in each:
            found[each["name"]] = each["value"].replace("$(DATABASE_PASSWORD)", "word")
    return found


@pytest.mark.parametrize("part", PARTS)
def test_each_process_understands_all_it_is_told(cluster: Overlay, part: str) -> None:
    for where in (f"Deployment/hansa-{part}", f"Job/hansa-migrate-{part}"):
        settings, unknown = understood(environment_of(cluster, cluster.templates()[where]))

        assert unknown == set()
        url = f"postgresql+psycopg://hansa:word@hansa-database-rw:5432/{part}"
        assert settings.database_for(part) == url
        assert settings.log_url == "kafka://hansa-kafka-bootstrap:9092"
        assert settings.upstreams == {name: f"http://hansa-{name}:8000" for name in SERVICES}
    assert {f"hansa-{name}" for name in SERVICES} <= set(cluster.of("Service"))


def secrets_referred_to(cluster: Overlay) -> set[str]:
    specs = [template["spec"] for template in cluster.templates().values()]
    sources = [each for name in ("secretRef", "secretKeyRef") for each in values_at(specs, name)]
    sources += values_at(
        [each["spec"] for each in cluster.of("ObjectStore").values()], "accessKeyId"
    )
    return {source["name"] for source in sources}


def test_secrets_hosts_and_databases_that_are_named_are_there(cluster: Overlay) -> None:
    operators = {f"{name}-app" for name in cluster.of("Cluster")}
    secrets = set(cluster.of("Secret")) or operators | MADE_BY_HAND
    hosts = set(cluster.of("Service"))
    hosts |= {f"{name}-rw" for name in cluster.of("Cluster")}
    hosts |= {f"{name}-kafka-bootstrap" for name in cluster.of("Kafka")}

    assert secrets_referred_to(cluster) == secrets
    assert {"hansa-database-rw", "hansa-kafka-bootstrap"} <= hosts


def test_in_production_each_part_has_its_database(production: Overlay) -> None:
    first = production.of("Cluster")["hansa-database"]["spec"]["bootstrap"]["initdb"]
    others = [each["spec"] for each in production.of("Database").values()]

    assert {first["database"], *(each["name"] for each in others)} == set(PARTS)
    assert {first["owner"], *(each["owner"] for each in others)} == {"hansa"}


def test_only_the_gateway_talks_to_services_and_nobody_to_what_it_need_not(
    cluster: Overlay,
) -> None:
    pods = cluster.pods()
    ours = {name for name in pods if name.split("/")[0] in ("Deployment", "Job")}
    state = {"hansa.dev/state": "database"}, {"hansa.dev/state": "log"}
    database, log = (next(iter(cluster.selected_by(each))) for each in state)

    talk = {
        (source, target, port)
        for source in ours
        for target in pods
        if source != target
        for port in (8000, 5432, 9092, 443)
        if cluster.may_connect(pods[source], pods[target], port)
    }

    wanted = {("Deployment/hansa-gateway", f"Deployment/hansa-{s}", 8000) for s in SERVICES}
    wanted |= {(source, database, 5432) for source in ours}
    assert talk - {(source, log, 9092) for source in ours} == wanted
    assert {(source, log, 9092) for source in ours} <= talk
    outside = {name for name in ours if cluster.reaches_internet(pods[name], 443)}
    assert outside == {f"Deployment/hansa-{name}" for name in ("gateway", "orders", "logistics")}


def test_strangers_reach_the_gateway_only_and_prometheus_every_part(cluster: Overlay) -> None:
    pods = cluster.pods()
    stranger = Pod("stranger", (), "default")
    prometheus = Pod("prometheus", (), "monitoring")
    serving = {f"Deployment/hansa-{part}" for part in PARTS}

    def reached_by(who: Pod) -> set[str]:
        ours = [name for name in pods if name.split("/")[0] in ("Deployment", "Job")]
        return {name for name in ours if cluster.may_connect(who, pods[name], 8000)}

    assert reached_by(stranger) == {"Deployment/hansa-gateway"}
    assert reached_by(prometheus) == serving
