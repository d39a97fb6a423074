"""Owns tariffs, stock, shipments and where they are. Hears catalog, orders,
servqual and segmentation.

Says what was quoted with which key, reserved, booked, moved, delivered.
"""
