"""Recurrent layers whose state meets no matrix: each reads like its paper's equations, and one loop runs them all."""
