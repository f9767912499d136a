"""The Merkle tree against RFC 6962 written down a second time, and against the roots that everybody knows."""

import hashlib

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from confide.crypto import merkle
from confide.crypto.merkle import LARGEST, leaf_hash, verify_consistency, verify_inclusion
from confide.errors import IntegrityError

# The test tree of certificate-transparency, which other implementations carry too.
KNOWN_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
KNOWN_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
KNOWN_CONSISTENCY = {
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
MOST = 70  # leaves in a test: beyond two powers of two

sizes = st.integers(0, MOST)


class Kept:
    """The nodes of a tree, never overwritten, as a store keeps them."""

    def __init__(self, leaves):
        self.nodes = {}
        for size, data in enumerate(leaves):
            for level, index, digest in merkle.appended(size, leaf_hash(data), self.at):
                assert (level, index) not in self.nodes
                self.nodes[level, index] = digest

    def at(self, level, index):
        return self.nodes[level, index]


# RFC 6962, 2.1, word by word


def mth(leaves):
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def path(m, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m, leaves, whole):
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


LEAVES = [b"%d" % number for number in range(MOST)]
TREE = Kept(LEAVES)
OTHER = [*LEAVES[:5], b"another", *LEAVES[6:]]
OTHER_TREE = Kept(OTHER)


@given(size=sizes)
def test_the_root_is_what_rfc_6962_says(size):
    assert merkle.root(size, TREE.at) == mth(LEAVES[:size])


@given(size=st.integers(1, MOST), data=st.data())
def test_an_inclusion_proof_is_what_rfc_6962_says_and_verifies(size, data):
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion(index, size, TREE.at)
    assert proof == path(index, LEAVES[:size])
    verify_inclusion(leaf_hash(LEAVES[index]), index, size, proof, merkle.root(size, TREE.at))


@given(new=sizes, data=st.data())
def test_a_consistency_proof_is_what_rfc_6962_says_and_verifies(new, data):
    old = data.draw(st.integers(0, new))
    proof = merkle.consistency(old, new, TREE.at)
    assert proof == (subproof(old, LEAVES[:new], True) if old else [])
    verify_consistency(old, merkle.root(old, TREE.at), new, merkle.root(new, TREE.at), proof)


def test_every_pair_of_sizes_up_to_forty_verifies_and_a_rewritten_beginning_never_does():
    roots, others = ([merkle.root(size, tree.at) for size in range(41)] for tree in (TREE, OTHER_TREE))
    for new in range(41):
        for old in range(new + 1):
            proof = merkle.consistency(old, new, TREE.at)
            verify_consistency(old, roots[old], new, roots[new], proof)
            if old > 5:  # the sixth leaf was rewritten below the old size
                for attempt in (proof, merkle.consistency(old, new, OTHER_TREE.at)):
                    with pytest.raises(IntegrityError, match="does not begin"):
                        verify_consistency(old, roots[old], new, others[new], attempt)


@given(size=st.integers(1, MOST), data=st.data())
def test_a_changed_inclusion_proof_is_refused(size, data):
    index = data.draw(st.integers(0, size - 1))
    proof, root = merkle.inclusion(index, size, TREE.at), merkle.root(size, TREE.at)
    leaf = leaf_hash(LEAVES[index])
    changed = data.draw(changes_of([leaf, *proof, root]))
    with pytest.raises(IntegrityError) as refused:
        verify_inclusion(changed[0], index, size, changed[1:-1], changed[-1])
    assert refused.value.code == "crypto.inclusion"
    assert refused.value.public == {"index": index, "size": size}


@given(new=st.integers(1, MOST), data=st.data())
def test_a_changed_consistency_proof_is_refused(new, data):
    old = data.draw(st.integers(1, new))
    roots = [merkle.root(old, TREE.at), merkle.root(new, TREE.at)]
    changed = data.draw(changes_of([roots[0], *merkle.consistency(old, new, TREE.at), roots[1]]))
    with pytest.raises(IntegrityError) as refused:
        verify_consistency(old, changed[0], new, changed[-1], changed[1:-1])
    assert refused.value.public == {"old": old, "new": new}


@st.composite
def changes_of(draw, hashes):
    """One hash altered, cut, lengthened, taken out, doubled, or two exchanged."""
    hashes, at = list(hashes), draw(st.integers(0, len(hashes) - 1))
    kind = draw(st.sampled_from(["bit", "cut", "longer", "out", "twice", "swap", "more"]))
    if kind == "bit":
        bit = draw(st.integers(0, 255))
        hashes[at] = (int.from_bytes(hashes[at], "big") ^ 1 << bit).to_bytes(32, "big")
    elif kind == "cut":
        hashes[at] = hashes[at][:-1]
    elif kind == "longer":
        hashes[at] += b"\0"
    elif kind == "out":
        assume(0 < at < len(hashes) - 1)
        del hashes[at]
    elif kind == "twice":
        assume(0 < at < len(hashes) - 1)
        hashes.insert(at, hashes[at])
    elif kind == "more":
        hashes.insert(-1, draw(st.sampled_from([hashes[at], bytes(32)])))
    else:
        other = draw(st.integers(0, len(hashes) - 1))
        assume(hashes[at] != hashes[other])
        hashes[at], hashes[other] = hashes[other], hashes[at]
    return hashes


@given(size=st.integers(1, MOST), data=st.data())
def test_a_proof_holds_for_one_place_and_one_size_only(size, data):
    index = data.draw(st.integers(0, size - 1))
    place, wrong = data.draw(st.integers(-1, MOST)), data.draw(st.integers(-1, MOST))
    assume((place, wrong) != (index, size))
    proof, root = merkle.inclusion(index, size, TREE.at), merkle.root(size, TREE.at)
    assume(
        not same_shape(index, size, place, wrong)
    )  # the size is bound by the signature over it, not by the path
    with pytest.raises(IntegrityError):
        verify_inclusion(leaf_hash(LEAVES[index]), place, wrong, proof, root)


def same_shape(index, size, place, wrong):
    """Whether the path takes the same turns in a tree of the other size: RFC 6962 cannot tell them apart."""
    return turns(index, size) == turns(place, wrong)


def turns(index, size):
    if not 0 <= index < size or size == 1:
        return [] if 0 <= index < size else None
    k = split(size)
    return ["left", *turns(index, k)] if index < k else ["right", *turns(index - k, size - k)]


@pytest.mark.parametrize("size", range(9))
def test_the_known_test_tree_has_its_known_roots(size):
    tree = Kept(KNOWN_LEAVES)
    assert merkle.root(size, tree.at).hex() == KNOWN_ROOTS[size]


@pytest.mark.parametrize("pair", KNOWN_CONSISTENCY)
def test_the_known_test_tree_has_its_known_consistency_proofs(pair):
    tree, (old, new) = Kept(KNOWN_LEAVES), pair
    assert [digest.hex() for digest in merkle.consistency(old, new, tree.at)] == KNOWN_CONSISTENCY[pair]


def test_a_proof_longer_than_the_tree_is_refused():
    leaf = leaf_hash(b"a")
    verify_inclusion(leaf, 0, 1, [], leaf)
    with pytest.raises(IntegrityError):
        verify_inclusion(leaf, 0, 1, [bytes(32)], merkle.node_hash(leaf, bytes(32)))
    with pytest.raises(IntegrityError):
        verify_inclusion(leaf, 0, 1, [bytes(32)], merkle.node_hash(bytes(32), leaf))


def test_a_consistency_proof_for_a_larger_tree_than_it_reaches_is_refused():
    proof = merkle.consistency(3, 4, TREE.at)
    roots = [merkle.root(size, TREE.at) for size in (3, 4)]
    verify_consistency(3, roots[0], 4, roots[1], proof)
    with pytest.raises(IntegrityError):
        verify_consistency(3, roots[0], 7, roots[1], proof)


@pytest.mark.parametrize("short", [b"", b"x", bytes(31), bytes(33)])
def test_what_is_no_hash_proves_nothing_even_where_both_sides_agree(short):
    with pytest.raises(IntegrityError):
        verify_inclusion(short, 0, 1, [], short)
    with pytest.raises(IntegrityError):
        verify_consistency(7, short, 7, short, [])


def test_an_inner_node_is_never_taken_for_a_leaf():
    pair = b"".join(TREE.at(0, index) for index in (0, 1))
    assert leaf_hash(pair) != TREE.at(1, 0)


def test_sizes_that_no_tree_has_are_refused():
    nothing, some = hashlib.sha256().digest(), bytes(32)
    verify_consistency(0, nothing, LARGEST, some, [])
    verify_consistency(LARGEST, some, LARGEST, some, [])
    for old, new in ((-1, 3), (4, 3), (0, LARGEST + 1), (-1, -1)):
        with pytest.raises(IntegrityError):
            verify_consistency(old, nothing, new, some, [])
    with pytest.raises(IntegrityError):
        verify_inclusion(some, LARGEST, LARGEST + 1, [], some)


def test_the_empty_tree_is_the_beginning_of_every_tree_and_has_one_root():
    nothing = hashlib.sha256().digest()
    verify_consistency(0, nothing, 7, merkle.root(7, TREE.at), [])
    verify_consistency(0, nothing, 0, nothing, [])
    for old_root, new, new_root, proof in (
        (bytes(32), 7, bytes(32), []),
        (nothing, 7, bytes(32), [bytes(32)]),
        (nothing, 0, bytes(32), []),
        (bytes(32), 0, bytes(32), []),
    ):
        with pytest.raises(IntegrityError):
            verify_consistency(0, old_root, new, new_root, proof)


def test_one_size_has_one_root():
    verify_consistency(7, bytes(32), 7, bytes(32), [])
    with pytest.raises(IntegrityError):
        verify_consistency(7, bytes(32), 7, b"\1" * 32, [])
    with pytest.raises(IntegrityError):
        verify_consistency(7, bytes(32), 7, bytes(32), [bytes(32)])


def test_a_missing_consistency_proof_is_refused():
    for old in (3, 4):
        with pytest.raises(IntegrityError):
            verify_consistency(old, merkle.root(old, TREE.at), 9, merkle.root(9, TREE.at), [])


def test_a_proof_of_nothing_in_the_tree_cannot_be_asked_for():
    for index, size in ((0, 0), (3, 3), (-1, 3)):
        with pytest.raises(ValueError, match=r"^no such leaf$"):
            merkle.inclusion(index, size, TREE.at)
    for old, new in ((4, 3), (-1, 3)):
        with pytest.raises(ValueError, match=r"^the older tree is the smaller one$"):
            merkle.consistency(old, new, TREE.at)


def test_a_store_of_many_leaves_is_asked_for_few_nodes():
    asked = []

    def at(level, index):
        asked.append((level, index))
        return bytes(32)

    million = 1_000_003
    merkle.root(million, at)
    merkle.inclusion(77, million, at)
    merkle.consistency(999, million, at)
    merkle.appended(million, bytes(32), at)
    assert len(asked) < 120
    assert all((index + 1) << level <= million for level, index in asked)


ALIKE = [leaf_hash(b"")]
for _ in range(62):
    ALIKE.append(merkle.node_hash(ALIKE[-1], ALIKE[-1]))


def endless(level, index):
    """The node of a tree that is larger than any memory: all its leaves are the same."""
    return ALIKE[level]


huge = st.one_of(
    st.integers(1, LARGEST), st.integers(0, 62).flatmap(lambda n: st.integers(max(1, 2**n - 3), 2**n + 3))
)


def test_the_largest_tree_that_the_format_knows_proves_its_last_leaf():
    proof = merkle.inclusion(LARGEST - 1, LARGEST, endless)
    verify_inclusion(endless(0, 0), LARGEST - 1, LARGEST, proof, merkle.root(LARGEST, endless))


@settings(deadline=None)
@given(size=huge, back=st.integers(0, LARGEST))
def test_a_tree_of_any_size_proves_each_of_its_leaves(size, back):
    """Beyond 2**53, too, where a number that was ever a float would have lost its last bits."""
    for index in {0, size - 1, max(0, size - 1 - back), max(0, size - 1 - back % 9), back % size}:
        proof = merkle.inclusion(index, size, endless)
        assert len(proof) <= 63
        verify_inclusion(endless(0, 0), index, size, proof, merkle.root(size, endless))


@settings(deadline=None)
@given(one=huge, other=huge)
def test_a_tree_of_any_size_proves_that_it_continues_a_smaller_one(one, other):
    old, new = sorted((one, other))
    for before in {old, new, max(1, new - 1), max(1, new - old % 9), 1}:
        proof = merkle.consistency(before, new, endless)
        verify_consistency(before, merkle.root(before, endless), new, merkle.root(new, endless), proof)


def test_a_consistency_proof_whose_hashes_are_cut_at_another_place_is_no_proof():
    """The bytes that are hashed are the same, one byte of a hash was moved to the one beside it."""
    roots = [merkle.root(size, TREE.at) for size in (7, 8)]
    proof = merkle.consistency(7, 8, TREE.at)
    verify_consistency(7, roots[0], 8, roots[1], proof)
    moved = [proof[0][:-1], proof[1] + proof[0][-1:], *proof[2:]], [proof[0] + b"!", proof[1], *proof[2:]]
    for wrong in (*moved, [proof[2][-1:] + proof[0], proof[1], proof[2][:-1], *proof[3:]]):
        with pytest.raises(IntegrityError):
            verify_consistency(7, roots[0], 8, roots[1], wrong)


def test_a_root_that_is_no_hash_is_refused_also_where_nothing_else_is_looked_at():
    empty = merkle.root(0, TREE.at)
    for old, old_root, new, new_root in ((3, b"x", 3, b"x"), (0, empty, 5, b"x"), (0, b"x", 0, b"x")):
        with pytest.raises(IntegrityError) as caught:
            verify_consistency(old, old_root, new, new_root, [])
        assert caught.value.code == "crypto.consistency"


@given(size=sizes)
def test_the_perfect_subtrees_of_many_leaves_are_those_that_appending_gives_one_by_one(size):
    levels = merkle.perfect_subtrees([leaf_hash(data) for data in LEAVES[:size]])
    found = {(level, index): digest for level, row in enumerate(levels) for index, digest in enumerate(row)}
    assert found == Kept(LEAVES[:size]).nodes
