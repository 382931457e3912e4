"""The Mackey-Glass delay equation."""
