"""RSA-OAEP with SHA-256 as RFC 8017 writes it down, never with fewer than 3072 bits."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.crypto import oaep
from confide.errors import IntegrityError, InvalidInput


@pytest.fixture(scope="module")
def private():
    return rsa.generate_private_key(65537, 3072)


@pytest.fixture(scope="module")
def short():
    return rsa.generate_private_key(65537, 2048)


def mgf1(seed, size):
    blocks = (hashlib.sha256(seed + n.to_bytes(4, "big")).digest() for n in range(-(-size // 32)))
    return b"".join(blocks)[:size]


def xor(one, other):
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def opened_by_hand(private, wrapped):
    """RFC 8017, section 7.1.2, over the numbers of the key: the second implementation."""
    numbers = private.private_numbers()
    modulus = numbers.public_numbers.n
    block = pow(int.from_bytes(wrapped, "big"), numbers.d, modulus).to_bytes(private.key_size // 8, "big")
    seed = xor(block[1:33], mgf1(block[33:], 32))
    data = xor(block[33:], mgf1(seed, len(block) - 33))
    digest, rest = data[:32], data[32:].lstrip(b"\0")
    assert (block[0], digest, rest[0]) == (0, hashlib.sha256(b"").digest(), 1)
    return rest[1:]


@settings(max_examples=10, deadline=None)
@given(key=st.binary(min_size=32, max_size=32))
def test_a_wrapped_key_is_oaep_as_the_standard_writes_it_down(private, key):
    wrapped = oaep.wrap(private.public_key(), key)
    assert len(wrapped) == 384
    assert opened_by_hand(private, wrapped) == key
    assert oaep.unwrap(private, wrapped) == key
    assert oaep.wrap(private.public_key(), key) != wrapped


@settings(max_examples=15, deadline=None)
@given(bit=st.integers(0, 8 * 384 - 1))
def test_a_changed_or_cut_package_does_not_open(private, bit):
    wrapped = bytearray(oaep.wrap(private.public_key(), bytes(32)))
    with pytest.raises(IntegrityError, match="package"):
        oaep.unwrap(private, bytes(wrapped[: bit // 8]))
    wrapped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(IntegrityError, match="package"):
        oaep.unwrap(private, bytes(wrapped))


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_only_keys_of_32_bytes_are_wrapped_and_unwrapped(private, size):
    with pytest.raises(ValueError, match=r"^a key that is wrapped has 32 bytes$"):
        oaep.wrap(private.public_key(), bytes(size))
    with pytest.raises(IntegrityError, match="package"):
        oaep.unwrap(private, private.public_key().encrypt(bytes(size), oaep.PADDING))


def test_a_package_with_the_old_padding_or_sha_1_does_not_open(private):
    for old in (padding.PKCS1v15(), padding.OAEP(padding.MGF1(oaep.SHA256()), oaep.SHA256(), b"label")):
        with pytest.raises(IntegrityError, match="package"):
            oaep.unwrap(private, private.public_key().encrypt(bytes(32), old))


def pem_of(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_a_public_key_is_read_from_pem(private):
    assert oaep.rsa_public_key_of(pem_of(private)) == private.public_key()


def test_a_key_of_fewer_than_3072_bits_is_refused_everywhere(short):
    for call in (
        lambda: oaep.wrap(short.public_key(), bytes(32)),
        lambda: oaep.unwrap(short, bytes(256)),
        lambda: oaep.rsa_public_key_of(pem_of(short)),
    ):
        with pytest.raises(InvalidInput) as told:
            call()
        assert str(told.value) == "the RSA key has 2048 bits; 3072 or more are wanted"


NOBODYS = b"-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n"  # of an algorithm numbered 1.2.3.4
NOBODYS %= base64.b64encode(bytes.fromhex("300b3005 06032a0304 03020000"))


@pytest.mark.parametrize("pem", [b"", b"no key", pem_of(ed25519.Ed25519PrivateKey.generate()), NOBODYS])
def test_what_is_no_rsa_key_is_refused(pem):
    with pytest.raises(InvalidInput, match="not an RSA public key"):
        oaep.rsa_public_key_of(pem)
