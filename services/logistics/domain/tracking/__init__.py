"""Tracking without IO: from a body to items, from items to scans, from all scans to a state."""
