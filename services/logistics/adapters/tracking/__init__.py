"""Carriers' webhook formats, one file each; the table of those we read."""

from services.logistics.adapters.tracking import easypost, hansa
from services.logistics.adapters.tracking.seam import Adapter

ADAPTERS: dict[str, Adapter] = {"easypost": easypost, "hansa": hansa}
