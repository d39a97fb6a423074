"""What this gateway may reach beyond the usual, from its settings."""

from chassis.settings import Settings
from gateway.domain.addresses import Network, networks


def allowed_networks(settings: Settings) -> tuple[Network, ...]:
    """Private networks that webhooks of development and tests may reach; none in production."""
    return networks(getattr(settings, "webhook_networks", ()))
