"""Owns order facts, segment models, memberships and offers.

Hears orders and shipments; says which offers there are, and signs whom they are for.
"""
