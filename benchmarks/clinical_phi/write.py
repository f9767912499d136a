"""Write the benchmark: notes.jsonl and gold.jsonl, the same bytes for the same seed.

Usage: python benchmarks/clinical_phi/write.py [--out FOLDER] [--seed N] [--per-style N]
Ten styles, five per language; the styles named "held" are for the last look, not for tuning.
"""

import argparse
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import carriers_en_academic
import carriers_en_community
import carriers_en_group
import carriers_en_held
import carriers_en_letters
import carriers_zh_county
import carriers_zh_group
import carriers_zh_held
import carriers_zh_letters
import carriers_zh_tertiary
import words_zh
from case_en import case_en
from case_zh import case_zh
from compose import Case, Piece, full_width, join, mapped, mistyped, wrapped

SEED, PER_STYLE = 20261121, 180
STYLES = {
    ("zh", "tertiary"): carriers_zh_tertiary, ("zh", "county"): carriers_zh_county,
    ("zh", "letters"): carriers_zh_letters, ("zh", "group"): carriers_zh_group,
    ("zh", "held"): carriers_zh_held,
    ("en", "academic"): carriers_en_academic, ("en", "community"): carriers_en_community,
    ("en", "letters"): carriers_en_letters, ("en", "group"): carriers_en_group,
    ("en", "held"): carriers_en_held,
}  # fmt: skip
# What is done to a note, in shares of a hundred; the rest stays plain.
NOISE = {
    "zh": {"full-width": 12, "traditional": 12, "spaced": 10, "wrapped": 9, "typos": 9, "look-alike": 3},
    "en": {"upper": 15, "lower": 12, "typos": 11, "wrapped": 10, "split": 6, "full-width": 2},
}
_COUNT = re.compile(r"(\w+)\*(\d+)-(\d+)")


def notes(seed: int = SEED, per_style: int = PER_STYLE) -> Iterator[dict[str, Any]]:
    """Yield the notes with their gold; every note has a generator of its own, so any one can be remade."""
    for (language, style), carriers in STYLES.items():
        for i in range(per_style):
            rng = random.Random(f"{seed}/{language}/{style}/{i}")
            document = carriers.DOCUMENTS[i % len(carriers.DOCUMENTS)]
            ages = getattr(carriers, "AGES", {}).get(document[0], (18, 89))
            woman = document[0] in getattr(carriers, "WOMEN", ())
            case = (case_zh if language == "zh" else case_en)(rng, style, carriers.POOLS, ages, woman=woman)
            noise = _noise(rng, language)
            pieces = _noisy(_document(case, document, carriers.POOLS), noise, language, rng)
            yield {"id": f"{language}-{style}-{i:03d}", "language": language, "style": style,
                   "held": style == "held", "noise": noise, **join(pieces)}  # fmt: skip


def _document(case: Case, document: Sequence[str], pools: Mapping[str, Sequence[str]]) -> list[Piece]:
    pieces: list[Piece] = []
    for section in document:
        many = _COUNT.fullmatch(section)
        name, low, high = many.groups() if many else (section, "1", "1")
        options = pools[name]
        chosen = sorted(
            case.rng.sample(range(len(options)), min(len(options), case.rng.randint(int(low), int(high))))
        )
        if pieces and pieces[-1].text[-1:] not in ("\n", " "):
            pieces.append(Piece("\n"))
        for i in chosen:
            pieces += case.write(options[i])
    return pieces


def _noise(rng: random.Random, language: str) -> str:
    draw = rng.randrange(100)
    for name, share in NOISE[language].items():
        if draw < share:
            return name
        draw -= share
    return "plain"


def _noisy(pieces: list[Piece], noise: str, language: str, rng: random.Random) -> list[Piece]:
    """Apply one kind of noise; only characters within a piece change, so marks stay where they are."""
    if noise == "full-width":
        return mapped(pieces, full_width)
    if noise == "traditional":
        return mapped(pieces, lambda text: text.translate(words_zh.TRADITIONAL))
    if noise == "upper":
        return mapped(pieces, str.upper)
    if noise == "lower":
        return mapped(pieces, str.lower)
    if noise == "wrapped":
        return wrapped(pieces, 72 if language == "en" else rng.choice((24, 30, 36)), words=language == "en")
    if noise == "typos" and language == "en":
        carrier = mapped(pieces, lambda text: mistyped(text, rng, 0.02), marks="text")
        return [_mistyped_name(piece, rng) for piece in carrier]
    if noise == "typos":
        return mapped(
            pieces, lambda text: mistyped(text.translate(words_zh.HOMOPHONES), rng, 0.01), marks="text"
        )
    if noise == "look-alike":
        return [
            Piece(p.text.replace("0", "O").replace("1", "l"), p.mark, p.label) if p.label == "phone" else p
            for p in pieces
        ]
    if noise in ("spaced", "split"):
        return [_split_name(piece, noise, rng) for piece in pieces]
    return pieces


def _mistyped_name(piece: Piece, rng: random.Random) -> Piece:
    if piece.label in ("name", "staff", "kin") and len(piece.text) > 5:
        return Piece(mistyped(piece.text, rng, 0.04), piece.mark, piece.label)
    return piece


def _split_name(piece: Piece, noise: str, rng: random.Random) -> Piece:
    """Put a space or a line break into a name: 张 伟, McAl-newline-ister."""
    if piece.label not in ("name", "staff", "kin") or rng.random() < 0.3:
        return piece
    if noise == "spaced" and not piece.text.isascii():
        return Piece(rng.choice((" ", " ", "\u3000", "\n")).join(piece.text), piece.mark, piece.label)
    if noise == "split" and len(piece.text) > 7:
        at = len(piece.text) // 2
        if piece.text[at].isalpha() and piece.text[at - 1].isalpha():
            return Piece(f"{piece.text[:at]}-\n{piece.text[at:]}", piece.mark, piece.label)
        return Piece(piece.text.replace(" ", "\n", 1), piece.mark, piece.label)
    return piece


def write(folder: Path, seed: int = SEED, per_style: int = PER_STYLE) -> int:
    """Write both files and return the number of notes; a line of each belongs to the same note."""
    folder.mkdir(parents=True, exist_ok=True)
    gold_keys = ("id", "spans", "either", "hard")
    made = list(notes(seed, per_style))
    for name, keep in (
        ("notes.jsonl", lambda k: k not in gold_keys[1:]),
        ("gold.jsonl", lambda k: k in gold_keys),
    ):
        lines = [json.dumps({k: v for k, v in note.items() if keep(k)}, ensure_ascii=False) for note in made]
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(made)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/clinical_phi"))
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--per-style", type=int, default=PER_STYLE)
    asked = parser.parse_args()
    print(f"{write(asked.out, asked.seed, asked.per_style)} notes in {asked.out}")
