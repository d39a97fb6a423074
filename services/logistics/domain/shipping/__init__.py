"""Rate cards, parcels, offers with their prices and promises, the choice among them, labels."""
