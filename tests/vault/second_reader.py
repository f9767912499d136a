"""A second reader of the sealed format, written from docs/sealed-format.md alone.

Imports pyca and the standard library, nothing of confide. `python second_reader.py FILE` reads the data key in
hexadecimal from standard input and writes the plain bytes to standard output.
"""

import hashlib
import sys
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = bytes.fromhex("89434E460D0A1A0A")
FULL = 1048576


def hkdf(key: bytes, salt: bytes, info: bytes, length: int = 32, digest: type = hashes.SHA256) -> bytes:
    return HKDF(algorithm=digest(), length=length, salt=salt or None, info=info).derive(key)


def opened(suite: int, key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    if suite == 1:
        return AESGCM(key).decrypt(nonce, sealed, None)
    decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, sealed[-16:])).decryptor()
    return decryptor.update(sealed[:-16]) + decryptor.finalize()


def bind(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def file_id(sealed: bytes) -> bytes:
    return sealed[10:26]


def read(sealed: bytes, data_key: bytes) -> bytes:
    """Return the plain bytes; ValueError or InvalidTag if anything is not as the format says."""
    header, stream = sealed[:64], sealed[64:]
    if header[:8] != MAGIC:
        raise ValueError("not a sealed file")
    if len(header) < 64 or hashlib.sha256(header[:58]).digest()[:6] != header[58:]:
        raise ValueError("damaged header")
    if header[8] != 1 or header[9] not in (1, 2):
        raise ValueError("a later format")
    suite, digest = header[9], (hashes.SHA256, hashes.SM3)[header[9] - 1]
    info = bind(b"confide sealed file: key commitment", header[:26])
    if hkdf(data_key, b"", info, 32, digest) != header[26:58]:
        raise ValueError("not the key of this file")
    if len(stream) < 56 or stream[0] != 40:
        raise ValueError("damaged stream")
    salt, prefix = stream[1:33], stream[33:40]
    derived = hkdf(data_key, salt, header, (32, 16)[suite - 1], digest)
    ends = [*range(FULL, len(stream), FULL), len(stream)]
    starts = [40, *ends[:-1]]
    plain = []
    for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
        nonce = prefix + index.to_bytes(4, "big") + bytes([end == len(stream)])
        plain.append(opened(suite, derived, nonce, stream[start:end]))
    return b"".join(plain)


if __name__ == "__main__":
    key = bytes.fromhex(sys.stdin.readline().strip())
    sys.stdout.buffer.write(read(Path(sys.argv[1]).read_bytes(), key))
