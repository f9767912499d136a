"""The Merkle tree of RFC 6962: roots, proofs that a leaf is in it, proofs that it only grew.

Nothing here keeps a tree. Whoever keeps one stores the hashes of its perfect subtrees, which never change once
they exist, and hands them in as a function. No file, no clock. What is signed about a root: `confide.crypto.note`.
"""

import hashlib
from collections.abc import Callable, Sequence

from confide.errors import IntegrityError

HASH = 32
LARGEST = 2**63 - 1  # leaves; a proof has at most 63 hashes

NodeAt = Callable[
    [int, int], bytes
]  # (level, index) of a perfect subtree of 2**level leaves; level 0: leaves
Node = tuple[int, int, bytes]  # level, index, hash


def leaf_hash(data: bytes) -> bytes:
    """Return the hash that stands for `data` in the tree; no inner node can have it (RFC 6962, 2.1).

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the inner node over two subtrees (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def appended(size: int, leaf: bytes, node_at: NodeAt) -> list[Node]:
    """Return the perfect subtrees that a tree of `size` leaves gains with one more, the leaf first.

    Guarantee: each is new, so that a store that refuses to overwrite never needs to. Over n leaves there are
    fewer than 2n in all.

    Args:
        size: leaves so far.
        leaf: the new leaf's `leaf_hash`.
        node_at: is asked only for subtrees that earlier calls have returned.

    >>> tree = {}
    >>> for size, data in enumerate((b"a", b"b")):
    ...     new = appended(size, leaf_hash(data), lambda level, index: tree[level, index])
    ...     tree |= {(level, index): digest for level, index, digest in new}
    >>> list(tree)
    [(0, 0), (0, 1), (1, 0)]
    """
    level, index, digest = 0, size, leaf
    new = [(level, index, digest)]
    while index % 2:
        digest = node_hash(node_at(level, index - 1), digest)
        level, index = level + 1, index // 2
        new.append((level, index, digest))
    return new


def perfect_subtrees(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return the hashes of all perfect subtrees over `leaves`, level by level; the leaves' own hashes first.

    What `appended` returns one leaf at a time, for many at once.

    >>> [len(level) for level in perfect_subtrees([leaf_hash(b"a")] * 7)]
    [7, 3, 1]
    """
    levels = [list(leaves)]
    while len(below := levels[-1]) > 1:
        levels.append([node_hash(left, right) for left, right in zip(below[::2], below[1::2], strict=False)])
    return levels


def root(size: int, node_at: NodeAt) -> bytes:
    """Return the hash of the tree's first `size` leaves; without leaves, SHA-256 of nothing (RFC 6962, 2.1).

    >>> root(0, lambda level, index: b"").hex()[:16]
    'e3b0c44298fc1c14'
    """
    return _subtree(0, size, node_at) if size else hashlib.sha256().digest()


def inclusion(index: int, size: int, node_at: NodeAt) -> list[bytes]:
    """Prove that the leaf at `index` is in the tree of the first `size` leaves (RFC 6962, 2.1.1).

    Raises:
        ValueError: there is no such leaf in a tree of this size.
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    start, end, proof = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_subtree(middle, end, node_at))
            end = middle
        else:
            proof.append(_subtree(start, middle, node_at))
            start = middle
    return proof[::-1]


def consistency(old: int, new: int, node_at: NodeAt) -> list[bytes]:
    """Prove that the tree of `new` leaves begins with the tree of `old` leaves (RFC 6962, 2.1.2).

    Returns:
        The proof; empty where `old` is 0 or equal to `new`.

    Raises:
        ValueError: `old` is below 0 or above `new`.
    """
    if not 0 <= old <= new:
        raise ValueError("the older tree is the smaller one")
    if old == 0:
        return []
    start, end, proof = 0, new, []
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_subtree(middle, end, node_at))
            end = middle
        else:
            proof.append(_subtree(start, middle, node_at))
            start = middle
    if start:  # the old tree itself, when it is on the way, is what the verifier holds already
        proof.append(_subtree(start, end, node_at))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf with hash `leaf` stands at `index` among the `size` leaves under `root`.

    Guarantee: for one root and size, one leaf hash per index can pass, unless SHA-256 is broken.

    Raises:
        IntegrityError: it does not, or `proof` is no proof.

    Source: RFC 9162, 2.1.3.2.
    """
    if not 0 <= index < size <= LARGEST or not _hashes(leaf, root, *proof):
        raise IntegrityError("crypto.inclusion", index=index, size=size)
    at, last, digest = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise IntegrityError("crypto.inclusion", index=index, size=size)
        if at % 2 or at == last:
            digest = node_hash(sibling, digest)
            while at and not at % 2:
                at, last = at // 2, last // 2
        else:
            digest = node_hash(digest, sibling)
        at, last = at // 2, last // 2
    if last or digest != root:
        raise IntegrityError("crypto.inclusion", index=index, size=size)


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `new` leaves under `new_root` begins with the tree of `old` leaves under `old_root`.

    Guarantee: when it passes, the first `old` leaves of both trees are the same, unless SHA-256 is broken.

    Raises:
        IntegrityError: they are not, or `proof` is no proof.

    Source: RFC 9162, 2.1.4.2; `old` 0 and `old` equal to `new` want an empty proof, as C2SP tlog-witness has it.
    """
    refusal = IntegrityError("crypto.consistency", old=old, new=new)
    if not 0 <= old <= new <= LARGEST or not _hashes(old_root, new_root, *proof):
        raise refusal
    if old in (0, new):
        roots_differ = old == new and old_root != new_root
        if proof or roots_differ or (old == 0 and old_root != hashlib.sha256().digest()):
            raise refusal
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    at, last = old - 1, new - 1
    while at % 2:
        at, last = at // 2, last // 2
    if not path:
        raise refusal
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise refusal
        if at % 2 or at == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while at and not at % 2:
                at, last = at // 2, last // 2
        else:
            after = node_hash(after, sibling)
        at, last = at // 2, last // 2
    if last or before != old_root or after != new_root:
        raise refusal


def _split(width: int) -> int:
    """Return the largest power of two below `width`, which is at least 2."""
    return 1 << ((width - 1).bit_length() - 1)


def _subtree(start: int, end: int, node_at: NodeAt) -> bytes:
    """Return the hash over the leaves from `start` to `end`, as RFC 6962 splits them."""
    width = end - start
    if not width & (width - 1):
        level = width.bit_length() - 1
        return node_at(level, start >> level)
    middle = start + _split(width)
    return node_hash(_subtree(start, middle, node_at), _subtree(middle, end, node_at))


def _hashes(*candidates: bytes) -> bool:
    return all(len(candidate) == HASH for candidate in candidates)
