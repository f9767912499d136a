"""Models trained under differential privacy, clipped per patient."""
