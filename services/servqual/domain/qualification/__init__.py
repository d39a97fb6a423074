"""Who may carry: documents and checks, gates over them, one table of the ways of a provider."""
