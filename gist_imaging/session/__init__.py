"""What a reader does to an open case, as events: undone, redone, replayed, and kept by a journal."""
