"""Rules of catalog: pure."""
