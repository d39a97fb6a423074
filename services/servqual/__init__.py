"""Owns providers, their qualification, surveys, ratings.

Hears merchants and shipments; says who may carry until when, and how well each does.
"""
