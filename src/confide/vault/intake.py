"""Seal where no vault is: whoever has the vault's public key can seal to it, and cannot open what was sealed.

A sealed file and, beside it, `NAME.key`: its data key for the holder of the vault's root key alone (HPKE).
The vault adopts the file and removes the `.key` file. Formats in words: `docs/sealed-format.md`.
"""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from confide.crypto import hpke
from confide.crypto.aead import bind
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.types import Progress, no_progress
from confide.vault.durable import Steady, placing, reading
from confide.vault.keys import Keys
from confide.vault.seal import Header, header_of, new_data_key, new_header, suite_named, write_sealed

SUFFIX = ".key"
_MAGIC = b"\x89CNK\r\n\x1a\n"
_SIZE = len(_MAGIC) + 32 + 32 + 16  # magic, then HPKE's: encapsulated key, data key, tag


def intake_key(keys: Keys) -> X25519PrivateKey:
    """Return the private key of a vault's intake; the same at every opening, stored nowhere."""
    return X25519PrivateKey.from_private_bytes(keys.derive("intake key"))


def key_file(target: Path) -> Path:
    """Return where the data key of a sealed file waits for its vault."""
    return target.with_name(target.name + SUFFIX)


def seal_for(
    public_key: str, source: Path, target: Path, *, suite: str = "aes", progress: Progress = no_progress
) -> Path:
    """Seal `source` as `target` for the vault that published `public_key`, and return the `.key` file beside it.

    Guarantee: no plain copy is written, and nothing on this machine opens `target` once this has returned:
    the data key is encrypted to the vault and forgotten. Both files are durable.

    Args:
        public_key: what `confide vault intake` shows, compared over another channel.
        source: a plain file, which is not touched.
        target: where the sealed file shall stand; its folder exists, and nothing stands there.
        suite: `aes` or `sm4`.
        progress: told (bytes done, bytes in all).

    Raises:
        InvalidInput: not a public key, no such file, it changed meanwhile, or `target` exists.
    """
    recipient = hpke.public_key_of(public_key)
    if target.exists():
        raise InvalidInput("vault.taken", file=target.name)
    data_key = new_data_key()
    header, beside = new_header(data_key, suite_named(suite)), key_file(target)
    sealed_key = _MAGIC + hpke.seal(recipient, data_key, _purpose(header))
    with reading(source) as file:
        steady = Steady(file, source.name, progress)

        def record() -> None:
            steady.verify_unchanged()
            with placing(beside, replace=True) as out:  # one of a sealing that was stopped opens nothing
                out.write(sealed_key)

        def seen(plain: memoryview) -> None:
            steady.advance(len(plain))

        write_sealed(steady, steady.size, target, data_key, header, record=record, seen=seen)
    return beside


def received_data_key(keys: Keys, target: Path) -> bytes:
    """Return the data key that waits beside `target`.

    Raises:
        InvalidInput: there is no `.key` file, or it is something else.
        AccessDenied: it was sealed for another vault or another file, or was changed.
    """
    beside = key_file(target)
    with reading(beside) as file:
        content = file.read(_SIZE + 1)
    if len(content) != _SIZE or not content.startswith(_MAGIC):
        raise InvalidInput("vault.not-key-file", file=beside.name)
    header = header_of(target)
    try:
        return hpke.open_sealed(intake_key(keys), content[len(_MAGIC) :], _purpose(header))
    except IntegrityError:
        raise AccessDenied("vault.intake-other", file=target.name) from None


def _purpose(header: Header) -> bytes:
    return bind(b"confide intake", header.to_bytes())
