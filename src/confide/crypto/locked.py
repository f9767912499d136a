"""Lock a private key with a passphrase: PKCS#8 in PEM, which `openssl pkey` and pyca read, with scrypt in front.

Pyca writes this form with 2048 rounds of PBKDF2, a millisecond for a guess; so the few bytes around the key are put
together here. Scrypt and AES are pyca's. Reading is pyca's too: `load_pem_private_key`.
"""

import base64
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7

N, R, P = 1 << 14, 8, 5  # 16 MiB, the most that the openssl program takes, five times over
_PBES2 = bytes.fromhex("06092a864886f70d01050d")  # object identifiers as they are encoded
_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_AES256_CBC = bytes.fromhex("060960864801650304012a")
_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30


def locked(private: bytes, passphrase: bytes) -> bytes:
    """Return the PEM of a private key, which only `passphrase` opens.

    Guarantee: a guess at the passphrase costs an attacker what it costs us: a fifth of a second and 16 MiB.

    Args:
        private: the key in PKCS#8, DER, not encrypted.
        passphrase: as `load_pem_private_key` will be given it.

    Source: RFC 8018, 6.2 (PBES2); RFC 7914, 7 (scrypt in it); N, r and p of OWASP's Password Storage Cheat Sheet.
    """
    salt, start = os.urandom(16), os.urandom(16)
    key = Scrypt(salt=salt, length=32, n=N, r=R, p=P).derive(passphrase)
    padder = PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    sealed = cipher.update(padder.update(private) + padder.finalize()) + cipher.finalize()
    numbers = [_der(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big")) for number in (N, R, P)]
    stretching = _der(_SEQUENCE, _SCRYPT, _der(_SEQUENCE, _der(_OCTETS, salt), *numbers))
    encryption = _der(_SEQUENCE, _AES256_CBC, _der(_OCTETS, start))
    algorithm = _der(_SEQUENCE, _PBES2, _der(_SEQUENCE, stretching, encryption))
    return _pem(_der(_SEQUENCE, algorithm, _der(_OCTETS, sealed)))


def _der(tag: int, *parts: bytes) -> bytes:
    """Encode one value (X.690, 8.1 and 10.1: the length in as few bytes as it takes)."""
    content = b"".join(parts)
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _pem(der: bytes) -> bytes:
    text = base64.b64encode(der)
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return b"\n".join(
        [b"-----BEGIN ENCRYPTED PRIVATE KEY-----", *lines, b"-----END ENCRYPTED PRIVATE KEY-----", b""]
    )
