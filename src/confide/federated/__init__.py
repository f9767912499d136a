"""Hospitals learn together: sums that open only together, rounds that outlive a crash, one price for all."""
