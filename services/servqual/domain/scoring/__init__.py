"""Scoring, model sq-1: perception and telemetry to five dimensions and one rating, as of a day."""
