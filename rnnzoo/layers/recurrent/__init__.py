"""The recurrent layers, and the ways they run."""
