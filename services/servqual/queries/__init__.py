"""Every SELECT of servqual, by noun."""
