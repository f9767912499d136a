"""The institution's one account of exposure: charges, releases, and what is left."""
