"""HTTP bodies of the gateway's own resources."""

from gateway.schemas.identity import (
    KeyOut,
    KeyShown,
    MerchantChange,
    MerchantOut,
    NewKey,
    NewMerchant,
    SessionOut,
)

__all__ = [
    "KeyOut",
    "KeyShown",
    "MerchantChange",
    "MerchantOut",
    "NewKey",
    "NewMerchant",
    "SessionOut",
]
