"""A manifest of many cases, worked through by processes that may die."""
