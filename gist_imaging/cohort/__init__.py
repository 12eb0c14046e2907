"""The cohort format: tables as frames, no files."""
