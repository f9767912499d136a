"""What tokens mean before training: a frozen table of a few numbers per feature, from public text or from nothing.

`from_texts` reads public text only: which tokens stand beside which, weighed and shortened to `DIMS` numbers. `from_nothing`
draws signs from a fixed public seed. Neither looks at a patient, so neither costs anything; the table goes into the
release, because nobody can use the model without it. Public text that holds patients' records would break the
guarantee, and nothing here can tell.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from confide.tasks.tokens import BUCKETS, FEATURES, Numbers, numbers_of, places_of

DIMS = 128
_SEED = 20240607  # public
_OFFSETS = (-2, -1, 1, 2)
_LEAST = 2  # a pair that was seen once says nothing

Table = NDArray[np.int8]  # shape (BUCKETS, DIMS); row 0 stands for no feature and is zero


def from_nothing() -> Table:
    """Return a table of signs: tokens are told apart, and nothing is known of what they mean."""
    digest = hashlib.shake_256(b"confide: a table from nothing").digest(BUCKETS * DIMS // 8)
    bits = np.unpackbits(np.frombuffer(digest, dtype=np.uint8)).reshape(BUCKETS, DIMS)
    table = (bits.astype(np.int8) * 2 - 1) * np.int8(11)  # rows of norm 124
    table[0] = 0
    return table


def from_texts(texts: Sequence[str]) -> Table:
    """Return the table that public texts teach: features that stand beside the same tokens get like numbers.

    Source: Levy, Goldberg 2014, "Neural Word Embedding as Implicit Matrix Factorization": positive pointwise mutual
    information, factorised. We hash rows and columns, and keep pairs seen twice.
    """
    import torch

    rows, columns, counts = _counted(texts)
    of_row, of_column = np.bincount(rows, counts, BUCKETS), np.bincount(columns, counts) ** 0.75
    weight = np.log(counts * of_column.sum() / (of_row[rows] * of_column[columns]))
    kept = weight > 0
    places = torch.from_numpy(np.stack([rows[kept], columns[kept]]))
    matrix = torch.sparse_coo_tensor(
        places,
        torch.from_numpy(weight[kept].astype(np.float32)),
        (BUCKETS, len(_OFFSETS) * BUCKETS),
        is_coalesced=True,
        check_invariants=False,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        left, strength, _ = torch.svd_lowrank(matrix, q=DIMS + 8, niter=2)
    found = (left * strength.sqrt())[:, :DIMS].numpy()
    norms = np.linalg.norm(found, axis=1, keepdims=True)
    table: Table = np.rint(found / np.maximum(norms, 1e-9) * 127).astype(np.int8)
    table[0] = 0
    return table


def _counted(texts: Sequence[str]) -> tuple[Numbers, Numbers, NDArray[np.float64]]:
    """Return (feature, token beside it and where, how often), sorted, for pairs seen at least twice."""
    found: list[Numbers] = []
    for text in texts:
        numbers = numbers_of(text, places_of(text))
        tokens = numbers[:, 0]
        for at, offset in enumerate(_OFFSETS):
            here = numbers[max(0, -offset) : len(tokens) - max(0, offset)]
            beside = tokens[max(0, offset) : len(tokens) + min(0, offset)] + at * BUCKETS
            for feature in range(FEATURES):
                if (feature, offset) not in ((1, -1), (2, 1)):  # a pair that holds the token beside it
                    seen = here[:, feature] > 0
                    found.append(here[seen, feature] * (len(_OFFSETS) * BUCKETS) + beside[seen])
    if not found:
        return (np.zeros(0, np.int64),) * 2 + (np.zeros(0),)
    keys, counts = np.unique(np.concatenate(found), return_counts=True)
    often = counts >= _LEAST
    rows, columns = np.divmod(keys[often], len(_OFFSETS) * BUCKETS)
    return rows, columns, counts[often].astype(np.float64)
