"""What a response or a trial weighs: quality, age, and at most three of one organisation."""
