"""HTTP bodies of logistics, by noun."""
