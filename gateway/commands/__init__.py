"""Writes of the gateway, by noun."""

from gateway.commands.identity import change_merchant, create_key, create_merchant, revoke_key

__all__ = ["change_merchant", "create_key", "create_merchant", "revoke_key"]
