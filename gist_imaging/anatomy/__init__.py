"""Landmarks, levator ani, and the tumour's relation to it."""
