"""Change over time, and what a set of rules calls it."""
