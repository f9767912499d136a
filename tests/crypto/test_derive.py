"""Keys of two labels are apart; the fingerprint is HMAC of GMAC, cut the input as you like."""

import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from confide.crypto.derive import Fingerprint, hkdf, keyed_digest

keys = st.binary(min_size=32, max_size=32)


def fingerprint(key, *pieces):
    mark = Fingerprint(key)
    for piece in pieces:
        mark.update(piece)
    return mark.hexdigest()


def ghash(subkey, data):
    """GHASH bit by bit, as SP 800-38D writes it down: the second implementation."""
    padded = data + bytes(-len(data) % 16) + (8 * len(data)).to_bytes(8, "big") + bytes(8)
    factor, total = int.from_bytes(subkey, "big"), 0
    for start in range(0, len(padded), 16):
        total ^= int.from_bytes(padded[start : start + 16], "big")
        product, power = 0, factor
        for bit in range(127, -1, -1):
            product ^= power if total >> bit & 1 else 0
            power = power >> 1 ^ (0xE1 << 120 if power & 1 else 0)
        total = product
    return total.to_bytes(16, "big")


@given(key=keys, pieces=st.lists(st.binary(max_size=50), max_size=5))
def test_where_the_pieces_are_cut_does_not_matter(key, pieces):
    assert fingerprint(key, *pieces) == fingerprint(key, b"".join(pieces))


@given(key=keys, data=st.binary(max_size=200))
def test_the_fingerprint_is_hmac_of_gmac_as_the_docs_say(key, data):
    outer, inner = (hkdf(key, b"confide fingerprint 1: " + end) for end in (b"outer", b"inner"))
    tag = AESGCM(inner).encrypt(bytes(12), b"", data)
    assert fingerprint(key, data) == hmac.digest(outer, tag, "sha256").hex()
    constant = AESGCM(inner).encrypt(bytes(12), b"", b"")  # at one nonce GMAC is GHASH plus a constant
    subkey = Cipher(algorithms.AES(inner), modes.ECB()).encryptor().update(bytes(16))
    assert bytes(a ^ b for a, b in zip(tag, constant, strict=True)) == ghash(subkey, data)


@given(one=st.binary(max_size=80), two=st.binary(max_size=80), key=keys)
def test_two_inputs_or_two_keys_have_two_fingerprints(one, two, key):
    assert (fingerprint(key, one) == fingerprint(key, two)) == (one == two)
    assert fingerprint(key, one) != fingerprint(bytes(31) + b"!", one) or key == bytes(31) + b"!"


def test_padding_with_zeros_gives_another_fingerprint():
    marks = {fingerprint(bytes(32), bytes(size)) for size in range(40)}
    assert len(marks) == 40


@given(key=keys, one=st.binary(max_size=20), two=st.binary(max_size=20))
def test_keys_of_two_labels_are_apart(key, one, two):
    assert (hkdf(key, one) == hkdf(key, two)) == (one == two)


def test_hkdf_gives_the_first_vector_of_rfc_5869():
    salt, info = bytes(range(13)), bytes(range(0xF0, 0xFA))
    derived = hkdf(b"\x0b" * 22, info, 42, salt=salt)
    assert (
        derived.hex()
        == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )


def test_the_keyed_digest_gives_the_second_vector_of_rfc_4231():
    digest = keyed_digest(b"Jefe", b"what do ya want for nothing?")
    assert digest.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_hkdf_without_a_salt_gives_the_third_vector_of_rfc_5869():
    assert hkdf(b"\x0b" * 22, b"", 42).hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )
