"""Encrypted originals, and the keys that open them."""
