"""Copy a ledger to a file, and take it back; close the ledger where the copy is older than what was charged.

Guarantee: a restored ledger never gives back budget. Where something is missing that a checkpoint has seen, or
nobody can say, it can be read and its releases be shown again, and nothing is ever written to it again. Why:
`docs/backup.md`.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from confide.errors import IntegrityError, InvalidInput
from confide.ledger.files import placing
from confide.ledger.home import (
    CHECKPOINT,
    COSIGNED,
    LEDGER,
    check_against,
    check_text,
    checkpoint_of,
    ledger_url,
    open_ledger,
    open_unchecked,
    write_checkpoint,
)
from confide.ledger.ledger import Ledger, now
from confide.ledger.sqlite import Sqlite
from confide.ledger.store import Store


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a restore."""

    entries: int
    newest: str  # time of the newest entry of the copy
    missing: int | None  # entries that a checkpoint has seen and the copy does not hold; None: nobody can say
    closed: bool  # for reading only, for ever


def backup(ledger: Ledger, path: Path) -> int:
    """Write the ledger, as it is at one moment, with its signed checkpoint to `path`; return how many entries it holds.

    Guarantee: `path` is a whole copy, or it is not there. Others may write to the ledger meanwhile.

    Raises:
        InvalidInput: `path` exists or cannot be written, or the ledger is kept by PostgreSQL, which has pg_dump.
        AccessDenied: the ledger was opened without its log key.
    """
    database = ledger.store.database
    if not isinstance(database, Sqlite):
        raise InvalidInput("ledger.backup-by-server")
    if path.exists():
        raise InvalidInput("ledger.backup-exists", file=path)
    with placing(path) as part:
        database.copy_to(part)
        with Ledger(Store(Sqlite(part), now)) as copy:
            copy.signer = ledger.signer
            note, size = checkpoint_of(copy), copy.store.head()[0]
            inside = copy.store.database
            with inside.transaction():
                inside.execute("CREATE TABLE backup (checkpoint TEXT NOT NULL)")
                inside.execute("INSERT INTO backup VALUES (?)", (note,))
            inside.execute("PRAGMA journal_mode = DELETE")  # one file, and nothing beside it
    return size


def restore(
    folder: Path,
    source: Path | None,
    *,
    checkpoints: Iterable[Path] = (),
    accept_loss: bool = False,
    url: str | None = None,
) -> Restored:
    """Take a ledger back from the copy `source`, or judge the one that stands in its place already.

    Guarantee: the ledger can be written to afterwards only if it holds all that the checkpoints at hand have seen,
    and there is at least one. Else it is refused, or, with `accept_loss`, closed for ever by an entry.

    Args:
        folder: of the institution.
        source: what `backup` wrote; None where a database server or a file system has put the older ledger back.
        checkpoints: the newest that can be had, of studies or of a witness, beside those in `folder`.
        accept_loss: close the ledger where something is missing, or where nobody can say.
        url: of the PostgreSQL database that keeps the ledger, else `$CONFIDE_LEDGER`; then there is no `source`.

    Raises:
        InvalidInput: a ledger stands where the copy should go, `source` is not there or a server keeps the ledger,
            or there is no checkpoint to compare with.
        IntegrityError: the copy is no backup, is altered, forked, or older than a checkpoint.
    """
    url = url or ledger_url()
    if source is not None and url is not None:
        raise InvalidInput("ledger.backup-by-server")
    paths = [path for path in (folder / CHECKPOINT, folder / COSIGNED, *checkpoints) if path.exists()]
    if source is None:
        with open_unchecked(folder, url=url, seen=folder / CHECKPOINT) as ledger:
            restored = _judged(ledger, paths, accept_loss=accept_loss)
        _sign(folder, url)
        return restored
    target = folder / LEDGER
    if target.exists():
        raise InvalidInput("ledger.restore-over", file=target)
    if not source.is_file():
        raise InvalidInput("ledger.unreadable", file=source)
    with placing(target) as part:
        shutil.copyfile(source, part)
        with Ledger(Store(Sqlite(part), now)) as ledger:
            _check_copy(ledger, source)
            restored = _judged(ledger, paths, accept_loss=accept_loss)
            ledger.store.database.execute("PRAGMA journal_mode = DELETE")
    _sign(folder, url)
    return restored


def _sign(folder: Path, url: str | None) -> None:
    """Write the checkpoint of what was taken back, so that from now on a still older copy is refused."""
    with open_ledger(folder, url=url) as ledger:
        if ledger.signer is not None:
            write_checkpoint(ledger, folder / CHECKPOINT)


def _check_copy(ledger: Ledger, source: Path) -> None:
    """Check a copy against the checkpoint that `backup` put into it, and take that out."""
    database = ledger.store.database
    if "backup" not in database.tables():
        raise IntegrityError("ledger.not-a-backup", file=source)
    for (note,) in database.execute("SELECT checkpoint FROM backup"):
        check_text(ledger, note, source)
    ledger.store.check_columns()
    with database.transaction():
        database.execute("DROP TABLE backup")


def _judged(ledger: Ledger, paths: list[Path], *, accept_loss: bool) -> Restored:
    """Compare with the checkpoints; refuse or close the ledger where something is missing."""
    entries, _ = ledger.store.head()
    newest = str(ledger.store.at(entries - 1).body["time"])
    missing = max((_missing(ledger, path) for path in paths), default=None)
    closed = missing != 0
    if closed and not accept_loss:
        if missing is None:
            raise InvalidInput("ledger.no-checkpoint", entries=entries, time=newest)
        raise IntegrityError("ledger.backup-older", entries=entries, time=newest, missing=missing)
    if closed:
        with ledger.store.write() as writer:
            writer.append({"kind": "restored", "missing": missing})
    return Restored(entries, newest, missing, closed or ledger.store.last(kind="restored") is not None)


def _missing(ledger: Ledger, path: Path) -> int:
    """Return how many entries the checkpoint at `path` has seen and `ledger` does not hold."""
    try:
        check_against(ledger, path)
    except IntegrityError as error:
        if error.code != "ledger.rolled-back":
            raise
        return int(str(error.public["size"])) - int(str(error.public["found"]))
    return 0
