"""HTTP bodies of servqual, by noun."""
