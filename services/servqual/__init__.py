"""Owns providers, their qualification, surveys and ratings.

Hears shipments concluded and claims decided; says who may carry, and how well each does.
"""
