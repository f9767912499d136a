"""Write one invented hospital to a folder: visits, notes, a crosswalk, an opt-out list, and the truth.

The same seed writes the same bytes. What was planted lies in `truth/`, outside of `raw/`, where no run looks.
It is a generator of examples and protects nobody: the names are made up, the numbers belong to nobody.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from confide.demo.generate_notes import TYPE_NAMES, Occasion, Planted, occasions, write_note
from confide.demo.generate_people import Person, invent_people, invent_staff, lists
from confide.demo.generate_visits import COLUMNS, invent_visits
from confide.errors import InvalidInput
from confide.types import Language

NOTE_KEYS = {
    "en": ("note_id", "patient_id", "type", "written", "author", "note"),
    "zh": ("病历号", "患者编号", "类型", "记录日期", "记录医师", "正文"),
}
_CROSSWALK = {"en": ("id", "patient"), "zh": ("编号", "患者")}
_OPTOUT = {"en": ("patient_id", "since"), "zh": ("患者编号", "登记日期")}
_SEED = {"en": 1, "zh": 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """What was made, in figures. `planted` counts the identifiers in the notes by class."""

    language: Language
    patients: int
    visits: int
    notes: int
    noted_patients: int
    opted_out: int
    two_ids: int
    planted: dict[str, int]
    look_alikes: int


def generate(
    folder: Path, language: Language, *, patients: int = 20_000, noted: int = 400, seed: int = 20_261_121
) -> Truth:
    """Write one hospital under `folder` and return what is in it.

    `raw/visits.csv` (Chinese: GB18030, as many hospital systems export it; English: UTF-8),
    `raw/notes.jsonl`, `raw/ids.csv` (crosswalk), `raw/optout.csv`; `truth/planted.jsonl` and
    `truth/look_alikes.jsonl`, one line per span with the id of its note.

    Raises:
        InvalidInput: more patients with notes than patients, or fewer than one.
    """
    if not 1 <= noted <= patients:
        raise InvalidInput("demo.noted", noted=noted, patients=patients)
    rng = np.random.default_rng([seed, _SEED[language]])
    people = invent_people(patients, language, rng)
    visits = invent_visits(people, language, rng)
    chosen = _chosen(people, noted, rng)
    about = _occasions(people, visits, chosen, language, rng)
    optout = _opted_out(people, chosen, rng)

    for name in ("raw", "truth"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    encoding = "gb18030" if language == "zh" else "utf-8"
    _write(folder / "raw" / "visits.csv", visits.drop("_who").write_csv(), encoding)
    pairs = [(person.old_id, person.id) for person in people if person.old_id]
    _write_csv(folder / "raw" / "ids.csv", _CROSSWALK[language], pairs)
    _write_csv(folder / "raw" / "optout.csv", _OPTOUT[language], [(one, "2024-06-30") for one in optout])
    counts, look_alikes = _write_notes(folder, about, language, rng)
    return Truth(
        language=language,
        patients=patients,
        visits=visits.height,
        notes=len(about),
        noted_patients=noted,
        opted_out=len(optout),
        two_ids=len(pairs),
        planted=counts,
        look_alikes=look_alikes,
    )


def _chosen(people: list[Person], noted: int, rng: np.random.Generator) -> list[int]:
    """Choose who has notes; a sixth of them very old, so that ages from 90 up are met often."""
    old = [i for i, person in enumerate(people) if person.born.year < 1932]
    first = [old[i] for i in rng.permutation(len(old))[: noted // 6]]
    rest = [int(i) for i in rng.permutation(len(people)) if int(i) not in set(first)]
    return [*first, *rest[: noted - len(first)]]


def _opted_out(people: list[Person], chosen: list[int], rng: np.random.Generator) -> list[str]:
    """Choose one patient in a hundred, some with notes, some named by their old id."""
    n = max(1, len(people) // 100)
    some = [chosen[int(i)] for i in rng.permutation(len(chosen))[: max(1, n // 20)]]
    others = [int(i) for i in rng.permutation(len(people))[: n - len(some)]]
    return [people[i].old_id or people[i].id for i in dict.fromkeys([*some, *others])]


def _occasions(
    people: list[Person],
    visits: pl.DataFrame,
    chosen: list[int],
    language: Language,
    rng: np.random.Generator,
) -> list[Occasion]:
    columns, groups = COLUMNS[language], lists(f"people-{language}")["diagnosis_groups"]
    named = visits.select(
        "_who",
        pl.col(columns[11]).str.to_date().alias("admitted"),
        pl.col(columns[12]).alias("stay"),
        pl.col(columns[10]).alias("department"),
        pl.col(columns[16]).replace_strict(groups, list(range(len(groups)))).alias("case"),
    )
    stays = named.filter(pl.col("_who").is_in(chosen)).partition_by("_who", as_dict=True)
    staff = invent_staff(60, language, rng)
    made = []
    for i in chosen:
        made += occasions(people[i], stays[(i,)].to_dicts(), staff, rng)
    return sorted(made, key=lambda occasion: occasion.seen)


def _write_notes(
    folder: Path, about: list[Occasion], language: Language, rng: np.random.Generator
) -> tuple[dict[str, int], int]:
    """Write the notes and the truth; return how many were planted by class, and how many look-alikes."""
    notes: list[str] = []
    truth: list[str] = []
    look_alikes: list[str] = []
    counts: dict[str, int] = {}
    for number, occasion in enumerate(about, start=1):
        text, planted, none = write_note(occasion, rng)
        note_id = f"N{number:06d}"
        kind = TYPE_NAMES[language][occasion.kind]
        values = (note_id, occasion.id, kind, occasion.seen.isoformat(), occasion.staff[1], text)
        notes.append(_line(dict(zip(NOTE_KEYS[language], values, strict=True))))
        truth += [_span(note_id, span) for span in planted]
        look_alikes += [_span(note_id, span) for span in none]
        for span in planted:
            counts[span.type] = counts.get(span.type, 0) + 1
    _write(folder / "raw" / "notes.jsonl", "".join(notes))
    _write(folder / "truth" / "planted.jsonl", "".join(truth))
    _write(folder / "truth" / "look_alikes.jsonl", "".join(look_alikes))
    return dict(sorted(counts.items())), len(look_alikes)


def _span(note_id: str, span: Planted) -> str:
    return _line(
        {"note": note_id, "start": span.start, "end": span.end, "type": span.type, "text": span.text}
    )


def _line(record: dict[str, object]) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"


def _write_csv(path: Path, header: tuple[str, str], rows: list[tuple[str, str]]) -> None:
    _write(path, "".join(f"{one},{other}\n" for one, other in [header, *rows]))


def _write(path: Path, text: str, encoding: str = "utf-8") -> None:
    path.write_bytes(text.encode(encoding))
