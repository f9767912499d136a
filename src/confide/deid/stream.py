"""De-identify documents as they come, any number of them, in bounded memory and in several processes.

Guarantee: all documents of a patient are searched together, wherever they stand in the stream; the results come in
the order of the documents and are the same, byte by byte, whatever `processes` is and whether memory sufficed. What
does not fit in memory waits in a `Spill`, encrypted under a key that only this process has; no key is pickled.
Knows no file format: `confide.study.files` reads and writes files. Why so: `docs/decisions/0010-streams-of-documents.md`.
"""

import os
import pickle
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from confide.deid.deidentify import Deidentifier, DeidNote
from confide.errors import ConfideError, InvalidInput
from confide.vault.spill import Spill

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

HELD = 1_000_000  # characters of documents that wait in memory for the others of their patient
_BATCH = 200_000  # characters that go to a process at a time
_HERE = 20_000  # characters whose results are held at a time where there is but one process

Values = Mapping[str, Sequence[str]]  # class of identifier -> values
Numbered = tuple[int, "Document"]
Cleaned = list[tuple[int, DeidNote]]
Work = Callable[[Iterable[list[Numbered]]], Iterator[Cleaned]]


@dataclass(frozen=True, slots=True)
class Document:
    """One text on its way in, with the other cells of its record. `repr` shows none of it.

    `patient` is None where nobody knows whose it is: such a document is a patient of its own.
    """

    id: str = field(repr=False)
    text: str = field(repr=False)
    patient: str | None = field(default=None, repr=False)
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def length(self) -> int:
        """How many characters are searched."""
        return len(self.text) + sum(map(len, self.fields.values()))


@dataclass(frozen=True, slots=True)
class _Note:
    """A document whose patient is settled."""

    id: str
    patient: str
    text: str
    fields: Mapping[str, str]


def deidentify_stream(
    deidentifier: Deidentifier,
    documents: Iterable[Document],
    *,
    processes: int = 1,
    known: Mapping[str, Values] | None = None,
    everyone: Values | None = None,
    identifiers: Mapping[str, str] | None = None,
    folder: Path | None = None,
    held: int = HELD,
) -> Iterator[DeidNote]:
    """Yield the de-identified documents, in their order.

    Guarantee: as the module says. Documents without a patient, as long as no other came before them, leave as they
    come; from the first document with a patient on, results begin when the last document was read.

    Args:
        deidentifier: the policy and the key; worker processes inherit it, it is never sent.
        documents: any number, read once; of those of one patient at most all must fit in memory.
        processes: how many search at the same time.
        known: patient -> class -> values of the patient's own structured fields.
        everyone: class -> values that are looked for in all documents, such as the names of staff.
        identifiers: name of a field -> class; such a field is replaced whole, its values count as known.
        folder: where what does not fit in memory waits, encrypted; the system's temporary folder if left out.
        held: characters that may wait in memory.

    Raises:
        InvalidInput: no such class, the disk is full, or a process was ended from outside.
        GateRefused: something is doubtful and the review mode is "block".

    >>> notes = [Document("1", "患者张建国", "P1"), Document("2", "no name", "P2"), Document("3", "建国复诊", "P1")]
    >>> cleaned = deidentify_stream(Deidentifier(policy="safe-harbor", key=bytes(32), language="zh"), notes)
    >>> [each.text for each in cleaned]
    ['患者[姓名]', 'no name', '[姓名]复诊']
    """
    if processes < 1:
        raise InvalidInput("files.processes", found=processes)
    clean = partial(_clean, deidentifier, known or {}, everyone or {}, dict(identifiers or {}))
    with _workers(clean, processes) as work:
        source = iter(documents)
        late: list[Document] = []
        alone = ([(n, each)] for n, each in enumerate(_until_a_patient(source, late)))
        yield from _in_order(work(alone))
        if late:
            yield from _by_patient(chain(late, source), work, folder, held)


def _until_a_patient(source: Iterator[Document], late: list[Document]) -> Iterator[Document]:
    """Yield documents of nobody; the first of somebody ends this and goes to `late`."""
    for document in source:
        if document.patient is not None:
            late.append(document)
            return
        yield document


def _by_patient(
    documents: Iterable[Document], work: Work, folder: Path | None, held: int
) -> Iterator[DeidNote]:
    """Bring the documents of each patient together, in memory or, where they are too many, on disk."""
    waiting: list[Numbered] = []
    size = 0
    source = enumerate(documents)
    for numbered in source:
        waiting.append(numbered)
        size += numbered[1].length
        if size > held:
            yield from _by_way_of_the_disk(chain(waiting, source), work, folder, held)
            return
    yield from _in_order(work(_groups(waiting)))


def _by_way_of_the_disk(
    documents: Iterable[Numbered], work: Work, folder: Path | None, held: int
) -> Iterator[DeidNote]:
    """Do the same with no more than `held` characters in memory, or one patient's.

    1. Put all documents aside, to learn how much there is.
    2. Deal them out so that all documents of a patient are in one part.
    3. Clean part by part, and deal the results out by their place in the stream.
    4. Read those parts in turn.
    """
    with ExitStack() as stack:
        everything, count = stack.enter_context(Spill(1, folder)), 0
        for numbered in documents:
            everything.put(0, pickle.dumps(numbered))
            count += 1
        parts = 1 + 2 * everything.size // max(held, 1)
        dealt, results = (stack.enter_context(Spill(parts, folder)) for _ in range(2))
        for record in everything.take(0):
            _, document = pickle.loads(record)  # noqa: S301 -- ours, and authenticated
            dealt.put(hash(_whose(document)) % parts, record)
        everything.__exit__()
        for part in range(parts):
            groups = _groups(pickle.loads(record) for record in dealt.take(part))  # noqa: S301
            for cleaned in work(groups):
                for number, note in cleaned:
                    results.put(number * parts // count, pickle.dumps((number, note)))
        dealt.__exit__()
        for part in range(parts):
            found: Cleaned = [pickle.loads(record) for record in results.take(part)]  # noqa: S301
            yield from (note for _, note in sorted(found, key=lambda pair: pair[0]))


def _whose(document: Document) -> str:
    """Return the patient of a document; one that is nobody's is a patient of its own, the same at every run."""
    if document.patient is not None:
        return document.patient
    cells = "".join(f"\0{name}\0{cell}" for name, cell in document.fields.items())
    return f"\0{sha256((document.text + cells).encode(errors='surrogatepass')).hexdigest()}"


def _groups(documents: Iterable[Numbered]) -> Iterator[list[Numbered]]:
    """Yield the documents of each patient together."""
    groups: dict[str, list[Numbered]] = defaultdict(list)
    for numbered in documents:
        groups[_whose(numbered[1])].append(numbered)
    yield from groups.values()


def _batches(groups: Iterable[list[Numbered]], most: int) -> Iterator[list[Numbered]]:
    """Put patients together until they have so many characters between them."""
    batch: list[Numbered] = []
    size = 0
    for group in groups:
        batch += group
        size += sum(document.length for _, document in group)
        if size >= most:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _in_order(batches: Iterable[Cleaned]) -> Iterator[DeidNote]:
    """Yield the results by their numbers, each as soon as those before it are there."""
    early: dict[int, DeidNote] = {}
    wanted = 0
    for batch in batches:
        early.update(batch)
        while wanted in early:
            yield early.pop(wanted)
            wanted += 1


def _clean(
    deidentifier: Deidentifier,
    known: Mapping[str, Values],
    everyone: Values,
    identifiers: Mapping[str, str],
    batch: list[Numbered],
) -> Cleaned:
    """De-identify the patients of a batch, each by itself."""
    groups = list(_groups(batch))
    asked = []
    for group in groups:
        patient = _whose(group[0][1])
        values = {kind: list(texts) for kind, texts in everyone.items()}
        for kind, texts in known.get(patient, {}).items():
            values.setdefault(kind, []).extend(texts)
        asked.append(([_Note(each.id, patient, each.text, each.fields) for _, each in group], values))
    cleaned: Cleaned = []
    for group, done in zip(groups, deidentifier.patients(asked, identifiers=identifiers), strict=True):
        cleaned += [(number, note) for (number, _), note in zip(group, done, strict=True)]
    return cleaned


# processes ------------------------------------------------------------------------------------------

_inherited: list[Callable[[Any], Any]] = []  # in a worker: what it does with a batch


@contextmanager
def _workers(clean: Callable[[list[Numbered]], Cleaned], processes: int) -> Iterator[Work]:
    """Yield what cleans patients, in their order: here, or in processes that are forked and so inherit the key."""
    if processes == 1 or "fork" not in _start_methods():
        yield lambda groups: map(clean, _batches(groups, _HERE))
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    pool = ProcessPoolExecutor(
        processes, multiprocessing.get_context("fork"), initializer=_inherited.append, initargs=(clean,)
    )
    try:
        yield partial(_in_turn, pool, processes)
    finally:
        pool.shutdown(cancel_futures=True)


def _start_methods() -> list[str]:
    import multiprocessing  # which one process does without

    return multiprocessing.get_all_start_methods()


def _in_turn(
    pool: "ProcessPoolExecutor", processes: int, groups: Iterable[list[Numbered]]
) -> Iterator[Cleaned]:
    """Keep every process busy and no more than two batches for each under way."""
    from concurrent.futures.process import BrokenProcessPool

    waiting: deque[Any] = deque()
    try:
        for batch in _batches(groups, _BATCH):
            waiting.append(pool.submit(_work, batch))
            if len(waiting) > 2 * processes:
                yield _said(waiting.popleft().result())
        while waiting:
            yield _said(waiting.popleft().result())
    except BrokenProcessPool:
        raise InvalidInput("files.process-lost") from None


def _work(batch: list[Numbered]) -> Cleaned | tuple[type[ConfideError], str, dict[str, object]]:
    try:
        cleaned: Cleaned = _inherited[0](batch)
    except ConfideError as error:  # its sentence is made where it is shown
        return type(error), error.code, error.public
    return cleaned


def _said(answer: Cleaned | tuple[type[ConfideError], str, dict[str, object]]) -> Cleaned:
    if isinstance(answer, tuple):
        kind, code, public = answer
        raise kind(code, **public)
    return answer


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
