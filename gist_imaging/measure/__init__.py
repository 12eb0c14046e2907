"""Numbers of one lesion on one day."""
