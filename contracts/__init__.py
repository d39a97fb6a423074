"""The published language: what services say to each other, and the words in which they say it."""
