"""Everything in one process, and the same parts in many on one machine."""
