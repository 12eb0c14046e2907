"""Pelves with known answers, as values."""
