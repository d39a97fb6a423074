"""Owns orders and their money. Hears listings, quote keys, stock, shipments.

Says what was placed, confirmed, paid, cancelled, refunded.
"""
