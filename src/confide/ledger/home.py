"""Where the institution's ledger lives, and how an old copy of it is recognised.

One ledger per machine, in `$CONFIDE_HOME`. After every write its size and head go to `checkpoint`
beside it, and to every place outside that was named for it; a ledger that does not hold what a
checkpoint says is refused, because it was restored from a backup or cut.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from confide.errors import IntegrityError, InvalidInput
from confide.ledger.ledger import Ledger, now
from confide.ledger.store import Store

LEDGER, CHECKPOINT = "ledger.sqlite", "checkpoint"
_ORIGIN = "confide-ledger/"


def home() -> Path:
    """Return the folder of the institution: `$CONFIDE_HOME`, or `confide` under the user's data folder."""
    if named := os.environ.get("CONFIDE_HOME"):
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "confide"


def open_ledger(folder: Path | None = None, *, checkpoints: Iterable[Path] = ()) -> Ledger:
    """Open the institution's ledger, or a scratch one in memory where there is no institution yet.

    Guarantee: the ledger returned holds every entry that the checkpoints speak of.

    Args:
        folder: of the institution; it is made if it is not there. None means `$CONFIDE_HOME`, or the
            default place if a ledger is there, or else a scratch ledger, whose releases are not releasable.
        checkpoints: files outside `folder` that hold earlier checkpoints; missing files are no proof
            and are passed over.

    Raises:
        IntegrityError: the ledger is older than a checkpoint, another one, or gone.
    """
    if folder is None and "CONFIDE_HOME" not in os.environ and not (home() / LEDGER).exists():
        return Ledger(Store(None, now))
    folder = folder or home()
    checkpoints = (folder / CHECKPOINT, *checkpoints)
    if not (folder / LEDGER).exists() and (seen := next(filter(Path.exists, checkpoints), None)):
        raise IntegrityError("ledger.gone", file=folder / LEDGER, checkpoint=seen)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput("ledger.unwritable", file=folder) from error
    ledger = Ledger(
        Store(folder / LEDGER, now),
        after_write=lambda written: write_checkpoint(written, folder / CHECKPOINT),
    )
    try:
        for path in checkpoints:
            check_against(ledger, path)
    except BaseException:
        ledger.close()
        raise
    return ledger


def write_checkpoint(ledger: Ledger, path: Path) -> None:
    """Write the ledger's size and head to `path`, in full or not at all.

    Guarantee: of two who write, the later one never writes the older state: the head is read under a lock.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with _alone(path.with_name(f".{path.name}.lock")), scratch.open("w", encoding="ascii") as file:
            size, head = ledger.store.head()
            file.write(f"{_ORIGIN}{ledger.id}\n{size}\n{head}\n")
            file.flush()
            os.fsync(file.fileno())
            scratch.replace(path)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise InvalidInput("ledger.unwritable", file=path) from error


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def check_against(ledger: Ledger, path: Path) -> None:
    """Check that `ledger` still holds all that the checkpoint at `path` says.

    Raises:
        IntegrityError: it is another ledger, an older one, or a fork; or the file is no checkpoint.
    """
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return
    except UnicodeDecodeError as error:
        raise IntegrityError("ledger.not-a-checkpoint", file=path) from error
    if len(lines) != 3 or not lines[0].startswith(_ORIGIN) or not lines[1].isdigit():
        raise IntegrityError("ledger.not-a-checkpoint", file=path)
    if lines[0] != _ORIGIN + ledger.id:
        raise IntegrityError("ledger.another-ledger", file=path)
    if ledger.store.hash_at(int(lines[1]) - 1) != lines[2]:
        raise IntegrityError(
            "ledger.rolled-back", file=path, size=int(lines[1]), found=ledger.store.head()[0]
        )
