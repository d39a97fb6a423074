"""What this gateway reaches outside, from its settings."""

from urllib.parse import urlsplit

from chassis.settings import Settings
from gateway.domain.addresses import Network, networks


def allowed_networks(settings: Settings) -> tuple[Network, ...]:
    """Private networks that webhooks of development and tests may reach; none in production."""
    return networks(settings.webhook_networks)


def mail_server(settings: Settings) -> str:
    """`smtp://...` or `smtps://...`; empty where no mail is sent."""
    return settings.smtp_url


def mail_sender(settings: Settings) -> str:
    """Whom our mail comes from."""
    host = urlsplit(settings.public_url).hostname or "localhost"
    return settings.mail_from or f"no-reply@{host}"
