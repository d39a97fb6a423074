"""Which service owns which resource: the first segment after /v1."""

SERVICES = ("catalog", "orders", "logistics", "servqual", "segmentation")

_RESOURCES = {
    "gateway": "merchants api-keys session webhook-endpoints webhook-deliveries "
    "buyers consents notifications",
    "catalog": "products markets listings product-imports listing-imports market-imports",
    "orders": "orders order-imports payments payment-webhooks payment-connections "
    "refunds returns claims",
    "logistics": "landed-cost-quotes tariffs tariff-imports rate-cards rate-card-imports "
    "shipping-rates shipment-imports shipments locations stock stock-imports inbounds trackers "
    "carrier-connections inbound-deliveries carrier-webhooks providers-with-cards "
    "shipping-policies",
    "servqual": "providers qualifications questionnaires surveys scorecards rankings",
    "segmentation": "segment-models segments memberships offers",
}
OWNERS = {
    resource: service
    for service, resources in _RESOURCES.items()
    for resource in [*resources.split(), service]
}

# Here the sender proves itself by the URL's token and the body's signature, not by our key.
SELF_PROVING = frozenset({"carrier-webhooks", "payment-webhooks"})


def owner_of(path: str) -> tuple[str, str] | None:
    """The resource and its service; None where nobody owns the path."""
    parts = path.split("/", 3)
    if len(parts) < 3 or parts[1] != "v1" or parts[2] not in OWNERS:
        return None
    return parts[2], OWNERS[parts[2]]
