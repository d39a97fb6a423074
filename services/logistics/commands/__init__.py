"""Writes of logistics, by noun."""
