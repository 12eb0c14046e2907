"""The only rooms that open image files or sockets."""
