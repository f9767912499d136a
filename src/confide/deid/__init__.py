"""De-identification of Chinese and English clinical text and tables, by rules."""
