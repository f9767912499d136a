"""The institution's ledger as a log that others witness: where ledger and transparency meet.

Each function opens the ledger of `$CONFIDE_HOME`, does one thing and closes it. What is sent to a witness holds
sizes, hashes and signatures; only `prove_entry` shows an entry, to whom its caller gives the file.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from confide.crypto.note import LONGEST, Verifier, parse_checkpoint
from confide.errors import IntegrityError, InvalidInput
from confide.ledger.entries import canonical
from confide.ledger.home import CHECKPOINT, checkpoint_of, home, open_ledger, rotate_key
from confide.ledger.ledger import Ledger
from confide.ledger.log_key import ORIGIN
from confide.transparency.ask import cosigned_by
from confide.transparency.files import read_whole, write_whole
from confide.transparency.kept import Cosigned, cosignatures, keep, last_of, newest, notes, witnesses
from confide.transparency.proof import prove
from confide.transparency.request import request_for
from confide.transparency.verify import Witnessed, verify_log
from confide.types import Json


class LedgerLog:
    """A ledger with the members of `confide.transparency.log.Log`."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.origin = ORIGIN + ledger.id
        self.root = ledger.store.root
        self.inclusion = ledger.store.inclusion
        self.consistency = ledger.store.consistency

    def size(self) -> int:
        """How many entries the ledger has."""
        return self.ledger.store.head()[0]

    def checkpoint(self) -> str:
        """The checkpoint of now; wants the log key."""
        return checkpoint_of(self.ledger)

    def keys(self) -> list[Verifier]:
        """The keys that have signed for the ledger, the present one last."""
        entries = self.ledger.store.all(kind="log-key")
        return [Verifier.from_text(entry.body["verifier"]) for entry in entries]


@contextmanager
def open_log() -> Iterator[LedgerLog]:
    """Open the institution's ledger as a log."""
    with open_ledger(home()) as ledger:
        yield LedgerLog(ledger)


def show_log() -> Json:
    """Return what somebody else needs to know of the log, and which witnesses are trusted."""
    with open_log() as log:
        size = log.size()
        return {
            "origin": log.origin,
            "key": log.keys()[-1].to_text(),
            "size": size,
            "root": log.root(size).hex(),
            "witnesses": [each.to_text() for each in witnesses(home())],
        }


def verify_institution(against: Sequence[Path] = ()) -> Witnessed:
    """Check entries, chain and tree, then the tree against all that was signed and cosigned.

    Args:
        against: checkpoints that others have kept.

    Raises:
        IntegrityError: something is not what was written or cosigned.
    """
    with open_log() as log:
        log.ledger.store.check_columns()
        own = home() / CHECKPOINT
        files = [*([own] if own.exists() else []), *against]
        return verify_log(
            log,
            checkpoints=[read_whole(file, LONGEST) for file in files],
            log_keys=log.keys(),
            notes=notes(home()),
            trusted=witnesses(home()),
        )


def request_cosignature(file: Path, *, witness: str | None = None, since: int | None = None) -> int:
    """Write a request for a witness to `file`; returns for how many entries.

    Args:
        file: to be carried to the witness.
        witness: its name; may be left out where one is trusted.
        since: how many entries it has cosigned; None means what is kept of it.

    Raises:
        InvalidInput: several witnesses are trusted, or none of that name.
        IntegrityError: the witness has cosigned more than there is.
    """
    with open_log() as log:
        if since is None:
            known = [each for each in witnesses(home()) if witness in (None, each.name)]
            if len(known) != 1:
                raise InvalidInput("transparency.no-such-witness")
            note = last_of(home(), known[0])
            since = parse_checkpoint(note).size if note else 0
        request = request_for(log, since)
        write_whole(file, request.to_text().encode())
        return parse_checkpoint(request.note).size


def add_answer(file: Path) -> list[Cosigned]:
    """Keep the cosigned checkpoint that a witness wrote to `file`; returns who signed it.

    Raises:
        IntegrityError, InvalidInput: see `confide.transparency.kept.keep`.
    """
    with open_log() as log:
        return keep(home(), log, log.keys(), read_whole(file, LONGEST))


def ask_witness(url: str) -> list[Cosigned]:
    """Have the witness at `url` cosign the newest checkpoint, and keep it; returns who signed it.

    Raises:
        IntegrityError, InvalidInput: see `confide.transparency.ask.cosigned_by`.
    """
    with open_log() as log:
        return keep(home(), log, log.keys(), cosigned_by(log, url))


def new_log_key(approval: Json | None = None) -> str:
    """Sign checkpoints with a new key from now on; returns its verifier key, which witnesses must be told.

    Args:
        approval: the signed request; needed where roles were founded.
    """
    with open_log() as log:
        return rotate_key(log.ledger, home(), approval)


def prove_entry(sequence: int) -> Json:
    """Return the proof that the ledger holds its entry `sequence`, under a cosigned checkpoint where one reaches it.

    Raises:
        IntegrityError: there is no such entry.
    """
    with open_log() as log:
        if not 0 <= sequence < log.size():
            raise IntegrityError("transparency.no-entry", sequence=sequence, size=log.size())
        text = canonical(log.ledger.store.at(sequence).body)
        note = _cosigned_beyond(sequence) or log.checkpoint()
        return prove(log, sequence, entry=text, salt=log.ledger.store.salt(sequence), note=note)


def _cosigned_beyond(sequence: int) -> str | None:
    """Return the newest note of a trusted witness, if it reaches beyond the entry."""
    kept = notes(home())
    note = parse_checkpoint(newest(kept)) if kept else None
    if note is None or note.size <= sequence or not cosignatures(note, witnesses(home())):
        return None
    return newest(kept)


def to_json(found: Witnessed) -> Json:
    """Return what `--json` prints of a verification."""
    return asdict(found) | {"root": found.root.hex(), "cosigned": [asdict(each) for each in found.cosigned]}
