"""Where a webhook may go: https to public addresses, nothing of our own network."""

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PORTS = (443, 8443)
# IANA special-purpose registries: written out, since what Python calls global changes between
# its releases.
_NOT_PUBLIC_4 = tuple(
    IPv4Network(each)
    for each in """0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12
    192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24
    203.0.113.0/24 224.0.0.0/4 240.0.0.0/4""".split()
)
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "3fff::/20")
)  # 2001::/23 holds Teredo
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """An IPv6 form of an IPv4 address (mapped, 6to4, NAT64) is judged by what it means."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    meant = _meant_by(address)
    if meant is not None:
        return is_public(meant)
    return address in _PUBLIC_6 and not any(address in network for network in _NOT_PUBLIC_6)


def _meant_by(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def networks(words: Sequence[str]) -> tuple[Network, ...]:
    """Raises ValueError for a word that is no network."""
    return tuple(ip_network(word) for word in words)


def is_private_by_leave(address: Address, allowed: Sequence[Network]) -> bool:
    """In a network that development and tests may reach."""
    return any(address in network for network in allowed)


def refusal_of(url: str, allowed: Sequence[Network]) -> str:
    """Why this URL is no place for a webhook; empty where it may be one.

    Names are not resolved here: that is done, and judged, at every attempt. Where private
    networks are allowed, so are http and other ports, as `address_refusal` says.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return f"this is no URL: {error}"
    if parts.username is not None or parts.password is not None:
        return "a webhook's URL carries no credentials"
    if not parts.hostname or "%" in parts.netloc:
        return "write the host's name, such as https://shop.example/hooks"
    if allowed and parts.scheme in ("http", "https"):
        return ""
    if parts.scheme != "https" or (port or 443) not in PORTS:
        return "webhooks go to https on port 443 or 8443"
    return _literal_refusal(parts.hostname)


def _literal_refusal(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return ""
    return "" if is_public(address) else "this address is not public"


def address_refusal(
    scheme: str, port: int, addresses: Sequence[Address], allowed: Sequence[Network]
) -> str:
    """Why these addresses, all that a name has, may not be called; empty where they may."""
    if not addresses:
        return "the name has no address"
    if all(is_private_by_leave(address, allowed) for address in addresses):
        return ""
    if not all(is_public(address) for address in addresses):
        return "not every address of the name is public"
    if scheme != "https" or port not in PORTS:
        return "webhooks go to https on port 443 or 8443"
    return ""
