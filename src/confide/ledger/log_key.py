"""The key that signs the ledger's checkpoints: made with the ledger, read with it, changed by a rotation.

The secret lies in `log.key` beside the ledger, for its owner only; the public half is an entry of the ledger. What
is signed: `confide.ledger.home`.
"""

from collections.abc import Callable
from pathlib import Path

from confide.crypto.note import Signer, new_signer
from confide.errors import AccessDenied, IntegrityError
from confide.ledger.entries import Entry
from confide.ledger.files import alone, put, sync_folder
from confide.ledger.ledger import Ledger

ORIGIN = "confide-ledger/"  # before the ledger's id: the name of its log
LOG_KEY, NEXT_KEY = "log.key", "log.key.next"


def take_key(ledger: Ledger, folder: Path) -> None:
    """Give the ledger its key to sign checkpoints with, made on the first day; else it is for reading only.

    Guarantee: a key is on the disk before an entry names it, so that a crash leaves no ledger without one.
    """
    path, name = folder / LOG_KEY, ORIGIN + ledger.id
    known = ledger.store.last(kind="log-key")
    if known is None:
        with alone(path):
            if not path.exists():
                put(path, new_signer(name).to_bytes(), mode=0o600)
                sync_folder(folder)
    signer = _read_key(path)
    if known is None and signer is not None and signer.name == name:
        with ledger.store.write() as writer:
            known = ledger.store.last(kind="log-key") or writer.append(
                {"kind": "log-key", "verifier": signer.verifier.to_text()}
            )
    if known is not None and not _fits(signer, known):
        signer = _finish_rotation(folder, known)
    if signer is None or known is None:
        ledger.store.refusal = AccessDenied("ledger.no-log-key", file=path)
        return
    ledger.signer = signer
    if (restored := ledger.store.last(kind="restored")) is not None:
        ledger.store.refusal = IntegrityError("ledger.closed", time=restored.body["time"])


def rotate_log_key(ledger: Ledger, folder: Path, append: Callable[[str], object]) -> Signer:
    """Sign from now on with a new log key, which is returned; checkpoints that the old one signed stay good.

    Args:
        ledger: opened with its present key.
        folder: of the institution, where `log.key` lies.
        append: appends the `log-key` entry for the verifier text that it is given, in a transaction of its own
            (with the approval that allows it).
    """
    waiting = folder / NEXT_KEY
    signer = new_signer(ORIGIN + ledger.id)
    with alone(folder / LOG_KEY):
        put(waiting, signer.to_bytes(), mode=0o600)
        sync_folder(folder)
        append(signer.verifier.to_text())
        waiting.replace(folder / LOG_KEY)
        sync_folder(folder)
    ledger.signer = signer
    return signer


def _finish_rotation(folder: Path, known: Entry) -> Signer | None:
    """Take the key that a rotation had made, if the rotation was durable when its process died."""
    signer = _read_key(folder / NEXT_KEY)
    if not _fits(signer, known):
        return None
    (folder / NEXT_KEY).replace(folder / LOG_KEY)
    sync_folder(folder)
    return signer


def _fits(signer: Signer | None, known: Entry) -> bool:
    return signer is not None and signer.verifier.to_text() == known.body["verifier"]


def _read_key(path: Path) -> Signer | None:
    """Return the key in `path`; None where there is none that can be read."""
    try:
        return Signer.from_bytes(path.read_bytes())
    except (OSError, IntegrityError):
        return None
