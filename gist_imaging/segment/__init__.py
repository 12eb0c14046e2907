"""Volume and prompts to Mask."""
