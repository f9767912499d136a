"""The mathematics of noise: draw it, bound what a patient contributes, count what it costs."""
