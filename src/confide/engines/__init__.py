"""Engines: one group-by of exact integers, whatever runs it."""
