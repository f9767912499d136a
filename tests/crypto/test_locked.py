"""A private key under a passphrase: a guess is dear, and the file is what RFC 8018 and RFC 7914 describe."""

import hashlib
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)

from confide.crypto.locked import locked

PASSPHRASE = b"several words apart"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def der_of(private):
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def openssl(*arguments, given):
    ran = subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True)
    return ran.stdout


def test_the_key_opens_again_in_pyca_and_in_openssl():
    """A short key and a long one: their lengths take one, two and three bytes to write."""
    for private in (KEY, generate_private_key(65537, 2048)):
        pem = locked(der_of(private), PASSPHRASE)
        assert der_of(load_pem_private_key(pem, PASSPHRASE)) == der_of(private)
        told = openssl("pkey", "-passin", f"pass:{PASSPHRASE.decode()}", "-outform", "DER", given=pem)
        assert der_of(load_der_private_key(told, None)) == der_of(private)
        assert max(map(len, pem.splitlines())) == 64


def parts_of(pem):
    """Salt, N, r, p, initial block and ciphertext, as the openssl program finds them."""
    parsed = openssl("asn1parse", given=pem).decode()
    assert [name for name in ("PBES2", "scrypt", "aes-256-cbc") if name not in parsed] == []
    values = [line.split(":")[-1] for line in parsed.splitlines() if "INTEGER" in line or "HEX DUMP" in line]
    salt, start, sealed = (bytes.fromhex(values[n]) for n in (0, 4, 5))
    return salt, *(int(value, 16) for value in values[1:4]), start, sealed


def test_a_guess_costs_sixteen_mebibytes_five_times_over():
    """The numbers stand in the file; scrypt and AES of others, under them, give the key."""
    salt, n, r, p, start, sealed = parts_of(locked(der_of(KEY), PASSPHRASE))
    assert (n, r, p, len(salt), len(start)) == (16384, 8, 5, 16, 16)
    key = hashlib.scrypt(PASSPHRASE, salt=salt, n=n, r=r, p=p, dklen=32)
    opened = openssl("enc", "-d", "-aes-256-cbc", "-K", key.hex(), "-iv", start.hex(), given=sealed)
    assert opened == der_of(KEY)


def test_two_files_of_one_key_share_neither_salt_nor_beginning_nor_ciphertext():
    one, other = (parts_of(locked(der_of(KEY), PASSPHRASE)) for _ in range(2))
    assert [a == b for a, b in zip(one, other, strict=True)] == [False, True, True, True, False, False]


def test_another_passphrase_does_not_open():
    with pytest.raises(ValueError):  # noqa: PT011, pyca's words are its own
        load_pem_private_key(locked(der_of(KEY), PASSPHRASE), PASSPHRASE + b"!")
