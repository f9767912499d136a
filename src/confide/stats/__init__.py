"""Grouped statistics under differential privacy, bounded per patient."""
