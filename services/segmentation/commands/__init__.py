"""Writes of segmentation, by noun."""
