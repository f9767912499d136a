"""confide: what patients confided, kept. The names of the first-steps guide are loaded on first use."""
