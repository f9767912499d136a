"""Properties here read megabytes on shared machines: no deadline for a single example."""

from hypothesis import settings

settings.register_profile("records", deadline=None)
settings.load_profile("records")
