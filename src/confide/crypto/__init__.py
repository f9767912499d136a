"""Protocols over the primitives of pyca: streams, wrapped values, keyed digests. No files, no clock."""
