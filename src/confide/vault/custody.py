"""Who can open the vault: a passphrase, or the recovery key on paper; each wraps the same root key.

A record holds salt, parameters and the wrapped root key, and a check that tells an accident from a wrong
key. Knows no file but the one that holds a passphrase; records are kept by `confide.vault.store`.
"""

import base64
import hashlib
import json
import os
import stat
import unicodedata
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from argon2.low_level import Type, hash_secret_raw

from confide.crypto.aead import bind, decrypt, encrypt
from confide.crypto.derive import hkdf
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.vault.durable import reading

Kind = Literal["passphrase", "recovery"]

SHORTEST = 12
_LOOK_ALIKES = str.maketrans("OIL", "011")
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32; Python's is RFC 4648's
_CROCKFORD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _LETTERS)
_RFC4648 = str.maketrans(_LETTERS, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
_RECOVERY, _SUM, _GROUP = 20, 5, 5  # bytes of key, bytes of checksum, letters in a group


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one guess at the passphrase costs: Argon2id, RFC 9106, second recommended option."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4

    def __post_init__(self) -> None:
        """Refuse what Argon2 refuses, and what would stall the machine of who opens the vault."""
        sound = 1 <= self.lanes <= 64 and 1 <= self.passes <= 64
        if not (sound and 8 * self.lanes <= self.memory_kib <= 4 * 1024 * 1024):
            raise InvalidInput("vault.cost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One way to open the vault; all fields are public, the root key is in it encrypted."""

    kind: Kind
    salt: bytes
    cost: Cost | None  # None for the recovery key, which needs no stretching
    wrapped: bytes
    check: bytes


def wrap_with_passphrase(root: bytes, passphrase: str, vault_id: bytes, cost: Cost) -> Record:
    """Return a record that `passphrase` opens.

    Raises:
        InvalidInput: the passphrase is too short.
    """
    passphrase = sound_passphrase(passphrase)
    salt = os.urandom(16)
    return _record("passphrase", root, _stretched(passphrase, salt, cost), vault_id, salt, cost)


def wrap_with_recovery(root: bytes, vault_id: bytes) -> tuple[Record, str]:
    """Return a record, and the text of the fresh recovery key that opens it, which is stored nowhere."""
    key, salt = os.urandom(_RECOVERY), os.urandom(16)
    return _record("recovery", root, _recovery_kek(key, salt), vault_id, salt, None), recovery_text(key)


def open_with_passphrase(record: Record, passphrase: str, vault_id: bytes) -> bytes:
    """Return the root key.

    Raises:
        AccessDenied: another passphrase.
        IntegrityError: the record was damaged.
    """
    verify_record(record, vault_id)
    composed = unicodedata.normalize("NFC", passphrase)
    kek = _stretched(composed, record.salt, record.cost or Cost())
    return _unwrap(record, kek, vault_id, "vault.passphrase")


def open_with_recovery(record: Record, text: str, vault_id: bytes) -> bytes:
    """Return the root key.

    Raises:
        InvalidInput: the text has a typing mistake.
        AccessDenied: a recovery key, but of another vault or one that was replaced.
        IntegrityError: the record was damaged.
    """
    key = recovery_bytes(text)
    verify_record(record, vault_id)
    return _unwrap(record, _recovery_kek(key, record.salt), vault_id, "vault.recovery")


def sound_passphrase(passphrase: str) -> str:
    """Return the passphrase in Unicode's composed form, so that every keyboard writes the same bytes.

    Raises:
        InvalidInput: shorter than 12 characters.
    """
    passphrase = unicodedata.normalize("NFC", passphrase)
    if len(passphrase) < SHORTEST:
        raise InvalidInput("vault.passphrase-short", wanted=SHORTEST)
    return passphrase


def read_passphrase(path: Path) -> str:
    """Read a passphrase from a file: all of it, without one line end at its end.

    Raises:
        InvalidInput: no such file, open to other users of the machine, not UTF-8, or too short.
    """
    with reading(path) as file:
        if os.name == "posix" and os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise InvalidInput("vault.passphrase-open", file=path.name)
        data = file.read(64 * 1024)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput("vault.passphrase-encoding", file=path.name) from None
    return sound_passphrase(text.removesuffix("\n").removesuffix("\r"))


def recovery_text(key: bytes) -> str:
    """Write a recovery key for paper: 40 letters and digits in groups of five, the last eight a checksum.

    The alphabet is Crockford's base32, without I, L, O and U.

    >>> recovery_text(bytes(20))
    '00000-00000-00000-00000-00000-00000-0044J-GMZM6'
    """
    letters = base64.b32encode(key + _sum(key)).decode().translate(_CROCKFORD)
    return "-".join(letters[n : n + _GROUP] for n in range(0, len(letters), _GROUP))


def recovery_bytes(text: str) -> bytes:
    """Read what `recovery_text` wrote, also in small letters, with spaces, full-width, or O for 0.

    Raises:
        InvalidInput: the checksum does not fit: a typing mistake.
    """
    plain = unicodedata.normalize("NFKC", text).upper().translate(_LOOK_ALIKES)
    letters = "".join(letter for letter in plain if letter.isalnum())
    if len(letters) != (_RECOVERY + _SUM) * 8 // 5 or set(letters) - set(_LETTERS):
        raise InvalidInput("vault.recovery-typing")
    data = base64.b32decode(letters.translate(_RFC4648))
    if data[_RECOVERY:] != _sum(data[:_RECOVERY]):
        raise InvalidInput("vault.recovery-typing")
    return data[:_RECOVERY]


def verify_record(record: Record, vault_id: bytes) -> None:
    """Raise IntegrityError unless the record is as it was written, as far as that shows without a key."""
    if record.check != _check(record.kind, vault_id, record.salt, record.cost, record.wrapped):
        raise IntegrityError("vault.store-damaged")


def _record(
    kind: Kind,
    root: bytes,
    kek: bytes,
    vault_id: bytes,
    salt: bytes,
    cost: Cost | None,
) -> Record:
    wrapped = encrypt(kek, root, _belonging(kind, vault_id, salt, cost))
    check = _check(kind, vault_id, salt, cost, wrapped)
    return Record(kind=kind, salt=salt, cost=cost, wrapped=wrapped, check=check)


def _unwrap(record: Record, kek: bytes, vault_id: bytes, denied: str) -> bytes:
    try:
        return decrypt(kek, record.wrapped, _belonging(record.kind, vault_id, record.salt, record.cost))
    except IntegrityError:
        raise AccessDenied(denied) from None


def _belonging(kind: str, vault_id: bytes, salt: bytes, cost: Cost | None) -> bytes:
    numbers = [getattr(cost, field.name) for field in fields(cost)] if cost else []
    return bind(b"confide root key", kind.encode(), vault_id, salt, json.dumps(numbers).encode())


def _check(kind: str, vault_id: bytes, salt: bytes, cost: Cost | None, wrapped: bytes) -> bytes:
    return hashlib.sha256(bind(_belonging(kind, vault_id, salt, cost), wrapped)).digest()


def _stretched(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    return hash_secret_raw(
        passphrase.encode(errors="surrogatepass"),
        salt,
        cost.passes,
        cost.memory_kib,
        cost.lanes,
        32,
        Type.ID,
        version=19,
    )


def _recovery_kek(key: bytes, salt: bytes) -> bytes:
    return hkdf(key, b"confide recovery key", salt=salt)


def _sum(key: bytes) -> bytes:
    return hashlib.sha256(b"confide recovery checksum" + key).digest()[:_SUM]
