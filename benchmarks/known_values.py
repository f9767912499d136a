"""Known values against an attack, and the way back: what a patient's own fields name is gone, and comes back exactly.

`known`: at least 10,000 values of invented patients are planted, in many writings, into notes that are open
(`../shared/data`), and looked for afterwards by a search that shares nothing with ours; a value counts only where
its writing did not stand in the note before. Reported beside it: how much of the notes themselves was touched.
`roundtrip`: documents made by hypothesis, led back byte by byte, and the intervals between their dates. The rival of
both is the plain way: to search for the value as the field holds it, and to store nothing.
Usage: python benchmarks/known_values.py [--only ID] [--quick].
"""

import csv
import gzip
import io
import random
import re
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from invented_patients import WIDE, invented
from lines import Line, arguments, line, show

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "shared" / "data"
PATIENTS, NOTES = 420, 12  # of a full run; each note is planted with two values


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One planted writing: whether it stands in the result, and what known values took of the note without it."""

    kind: str
    survived: bool
    survived_rival: bool
    characters: int
    touched: int


Notes = tuple[Sequence[str], Sequence[str]]  # Chinese, English


def carriers(data: Path = DATA) -> Notes:
    """Return the open notes, Chinese and English."""
    zh = [
        f"{row[2]}\n{row[3]}"
        for row in _rows(data / "zh-medical-dialogue/internal_medicine_sample.csv.gz", "gb18030")
    ]
    en = [row[2] for row in _rows(data / "mts-dialog/train.csv.gz")]
    en += [row[3] for name in ("train", "valid") for row in _rows(data / f"aci-bench/{name}.csv.gz")]
    return [text for text in zh if len(text) > 60], [text for text in en if len(text) > 60]


def _rows(file: Path, encoding: str = "utf-8") -> list[list[str]]:
    text = gzip.decompress(file.read_bytes()).decode(encoding, errors="replace")
    return [row for row in list(csv.reader(io.StringIO(text)))[1:] if len(row) > 3]


def squashed(text: str) -> str:
    """Return the letters and digits of a text alone: lower case, no accents, no width. The search's own reading."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in decomposed if unicodedata.category(c)[0] in "LN")


def stands_in(writing: str, text: str) -> bool:
    """Say whether a writing stands in a text, whatever is between its letters; a word of its own if in Latin letters."""
    letters = squashed(writing)
    flat = unicodedata.normalize("NFKD", text).casefold()
    flat = "".join(c for c in flat if unicodedata.category(c) not in ("Mn", "Cf"))
    between = r"[\s\-·•.,'’()/:_]{0,4}"
    core = between.join(map(re.escape, letters))
    if letters[0].isascii():
        core = rf"(?<![a-z0-9]){core}(?![a-z0-9])"
    return re.search(core, flat) is not None


def plant(rng: random.Random, note: str, writing: str) -> str:
    """Return a note with a writing put between two sentences."""
    ends = [found.end() for found in re.finditer(r"[，。,.!?；;]\s*|\n", note)]
    at = rng.choice(ends) if ends else len(note)
    return f"{note[:at]} {writing} {note[at:]}"


def attack(patients: int, notes: int, seed: int, carriers: Notes) -> Iterator[Attempt]:
    """De-identify notes with values planted in them, and say what survived."""
    from confide.deid.deidentify import Deidentifier

    rng = random.Random(seed)
    deidentifier = Deidentifier("safe-harbor", key=b"k" * 32)
    for number in range(patients):
        zh = number % 2 == 0
        patient = invented(rng, zh=zh)
        chosen = rng.sample(patient.writings, min(2 * notes, len(patient.writings)))
        before, after, planted = [], [], []
        for pair in zip(chosen[::2], chosen[1::2], strict=False):
            note = text = rng.choice(carriers[0 if zh else 1])[:1500]
            for _, writing in pair:
                text = plant(rng, text, writing)
            before.append(note)
            after.append(text)
            planted.append([each for each in pair if not stands_in(each[1], note)])
        alone = deidentifier.texts(before, patient.fields, f"p{number}")
        done = deidentifier.texts(after, patient.fields, f"p{number}")
        for note, text, beside, clean, wanted in zip(before, after, alone, done, planted, strict=True):
            touched = sum(s.end - s.start for s in beside.spans if s.found_by.startswith("known"))
            baseline = text
            for value in (value for values in patient.fields.values() for value in values):
                baseline = baseline.replace(value, "")
            for kind, writing in wanted:
                yield Attempt(
                    kind=f"{'zh' if zh else 'en'}:{kind}",
                    survived=stands_in(writing, clean.text),
                    survived_rival=stands_in(writing, baseline),
                    characters=len(note),
                    touched=touched,
                )


def known(quick: bool, data: Path = DATA) -> Iterator[Line]:
    """Plant, de-identify, search."""
    tries = list(attack(40 if quick else PATIENTS, NOTES, 20240501, carriers(data)))
    survived = Counter(each.kind for each in tries if each.survived)
    rival = sum(each.survived_rival for each in tries)
    share = sum(each.touched for each in tries) / sum(each.characters for each in tries)
    how = f"{len(tries)} writings in open notes, safe-harbor; searched without spaces, case, accents, width"
    if survived:
        print(dict(survived), file=sys.stderr)
    missed = survived.total()
    yield line("deid.known.missed", missed, "== 0", ours=missed, rival=rival, unit="values", how=how)
    how = "of the notes themselves, which name none of these people, what known values took"
    yield line("deid.known.touched", share, "<= 0.005", ours=share, rival=None, unit="of characters", how=how)


TOKENS = """
name = "tokens"
basis = "a test"
status = "pseudonymised"
threshold = 0.5
shift_days = [-371, -8]
keep_weekday = true
reversible = true

[actions]
name = "token"
staff = "token"
kin = "token"
date = "shift"
birth-date = "shift"
age = "cap"
address = "token"
place = "token"
organisation = "token"
"""
SENTENCES = [
    "患者{name}，男，45岁，{date}入院。", "家属{name}代诉：胸闷2周，电话{phone}。", "{name}先生于{date}复诊，律齐。", "住院号：ZY0012345，{date}。",
    "Mr. {name} was seen on {date} for cough. ", "MRN: 0012345; call {phone}. ", "张 伟、zhang wei、老张均为同一人。", "Ｚｈａｎｇ　Ｗｅｉ　１３８００１３８０００ ",
    "墨菲征阴性，血压120/80mmHg。\n", "Dr. Müller\u0301 saw Jose\u0301 {name}\u0301 on {date}. ", "郵箱 a.b@c.cn，92岁。", "\u202e{date}\u200b{phone}\x00", "[NAME] 已去标识",
]  # fmt: skip
PEOPLE = [
    "张伟",
    "張偉",
    "欧阳 建国",
    "Wei Zhang",
    "John Smith",
    "SMITH, JOHN",
    "李\u200b娜",
    "Ｊｏｈｎ　Ｓｍｉｔｈ",
    "Jose\u0301 Pe\u0301rez",
    "单静",
]
FORMS = ["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%B %d, %Y", "%d %b %Y", "wide"]
KNOWN = {"name": ("张伟", "John Smith"), "phone": ("13800138000",), "record-number": ("ZY0012345",)}


def written(day: date, form: str) -> str:
    """Write a day."""
    return f"{day:%Y-%m-%d}".translate(WIDE) if form == "wide" else f"{day:{form}}"


def read(text: str) -> date | None:
    """Read a day that `written` wrote, or one moved; None for anything else."""
    plain = unicodedata.normalize("NFKC", text)
    for form in FORMS[:-1]:
        try:
            return datetime.strptime(plain, form).date()
        except ValueError:
            continue
    return None


def documents() -> Any:
    """Return hypothesis' strategy for the text of a document."""
    from hypothesis import strategies as st

    days = st.dates(date(1950, 1, 1), date(2024, 12, 31))
    piece = st.tuples(
        st.sampled_from(SENTENCES), st.sampled_from(PEOPLE), days, st.sampled_from(FORMS), st.booleans()
    )
    noise = st.text(max_size=6).map(lambda text: (text, "", None, "", False))

    def build(pieces: list[Any]) -> str:
        parts = []
        for sentence, name, day, form, spaced in pieces:
            phone = "138-0013-8000" if spaced else "13800138000"
            parts.append(
                sentence.replace("{name}", name)
                .replace("{phone}", phone)
                .replace("{date}", written(day, form) if day else "")
            )
        return "".join(parts)

    return st.lists(st.one_of(piece, piece, piece, noise), min_size=4, max_size=8).map(build)


def round_trips(examples: int, folder: Path) -> tuple[int, int, int, int]:
    """Return documents that did not come back, intervals changed, documents, and intervals looked at."""
    from hypothesis import HealthCheck, Phase, given, settings

    from confide.deid.classes import NUMBER_CLASSES
    from confide.deid.deidentify import Deidentifier
    from confide.vault.custody import Cost
    from confide.vault.vault import create_vault

    vault, _ = create_vault(
        folder / "vault", "a passphrase of a test", cost=Cost(memory_kib=64, passes=1, lanes=1)
    )
    tokens = folder / "tokens.toml"
    numbers = "".join(f'{kind} = "token"\n' for kind in NUMBER_CLASSES)
    tokens.write_text(TOKENS + numbers)
    makers = [Deidentifier(policy, vault, study="trip") for policy in ("gdpr-pseudonymise", str(tokens))]
    permit = vault.permit_way_back("trip", purpose="a benchmark", who="nobody")
    counted = [0, 0, 0, 0]

    @settings(
        max_examples=examples, database=None, derandomize=True, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(documents())
    def trip(text: str) -> None:
        maker = makers[counted[2] % 2]
        (clean,) = maker.texts([text], KNOWN, "p1")
        counted[0] += maker.reveal_text(clean, permit) != text
        counted[2] += 1
        moved = [
            (read(text[span.start : span.end]), read(clean.text[start:end]))
            for span, (start, end) in zip(clean.spans, clean.places, strict=True)
        ]
        pairs = [(old, new) for old, new in moved if old and new]
        shifts = {new - old for old, new in pairs}
        counted[1] += len(shifts) > 1 or (maker is makers[1] and any(shift.days % 7 for shift in shifts))
        counted[3] += max(0, len(pairs) - 1)

    trip()
    return counted[0], counted[1], counted[2], counted[3]


def roundtrip(quick: bool) -> Iterator[Line]:
    """De-identify and lead back, under a policy of surrogates and one of tokens in turns."""
    with tempfile.TemporaryDirectory() as folder:
        failed, changed, total, intervals = round_trips(500 if quick else 10_000, Path(folder))
    how = f"{total} documents of hypothesis, surrogates and tokens in turns, byte by byte"
    yield line("deid.roundtrip.failed", failed, "== 0", ours=failed, rival=None, unit="documents", how=how)
    how = f"{intervals} intervals between days in {total} documents; under the second policy weekdays as well"
    yield line(
        "deid.roundtrip.intervals", changed, "== 0", ours=changed, rival=None, unit="documents", how=how
    )


if __name__ == "__main__":
    parser = arguments(__doc__, "deid")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the open notes")
    asked = parser.parse_args()
    show(
        {
            "deid.known": lambda: known(asked.quick, asked.data),
            "deid.roundtrip": lambda: roundtrip(asked.quick),
        },
        asked.only,
    )
