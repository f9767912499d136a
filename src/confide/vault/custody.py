"""Who can open the vault: a passphrase, the recovery key on paper, a key service, an HSM; each wraps the same root key.

A record holds settings, salt and the wrapped root key, and a check that tells an accident from a wrong
key. Knows no file but those that hold a secret; records are kept by `confide.vault.store`, the
guards are `confide.vault.transit` and `confide.vault.pkcs11`.
"""

import hashlib
import json
import operator
import os
import stat
import unicodedata
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Protocol

from argon2.low_level import Type, hash_secret_raw

from confide.crypto.aead import NONCE, TAG, bind, decrypt, encrypt
from confide.crypto.derive import hkdf
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.vault import recovery
from confide.vault.durable import reading

KINDS = ("passphrase", "recovery", "transit", "pkcs11")
SHORTEST = 12
_ROOT = 32  # bytes of the root key, and of every key that wraps it


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

    kind: str
    settings: str  # JSON; bound to the root key byte by byte
    salt: bytes
    wrapped: bytes
    check: bytes
    guarded: bytes = b""  # the wrapping key as a guard encrypted it; empty where none is asked

    def cost(self) -> Cost:
        """Return what a guess at the passphrase costs; IntegrityError if the record was damaged."""
        try:
            memory, passes, lanes = map(operator.index, parsed(self.settings))  # whole numbers only
            return Cost(memory_kib=memory, passes=passes, lanes=lanes)
        except (ValueError, TypeError, InvalidInput):
            raise IntegrityError("vault.store-damaged") from None


class Guard(Protocol):
    """Keeps a key that never leaves it, and encrypts 32 bytes under it: a key service or an HSM."""

    @property
    def kind(self) -> str:
        """Its place in `KINDS`."""
        ...

    def settings(self) -> str:
        """Return what has to be known to find the key again, as JSON; it is bound to the root key."""
        ...

    def verify_settings(self, settings: str) -> None:
        """Raise InvalidInput unless a record with these settings is under the key that this guard names."""
        ...

    def encrypt(self, secret: bytes) -> bytes:
        """Return `secret` encrypted under the key."""
        ...

    def decrypt(self, guarded: bytes) -> bytes:
        """Return what was encrypted; raise AccessDenied where the key does not give it."""
        ...


class RewrapGuard(Guard, Protocol):
    """A guard that renews its key and keeps the earlier versions, until they are retired."""

    def rewrap(self, guarded: bytes) -> bytes:
        """Return what was encrypted under an earlier version, under the newest one."""
        ...


def record_of(records: dict[str, Record], kind: str) -> Record:
    """Return the record of one way to open the vault.

    Raises:
        AccessDenied: the vault does not open in this way.
    """
    if kind not in records:
        raise AccessDenied("vault.custody-none", kind=kind, known=", ".join(records))
    return records[kind]


def wrap_with_passphrase(root: bytes, passphrase: str, vault_id: bytes, cost: Cost) -> Record:
    """Return a record that `passphrase` opens.

    Raises:
        InvalidInput: the passphrase is too short.
    """
    passphrase = sound_passphrase(passphrase)
    salt = os.urandom(16)
    numbers = json.dumps([getattr(cost, field.name) for field in fields(cost)])
    return _record("passphrase", numbers, root, _stretched(passphrase, salt, cost), vault_id, salt)


def wrap_with_recovery(root: bytes, vault_id: bytes) -> tuple[Record, str]:
    """Return a record, and the text of the fresh recovery key that opens it, which is stored nowhere."""
    key, salt = os.urandom(recovery.SIZE), os.urandom(16)
    return _record("recovery", "[]", root, _recovery_kek(key, salt), vault_id, salt), recovery.text_of(key)


def wrap_with_guard(root: bytes, guard: Guard, vault_id: bytes) -> Record:
    """Return a record that opens with what `guard` keeps.

    Guarantee: the guard is given a fresh wrapping key, never the root key; the record alone, or the guard
    alone, opens nothing.

    Raises:
        InvalidInput, AccessDenied: the guard is not there, or refuses.
    """
    kek, salt = os.urandom(_ROOT), os.urandom(16)
    guarded = guard.encrypt(kek)
    return _record(guard.kind, guard.settings(), root, kek, vault_id, salt, guarded)


def open_with_passphrase(record: Record, passphrase: str, vault_id: bytes) -> bytes:
    """Return the root key.

    Raises:
        AccessDenied: another passphrase.
        IntegrityError: the record was damaged.
    """
    verify_record(record, vault_id)
    composed = unicodedata.normalize("NFC", passphrase)
    kek = _stretched(composed, record.salt, record.cost())
    return _unwrap(record, kek, vault_id, "vault.passphrase")


def open_with_recovery(record: Record, text: str, vault_id: bytes) -> bytes:
    """Return the root key.

    Raises:
        InvalidInput: the text has a typing mistake.
        AccessDenied: a recovery key, but of another vault or one that was replaced.
        IntegrityError: the record was damaged.
    """
    key = recovery.key_of(text)
    verify_record(record, vault_id)
    return _unwrap(record, _recovery_kek(key, record.salt), vault_id, "vault.recovery")


def open_with_guard(record: Record, guard: Guard, vault_id: bytes) -> bytes:
    """Return the root key.

    Raises:
        InvalidInput: the guard is not there, or was told another key than that of the record.
        AccessDenied: the guard refuses, or its key is another one.
        IntegrityError: the record was damaged.
    """
    verify_record(record, vault_id)
    guard.verify_settings(record.settings)
    return _unwrap(record, guard.decrypt(record.guarded), vault_id, f"vault.{guard.kind}-other-key")


def with_guarded(record: Record, guarded: bytes, vault_id: bytes) -> Record:
    """Return the record with its wrapping key encrypted anew by its guard."""
    belonging = _belonging(record.kind, vault_id, record.salt, record.settings)
    return replace(record, guarded=guarded, check=_check(belonging, record.wrapped, guarded))


def sound_passphrase(passphrase: str) -> str:
    """Return the passphrase in Unicode's composed form, so that every keyboard writes the same bytes.

    Raises:
        InvalidInput: shorter than 12 characters.
    """
    passphrase = unicodedata.normalize("NFC", passphrase)
    if len(passphrase) < SHORTEST:
        raise InvalidInput("vault.passphrase-short", wanted=SHORTEST)
    return passphrase


def read_secret(path: Path) -> str:
    """Read a passphrase, recovery key, token or PIN from a file: all of it, without one line end at its end.

    Raises:
        InvalidInput: no such file, open to other users of the machine, or not UTF-8.
    """
    with reading(path) as file:
        if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise InvalidInput("vault.secret-open", file=path.name)
        data = file.read(64 * 1024)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput("vault.secret-encoding", file=path.name) from None
    return text.removesuffix("\n").removesuffix("\r")


def verify_record(record: Record, vault_id: bytes) -> None:
    """Raise IntegrityError unless the record is as it was written, as far as that shows without a key.

    The size counts: AES-GCM does not commit to its key, and who can write the store could put a blob there that opens
    under thousands of passphrases, to learn from one try whether the right one is among them. Such a blob is long:
    one of this size opens under three keys at most.
    """
    belonging = _belonging(record.kind, vault_id, record.salt, record.settings)
    whole = record.check == _check(belonging, record.wrapped, record.guarded)
    if not whole or len(record.wrapped) != NONCE + _ROOT + TAG:
        raise IntegrityError("vault.store-damaged")


def stored_settings(settings: str, *names: str) -> dict[str, str]:
    """Return the settings of a guard's record, which hold a text under each of `names`.

    Raises:
        IntegrityError: they do not: the record was damaged.
    """
    stored = parsed(settings)
    if not isinstance(stored, dict) or not all(isinstance(stored.get(name), str) for name in names):
        raise IntegrityError("vault.store-damaged")
    return {name: stored[name] for name in names}


def parsed(settings: str) -> Any:
    """Return what the settings of a record say; IntegrityError if the record was damaged."""
    try:
        return json.loads(settings)
    except (ValueError, RecursionError):
        raise IntegrityError("vault.store-damaged") from None


def _record(
    kind: str, settings: str, root: bytes, kek: bytes, vault_id: bytes, salt: bytes, guarded: bytes = b""
) -> Record:
    belonging = _belonging(kind, vault_id, salt, settings)
    wrapped = encrypt(kek, root, belonging)
    check = _check(belonging, wrapped, guarded)
    return Record(kind=kind, settings=settings, salt=salt, wrapped=wrapped, check=check, guarded=guarded)


def _unwrap(record: Record, kek: bytes, vault_id: bytes, denied: str) -> bytes:
    if len(kek) != _ROOT:  # a key service may return anything
        raise AccessDenied(denied)
    try:
        return decrypt(kek, record.wrapped, _belonging(record.kind, vault_id, record.salt, record.settings))
    except IntegrityError:
        raise AccessDenied(denied) from None


def _belonging(kind: str, vault_id: bytes, salt: bytes, settings: str) -> bytes:
    return bind(b"confide root key", kind.encode(), vault_id, salt, settings.encode())


def _check(belonging: bytes, wrapped: bytes, guarded: bytes) -> bytes:
    parts = [belonging, wrapped, guarded] if guarded else [belonging, wrapped]  # two in format 1
    return hashlib.sha256(bind(*parts)).digest()


def _stretched(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    return hash_secret_raw(
        passphrase.encode(errors="surrogatepass"),
        salt,
        cost.passes,
        cost.memory_kib,
        cost.lanes,
        _ROOT,
        Type.ID,
        version=19,
    )


def _recovery_kek(key: bytes, salt: bytes) -> bytes:
    return hkdf(key, b"confide recovery key", salt=salt)
