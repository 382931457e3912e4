"""A run as one file: packed, made smaller, opened from disk, the package, the web or a hub, and described."""
