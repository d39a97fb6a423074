"""Owns tariffs, stock, shipments and where they are. Hears catalog and orders.

Says what was quoted with which key, reserved, booked, moved, delivered.
"""
