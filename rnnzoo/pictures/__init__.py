"""Every plot."""
