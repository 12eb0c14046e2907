"""What the left button does in a pane."""
