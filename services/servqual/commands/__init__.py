"""Writes of servqual, by noun."""
