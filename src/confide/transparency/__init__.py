"""One public log seen by others: checkpoints that witnesses cosign, and proofs against them."""
