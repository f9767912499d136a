"""SM4-GCM is RFC 8998's, has AESGCM's shape, and refuses what was changed."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from confide.crypto.suites import AES, SM4, SM4GCM, cipher_for

KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")


def sealed(plain, nonce=bytes(12), associated=None, key=KEY):
    out = memoryview(bytearray(len(plain) + 16))
    assert SM4GCM(key).encrypt_into(nonce, plain, associated, out) == len(out)
    return bytes(out)


def opened(data, nonce=bytes(12), associated=None, key=KEY):
    out = memoryview(bytearray(len(data) - 16))
    assert SM4GCM(key).decrypt_into(nonce, data, associated, out) == len(out)
    return bytes(out)


def test_sm4_gcm_gives_the_vector_of_rfc_8998():
    plain = b"".join(bytes([16 * n + n]) * 8 for n in (10, 11, 12, 13, 14, 15, 14, 10))
    nonce, bound = (
        bytes.fromhex("00001234567800000000ABCD"),
        bytes.fromhex("FEEDFACEDEADBEEF" * 2 + "ABADDAD2"),
    )
    expected = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    assert sealed(plain, nonce, bound) == expected
    assert opened(expected, nonce, bound) == plain


@given(
    plain=st.binary(max_size=100),
    key=st.binary(min_size=16, max_size=16),
    nonce=st.binary(min_size=12, max_size=12),
)
def test_sm4_gcm_is_counter_mode_and_ghash_over_the_bare_cipher(plain, key, nonce):
    block = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()
    stream = b"".join(block.update(nonce + n.to_bytes(4, "big")) for n in range(1, 9))
    hidden = bytes(a ^ b for a, b in zip(plain, stream[16:], strict=False))
    hashed = ghash(block.update(bytes(16)), hidden)
    tag = bytes(a ^ b for a, b in zip(hashed, stream, strict=False))
    assert sealed(plain, nonce, key=key) == hidden + tag


def ghash(subkey, hidden):
    """GHASH of a ciphertext without associated data, bit by bit, as SP 800-38D writes it down."""
    factor, total = int.from_bytes(subkey, "big"), 0
    data = hidden + bytes(-len(hidden) % 16) + (8 * len(hidden)).to_bytes(16, "big")
    for start in range(0, len(data), 16):
        total ^= int.from_bytes(data[start : start + 16], "big")
        product, power = 0, factor
        for bit in range(127, -1, -1):
            product ^= power if total >> bit & 1 else 0
            power = power >> 1 ^ (0xE1 << 120 if power & 1 else 0)
        total = product
    return total.to_bytes(16, "big")


@given(plain=st.binary(max_size=60), bit=st.integers(0, 8 * 76 - 1))
def test_a_flipped_bit_another_nonce_or_other_associated_data_does_not_open(plain, bit):
    data = bytearray(sealed(plain, associated=b"a"))
    with pytest.raises(InvalidTag):
        opened(bytes(data), bytes(11) + b"1", b"a")
    with pytest.raises(InvalidTag):
        opened(bytes(data), associated=b"b")
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    with pytest.raises(InvalidTag):
        opened(bytes(data), associated=b"a")


@pytest.mark.parametrize("suite", [AES, SM4])
def test_a_key_of_another_length_is_refused_in_both_suites(suite):
    with pytest.raises(ValueError, match=r"^the key of a stream has 32 bytes$"):
        cipher_for(suite, bytes(16), bytes(32), b"")


def test_the_repr_of_a_cipher_shows_no_key():
    assert KEY.hex() not in repr(SM4GCM(KEY))


def test_the_suites_are_named_as_the_docs_name_them():
    page = (Path(__file__).parents[2] / "docs" / "sealed-format.md").read_text(encoding="utf-8")
    for number, suite in ((1, AES), (2, SM4)):
        assert f"| {number} | {suite.name} |" in page


def test_a_suite_is_a_value_that_nobody_changes():
    with pytest.raises(FrozenInstanceError):
        AES.key_size = 16
