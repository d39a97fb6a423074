"""Version 1. A version is immutable: another wording is another version."""

VERSION = "1"
DIMENSIONS = {
    "REL": ("REL1", "REL2", "REL3", "REL4", "REL5"),
    "RES": ("RES1", "RES2", "RES3", "RES4"),
    "ASS": ("ASS1", "ASS2", "ASS3", "ASS4"),
    "EMP": ("EMP1", "EMP2", "EMP3", "EMP4", "EMP5"),
    "TAN": ("TAN1", "TAN2", "TAN3", "TAN4"),
}
ITEMS = tuple(item for items in DIMENSIONS.values() for item in items)
LOWEST, HIGHEST = 1, 7
IMPORTANCE_TOTAL = 100
