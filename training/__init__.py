"""Labelled examples for the tagger of `confide.deid`, and its training; not part of the wheel."""
