"""Owns merchants and API keys. The only door: who calls, how often, to which service."""
