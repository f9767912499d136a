"""Two invented hospitals, one that writes Chinese and one that writes English, to try confide on."""
