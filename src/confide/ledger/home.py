"""Where the institution's ledger lives, and how an old copy of it is recognised.

One ledger per institution: in `$CONFIDE_HOME`, or in the PostgreSQL database that `$CONFIDE_LEDGER` names. After
every write its size and root go to `checkpoint` in that folder, signed with `log.key`; a ledger that does not
hold what a checkpoint says is refused, because it was restored from a backup, cut or rewritten. Backup and
restore: `confide.ledger.backup`.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from confide.crypto.note import (
    LONGEST,
    Checkpoint,
    Verifier,
    checkpoint_body,
    parse_checkpoint,
    signed,
    verify_signature,
)
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.ledger import acts
from confide.ledger.files import alone, put
from confide.ledger.ledger import Ledger, now
from confide.ledger.log_key import LOG_KEY, ORIGIN, rotate_log_key, take_key
from confide.ledger.schema import Database, version
from confide.ledger.sqlite import Sqlite
from confide.ledger.store import Store
from confide.types import Json

LEDGER, CHECKPOINT, COSIGNED = "ledger.sqlite", "checkpoint", "cosigned"
URLS = ("postgresql://", "postgres://")


def home() -> Path:
    """Return the folder of the institution: `$CONFIDE_HOME`, or `confide` under the user's data folder."""
    if named := os.environ.get("CONFIDE_HOME"):
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "confide"


def ledger_url() -> str | None:
    """Return the address of the PostgreSQL database that keeps the ledger, `$CONFIDE_LEDGER`, or None."""
    return os.environ.get("CONFIDE_LEDGER") or None


def open_ledger(
    folder: Path | None = None, *, checkpoints: Iterable[Path] = (), url: str | None = None
) -> Ledger:
    """Open the institution's ledger, or a scratch one in memory where there is no institution yet.

    Guarantee: the ledger returned holds every entry that the checkpoints speak of. Without its log key it can be
    read and its releases be shown again, and nothing can be written.

    Args:
        folder: of the institution; it is made if it is not there. None means `$CONFIDE_HOME`, or the
            default place if a ledger is there, or else a scratch ledger, whose releases are not releasable.
        checkpoints: files outside `folder` that hold earlier checkpoints; missing files are no proof
            and are passed over.
        url: of a PostgreSQL database that holds the ledger; None means `$CONFIDE_LEDGER`, or else a file in
            `folder`, where `checkpoint` and `log.key` are in either case.

    Raises:
        IntegrityError: the ledger is older than a checkpoint, another one, rewritten, or gone.
    """
    url = url or ledger_url()
    if folder is None and url is None and "CONFIDE_HOME" not in os.environ and not (home() / LEDGER).exists():
        return Ledger(Store(Sqlite(None), now))
    folder = folder or home()
    checkpoints = [folder / CHECKPOINT, folder / COSIGNED, *checkpoints]
    seen = next(filter(Path.exists, checkpoints), None)
    ledger = open_unchecked(folder, url=url, seen=seen)
    try:
        for path in checkpoints:
            check_against(ledger, path)
        size = ledger.store.head()[0]
        take_key(ledger, folder)
        if ledger.store.head()[0] != size:
            write_checkpoint(ledger, folder / CHECKPOINT)
    except BaseException:
        ledger.close()
        raise
    return ledger


def open_unchecked(folder: Path, *, url: str | None, seen: Path | None) -> Ledger:
    """Open the ledger of `folder` or `url` without looking at what checkpoints say; made where there is none.

    Raises:
        IntegrityError: there is none, and the checkpoint `seen` knows of one.
        InvalidInput: the folder cannot be written, or the database cannot be had.
    """
    if url is None and seen and not (folder / LEDGER).exists():
        raise IntegrityError("ledger.gone", file=folder / LEDGER, checkpoint=seen)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput("ledger.unwritable", file=folder) from error
    database = Sqlite(folder / LEDGER) if url is None else _postgres(url)
    if seen and version(database) == 0:
        database.close()
        raise IntegrityError("ledger.gone", file=database.place, checkpoint=seen)
    store = Store(database, now)
    try:
        ledger = Ledger(store, after_write=lambda written: write_checkpoint(written, folder / CHECKPOINT))
    except BaseException:
        store.close()
        raise
    ledger.folder = folder
    return ledger


def _postgres(url: str) -> Database:
    from confide.ledger.postgres import Postgres  # psycopg loads here, and only here

    if not url.startswith(URLS):
        raise InvalidInput("ledger.not-a-url")
    return Postgres(url)


# checkpoints ----------------------------------------------------------------------------------------


def write_checkpoint(ledger: Ledger, path: Path) -> None:
    """Write the ledger's size and root to `path`, signed, in full or not at all.

    Guarantee: of two who write, the later one never writes the older state: the size is read under a lock.

    Raises:
        AccessDenied: the ledger was opened without its log key.
    """
    with alone(path):
        put(path, checkpoint_of(ledger).encode())


def checkpoint_of(ledger: Ledger) -> str:
    """Return the checkpoint of the ledger as it is now: a C2SP note, signed with the log key.

    Raises:
        AccessDenied: the ledger was opened without its log key.
    """
    if ledger.signer is None:
        raise AccessDenied("ledger.no-log-key", file=LOG_KEY)
    size = ledger.store.head()[0]
    return signed(checkpoint_body(ORIGIN + ledger.id, size, ledger.store.root(size)), ledger.signer)


def check_against(ledger: Ledger, path: Path) -> None:
    """Check that `ledger` still holds all that the checkpoint at `path` says; no file, no check.

    Raises:
        IntegrityError: see `check_text`.
    """
    try:
        with path.open("rb") as file:
            text = file.read(LONGEST + 1).decode()
    except FileNotFoundError:
        return
    except (UnicodeDecodeError, OSError) as error:
        raise IntegrityError("ledger.not-a-checkpoint", file=path) from error
    check_text(ledger, text, path)


def check_text(ledger: Ledger, text: str, path: Path) -> None:
    """Check that `ledger` still holds all that the checkpoint `text`, which was read from `path`, says.

    A ledger that was closed after a loss is compared up to the loss.

    Raises:
        IntegrityError: it is another ledger, an older one, or a fork; or the text is no checkpoint, or not signed
            with a log key of this ledger.
    """
    origin, size = _origin_and_size(text, path)
    if origin != ORIGIN + ledger.id:
        raise IntegrityError("ledger.another-ledger", file=path)
    restored = next(iter(ledger.store.all(kind="restored")), None)
    if restored is not None and size > restored.sequence:
        return
    if size > (found := ledger.store.head()[0]):
        raise IntegrityError("ledger.rolled-back", file=path, size=size, found=found)
    if not (_agrees_unsigned if _is_unsigned(text) else _agrees)(ledger.store, text):
        raise IntegrityError("ledger.forked", file=path, size=size)


def _origin_and_size(text: str, path: Path) -> tuple[str, int]:
    try:
        if _is_unsigned(text):
            origin, size, _ = text.splitlines()
            return origin, int(size)
        note = parse_checkpoint(text)
    except (ValueError, IntegrityError):
        raise IntegrityError("ledger.not-a-checkpoint", file=path) from None
    return note.origin, note.size


def _is_unsigned(text: str) -> bool:
    """Tell whether `text` is a checkpoint as it was before checkpoints were signed: three lines, the third a hash."""
    lines = text.splitlines()
    return len(lines) == 3 and len(lines[2]) == 64 and lines[1].isascii() and lines[1].isdigit()


def _agrees_unsigned(store: Store, text: str) -> bool:
    """Compare with an unsigned checkpoint, which counts only where it is older than the ledger's log key."""
    _, size, head = text.splitlines()
    key = store.last(kind="log-key")
    return (key is None or int(size) <= key.sequence) and store.hash_at(int(size) - 1) == head


def _agrees(store: Store, text: str) -> bool:
    """Compare the roots, and check that one of the ledger's own log keys signed."""
    note = parse_checkpoint(text)
    keys = [Verifier.from_text(entry.body["verifier"]) for entry in store.all(kind="log-key")]
    return store.root(note.size) == note.root and any(_signed_by(note, key) for key in keys)


def _signed_by(note: Checkpoint, key: Verifier) -> bool:
    try:
        verify_signature(note, key)
    except IntegrityError:
        return False
    return True


def accept_clock(ledger: Ledger, folder: Path, approval: Json | None = None) -> str:
    """Write down that a person found this machine's clock right, though the newest entry is later; return that entry's time.

    Guarantee: where roles were founded, this takes an approved request that names the later time, because what had
    expired by then may be in force again.

    Raises:
        AccessDenied: there is no `approval`, or it is of something else.
        ConfideError: what else the ledger finds wrong with it.
    """
    with ledger.store.write() as writer:
        newest = ledger.store.at(ledger.store.head()[0] - 1).body["time"]
        clock = writer.append({"kind": "clock", "newest": newest})
        if acts.roster(ledger.store):
            if approval is None:
                raise AccessDenied("ledger.clock-approval", now=clock.body["time"], newest=newest)
            made = acts.approve_outside(ledger.store, writer, approval, ledger=ledger.id)
            made.verify_kind("accept-clock")
            if dict(made.fields) != {"newest": newest}:
                raise AccessDenied("ledger.clock-approval", now=clock.body["time"], newest=newest)
    write_checkpoint(ledger, folder / CHECKPOINT)
    return str(newest)


def rotate_key(ledger: Ledger, folder: Path, approval: Json | None = None) -> str:
    """Sign the ledger's checkpoints with a new log key from now on; return its verifier key as text.

    Guarantee: where roles were founded, this takes an approved request of kind `rotate-log-key`. Checkpoints that
    the old key signed stay good.

    Raises:
        AccessDenied: there is no `approval`, or it is of something else; or this machine has not the log key.
        ConfideError: what else the ledger finds wrong with it.
    """

    def enter(verifier: str) -> None:
        with ledger.store.write() as writer:
            body: Json = {"kind": "log-key", "verifier": verifier}
            if acts.roster(ledger.store):
                if approval is None:
                    raise AccessDenied("ledger.key-approval")
                made = acts.approve_outside(ledger.store, writer, approval, ledger=ledger.id)
                made.verify_kind("rotate-log-key")
                body["approval"] = made.sequence
            writer.append(body)

    signer = rotate_log_key(ledger, folder, enter)
    write_checkpoint(ledger, folder / CHECKPOINT)
    return signer.verifier.to_text()
