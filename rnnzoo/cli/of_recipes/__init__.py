"""The commands that begin with a recipe, one file each."""
