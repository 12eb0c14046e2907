"""Statistics of the two arms."""
