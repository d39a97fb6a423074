"""Owns products, markets and listings. Hears merchants; says each change as the whole state."""
