"""The smallest service: it keeps numbers, and says so."""
