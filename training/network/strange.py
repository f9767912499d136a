"""Throw words and figures into examples that are no identifiers, and Chinese verbs beside names.

What the grammar says is little beside what hospitals write: the network must meet everyday words, abbreviations,
drugs, scores and measurements in any place, and must know a name by what it is and not by its sentence.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[2]
LISTS = ROOT / "src" / "confide" / "deid" / "lists"
_TERMS = (
    "eponyms_alone",
    "drugs",
    "careful_drugs",
    "materials",
    "scales",
    "organisms",
    "sayings",
    "generic_organisations",
)
_TERMS_ZH = (*_TERMS, "herbs", "prescriptions", "unlike_names", "acupoints")


@dataclass(frozen=True, slots=True)
class Strange:
    """Words, clinical terms and abbreviations that are no names; Chinese verbs."""

    words_en: tuple[str, ...] = ()
    words_zh: tuple[str, ...] = ()
    verbs_zh: tuple[str, ...] = ()
    terms_en: tuple[str, ...] = ()
    terms_zh: tuple[str, ...] = ()

    @classmethod
    def read(cls, words_en: Path | None, words_zh: Path | None) -> "Strange":
        """Read the dictionaries, as far as they are given, and our own lists of clinical terms and abbreviations."""
        terms_en = [*_terms("clinical_en", _TERMS)]
        terms_en += (ROOT / "training" / "lists" / "abbreviations_en.txt").read_text(encoding="utf-8").split()
        return cls(
            words_en=tuple(_everyday(words_en)),
            words_zh=tuple(_everyday(words_zh)),
            verbs_zh=tuple(_everyday(words_zh, kinds="v")),
            terms_en=tuple(dict.fromkeys(terms_en)),
            terms_zh=tuple(dict.fromkeys(_terms("clinical_zh", _TERMS_ZH))),
        )

    def put_into(self, text: str, spans: list, random: Random) -> tuple[str, list]:
        """Return an example with such words exchanged or put in outside of its identifiers."""
        pieces: list[str] = []
        moved: list[tuple[int, int, str]] = []
        length = at = 0
        for start, end, kind in [*sorted(spans), (len(text), len(text), "")]:
            between = self._outside(text[at:start], random)
            name = text[start:end]
            verbs = ["", ""]
            if kind == "name" and self.verbs_zh and re.fullmatch("[\u3400-\u9fff]{2,4}", name):
                verbs = [random.choice(self.verbs_zh) if random.random() < 0.12 else "" for _ in verbs]
            pieces += [between, verbs[0], name, verbs[1]]
            length += len(between) + len(verbs[0])
            if kind:
                moved.append((length, length + end - start, kind))
            length += end - start + len(verbs[1])
            at = end
        return "".join(pieces), moved

    def _outside(self, text: str, random: Random) -> str:
        def other(match: re.Match[str]) -> str:
            word = match.group()
            if not self.words_en or random.random() > (0.08 if word.islower() or word.isupper() else 0.05):
                return word
            new = random.choice(self.words_en)
            return new if word.islower() else new.upper() if word.isupper() else new.capitalize()

        def more_zh(match: re.Match[str]) -> str:
            x = random.random()
            if x < 0.15 and self.words_zh:
                return match.group() + "".join(
                    random.choice(self.words_zh) for _ in range(random.randint(1, 2))
                )
            if x < 0.22:
                return match.group() + random.choice(self.terms_zh)
            return match.group() + figures(random) + random.choice(",,,。;") if x < 0.25 else match.group()

        def more_en(match: re.Match[str]) -> str:
            x = random.random()
            if 0.05 < x < 0.08 and self.words_en and text[match.start() - 1] == ".":
                return f" {random.choice(self.words_en).capitalize()} {random.choice(self.words_en)} "
            if x > 0.05:
                return match.group()
            term = figures(random) if x < 0.015 else random.choice(self.terms_en)
            case = random.random()
            term = term.lower() if case < 0.15 else term.upper() if case < 0.25 else term
            return f" {term}{random.choice(('', '', ',', '.', ';'))} "

        text = re.sub(r"(?<![A-Za-z'])[A-Za-z]{3,}(?![A-Za-z'])", other, text)
        text = re.sub(r"(?<=[a-z.,;]) (?=[A-Za-z])", more_en, text)
        return re.sub(r"[,。;、:](?=.?[\u3400-\u9fff])", more_zh, text)


def figures(random: Random) -> str:
    """Return a score, a measurement or a count as clinicians write them: no date, no number of anybody."""
    r = random.randint
    return random.choice((
        f"{r(0, 10)}/10", f"{r(0, 5)}/5", f"{r(80, 190)}/{r(40, 110)}", f"x{r(1, 9)}", f"{r(1, 4)}+", f"{r(0, 3)}+/4",
        f"7.{r(10, 55)}/{r(20, 80)}/{r(40, 120)}", f"{r(36, 40)}.{r(0, 9)} {r(55, 130)} {r(12, 30)} {r(90, 180)}/{r(50, 99)}",
        f"{r(96, 103)}.{r(0, 9)} {r(55, 130)} {r(12, 30)} {r(90, 180)}/{r(50, 99)}", f"BP {r(80, 190)}/{r(40, 110)}",
        f"P {r(50, 140)}", f"HR {r(50, 140)}", f"T{r(36, 40)}.{r(0, 9)}", f"SpO2 {r(80, 100)}%", f"{r(1, 30)}:{r(1, 9)}",
        f"GCS {r(3, 15)}", f"E{r(1, 4)}V{r(1, 5)}M{r(1, 6)}", f"G{r(1, 6)}P{r(0, 5)}", f"{r(5, 9)}-{r(7, 10)}-{r(8, 10)}",
        f"{r(1, 12)} mo", f"{r(1, 50)} mg", f"{r(1, 900)}ml", f"q{r(2, 12)}h", f"{r(1, 30)} pk-yr", f"{r(1, 15)}x{r(1, 15)} cm",
        f"{r(1, 15)}×{r(1, 15)}mm", f"{r(20, 80)} mmHg", f"L{r(1, 5)}-{r(2, 5)}", f"C{r(2, 7)}", f"{r(1, 99)}.{r(0, 9)}", f"WBC {r(2, 30)}.{r(0, 9)}",
        f"{r(100, 160)}/{r(2, 6)}.{r(0, 9)}/{r(90, 115)}/{r(15, 32)}", f"INR {r(1, 4)}.{r(0, 9)}", f"#{r(1, 9)}", f"{r(20, 60)}/{r(60, 100)}",
        f"{r(1, 24)} hrs", f"{r(1, 9)}-{r(2, 12)} wks", f"PHQ-9 {r(0, 27)}", f"MEWS {r(0, 9)}", f"EF {r(15, 70)}", f"20/{r(20, 200)}",
    ))  # fmt: skip


def _terms(name: str, lists: tuple[str, ...]) -> list[str]:
    table = tomllib.loads((LISTS / f"{name}.toml").read_text(encoding="utf-8"))
    return [term for each in lists for line in table.get(each, ()) for term in line.split("|")]


def _everyday(file: Path | None, kinds: str = "nviladztrsb") -> list[str]:
    """Return the words of a list that are no names: small letters only, or by the part of speech of a Chinese list."""
    words = []
    for line in file.read_text(encoding="utf-8").splitlines() if file else ():
        word, *rest = line.split(" ")
        kind = rest[-1] if rest and int(rest[0]) >= 30 else "nr"
        small = not rest and word.isascii() and word.isalpha() and word.islower() and len(word) > 2
        listed = kind[:1] in kinds and kind not in {"nr", "ns", "nt", "nz", "nrt", "nrfg"} and len(word) < 5
        if small or listed:
            words.append(word)
    return words
