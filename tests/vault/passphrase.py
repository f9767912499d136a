"""The passphrase of the vaults that tests make."""

PASSPHRASE = "eleven green bicycles"
