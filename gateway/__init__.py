"""Owns merchants, API keys, webhook endpoints. Hears every public event, says merchants.

The only door: who calls, how often, to which service.
"""
