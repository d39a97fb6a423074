"""Tables of tariff."""
