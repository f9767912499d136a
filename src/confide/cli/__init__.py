"""The command line: parse, one call, show. No decision about privacy is made here."""
