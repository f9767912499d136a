"""Read what a hospital has, as it is: notes and tables, each row with its patient, file and row number."""
