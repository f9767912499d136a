"""Re-identification risk of what would leave row by row."""
