"""What notebooks show: tables as HTML, and progress that is drawn in one place."""
