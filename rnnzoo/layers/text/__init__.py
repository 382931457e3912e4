"""What words and their tags need."""
