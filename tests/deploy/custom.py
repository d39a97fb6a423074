"""The custom resources that we use, as far as we use them: a name not said here is a typo."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Whole = Annotated[int, Field(strict=True, ge=1)]
Labels = dict[str, str]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Metadata(_Strict):
    name: str
    namespace: Literal["hansa"]
    labels: Labels = {}


class Name(_Strict):
    name: str


class Template(_Strict):
    labels: Labels


class Resources(_Strict):
    requests: dict[Literal["cpu", "memory"], str]
    limits: dict[Literal["cpu", "memory"], str]


class LagWanted(_Strict):
    bootstrapServers: str
    consumerGroup: str
    lagThreshold: Annotated[str, Field(pattern=r"^\d+$")]
    offsetResetPolicy: Literal["earliest"]


class LoadWanted(_Strict):
    value: Annotated[str, Field(pattern=r"^\d+$")]


class LagTrigger(_Strict):
    type: Literal["kafka"]
    metadata: LagWanted


class LoadTrigger(_Strict):
    type: Literal["cpu"]
    metricType: Literal["Utilization"]
    metadata: LoadWanted


class Scale(_Strict):
    scaleTargetRef: Name
    minReplicaCount: Whole
    maxReplicaCount: Whole
    cooldownPeriod: Whole
    triggers: list[Annotated[LagTrigger | LoadTrigger, Field(discriminator="type")]]


class ScaledObject(_Strict):
    apiVersion: Literal["keda.sh/v1alpha1"]
    kind: Literal["ScaledObject"]
    metadata: Metadata
    spec: Scale


class PeerLabels(_Strict):
    matchLabels: Labels


class Peer(_Strict):
    podSelector: PeerLabels | None = None
    namespaceSelector: PeerLabels | None = None


class Listener(_Strict):
    name: str
    port: Whole
    type: Literal["internal"]
    tls: bool
    networkPolicyPeers: list[Peer]


class Brokers(_Strict):
    listeners: list[Listener]
    config: dict[str, Any]


class KafkaSpec(_Strict):
    kafka: Brokers


class Kafka(_Strict):
    apiVersion: Literal["kafka.strimzi.io/v1"]
    kind: Literal["Kafka"]
    metadata: Metadata
    spec: KafkaSpec


class Volume(_Strict):
    id: int
    type: Literal["persistent-claim"]
    size: str
    kraftMetadata: Literal["shared"]
    deleteClaim: Literal[False]


class Storage(_Strict):
    type: Literal["jbod"]
    volumes: list[Volume]


class PodTemplate(_Strict):
    metadata: Template


class PoolTemplate(_Strict):
    pod: PodTemplate


class PoolSpec(_Strict):
    replicas: Whole
    roles: list[Literal["controller", "broker"]]
    storage: Storage
    resources: Resources
    template: PoolTemplate


class KafkaNodePool(_Strict):
    apiVersion: Literal["kafka.strimzi.io/v1"]
    kind: Literal["KafkaNodePool"]
    metadata: Metadata
    spec: PoolSpec


class Initial(_Strict):
    database: str
    owner: str


class Bootstrap(_Strict):
    initdb: Initial


class Synchronous(_Strict):
    method: Literal["any", "first"]
    number: Whole


class PostgresSpec(_Strict):
    parameters: dict[str, str]
    synchronous: Synchronous


class Size(_Strict):
    size: str


class BackupTarget(_Strict):
    barmanObjectName: str


class Plugin(_Strict):
    name: Literal["barman-cloud.cloudnative-pg.io"]
    isWALArchiver: Literal[True]
    parameters: BackupTarget


class ClusterSpec(_Strict):
    instances: Whole
    imageName: str
    inheritedMetadata: Template
    bootstrap: Bootstrap
    postgresql: PostgresSpec
    storage: Size
    walStorage: Size
    resources: Resources
    plugins: list[Plugin]


class Cluster(_Strict):
    apiVersion: Literal["postgresql.cnpg.io/v1"]
    kind: Literal["Cluster"]
    metadata: Metadata
    spec: ClusterSpec


class DatabaseSpec(_Strict):
    name: str
    owner: str
    cluster: Name


class Database(_Strict):
    apiVersion: Literal["postgresql.cnpg.io/v1"]
    kind: Literal["Database"]
    metadata: Metadata
    spec: DatabaseSpec


class PluginName(_Strict):
    name: Literal["barman-cloud.cloudnative-pg.io"]


class BackupSpec(_Strict):
    schedule: Annotated[str, Field(pattern=r"^\S+( \S+){5}$")]  # six fields: seconds first
    cluster: Name
    method: Literal["plugin"]
    pluginConfiguration: PluginName
    backupOwnerReference: Literal["self", "cluster", "none"]


class ScheduledBackup(_Strict):
    apiVersion: Literal["postgresql.cnpg.io/v1"]
    kind: Literal["ScheduledBackup"]
    metadata: Metadata
    spec: BackupSpec


class SecretKey(_Strict):
    name: str
    key: str


class Credentials(_Strict):
    accessKeyId: SecretKey
    secretAccessKey: SecretKey


class Wal(_Strict):
    compression: Literal["gzip", "zstd"]


class StoreConfiguration(_Strict):
    destinationPath: Annotated[str, Field(pattern="^s3://")]
    s3Credentials: Credentials
    wal: Wal


class StoreSpec(_Strict):
    retentionPolicy: Annotated[str, Field(pattern=r"^\d+[dwm]$")]
    configuration: StoreConfiguration


class ObjectStore(_Strict):
    apiVersion: Literal["barmancloud.cnpg.io/v1"]
    kind: Literal["ObjectStore"]
    metadata: Metadata
    spec: StoreSpec


CUSTOM: dict[str, type[_Strict]] = {
    shape.__name__: shape
    for shape in (
        ScaledObject, Kafka, KafkaNodePool, Cluster, Database, ScheduledBackup, ObjectStore,
    )
}  # fmt: skip
