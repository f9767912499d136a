"""Attacks on our own output, beside the bounds that they must respect."""
