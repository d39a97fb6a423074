"""The `hansa` command."""
