"""Every SELECT of logistics, by noun."""
