"""Machinery without one business word: databases, the log, calls, jobs, HTTP, identity."""
