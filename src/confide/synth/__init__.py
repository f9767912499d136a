"""Synthetic tables under differential privacy, bounded per patient."""
