"""Make labelled Chinese and English documents for the tagger: `python training/corpus.py --help`.

Guarantee: the same seed, split and lists give the same examples; every span lies on the value that was drawn
for it; splits share no template, no surname and no hospital. Real patients appear nowhere.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from training.carriers import SLOT, carriers
from training.generators import EN, ZH
from training.grammar import Draw, Grammar, Node, Piece, read_rules
from training.noise import Span, assembled, cut, folded, in_traditional, spoil, wrapped
from training.peopled import OPEN, peopled
from training.written import again, papers

GRAMMAR = Path(__file__).parent / "grammar"
PAPER = "doc.paper."  # whole papers of a named kind; "trad" in the name: in traditional characters
SPLITS = ("train", "held", "all")
WRITTEN = 0.5  # of the examples are papers written out by hand, with other values; none of the held ones
OFTEN = {
    "plain": 5,
    "carried": 7,
    "near": 6,
    "note": 4,
    "ward": 3,
    "card": 3,
    "sheet": 3,
    "list": 2,
    "post": 4,
    "memo": 2,
    "message": 3,
    "sparse": 6,
    "general": 4,
    "story": 5,
    "form": 3,
    "dialogue": 2,
    "quiet": 2,
    "paper.prose": 4,
    "paper.quiet": 4,
    "paper.sheet": 3,
    "paper.chat": 2,
    "paper.narrative": 5,
    "paper.dictated": 2,
    "paper.negonly": 5,
    "paper.mixed": 4,
    "paper.trad": 2,
    "paper.b_prose1": 3,
    "paper.b_prose2": 3,
    "paper.b_quiet1": 4,
    "paper.b_quiet2": 4,
    "paper.b_quiet3": 3,
    "paper.b_quiet4": 2,
    "paper.b_quiet5": 4,
    "paper.b_quiet6": 4,
}  # others 1


@dataclass(frozen=True, slots=True)
class Example:
    """A text, the identifiers in it as (start, end, type), and where it comes from."""

    text: str
    spans: tuple[Span, ...]
    language: str
    style: str


@cache
def grammar(language: str, split: str, corpus: Path | None) -> Grammar:
    """Compile the rules of a language and split, with its carrier sentences if there is a corpus."""
    parts = {"train": ("train",), "held": ("held",), "all": ("train", "held")}[split]
    rules = read_rules(
        *(p for part in ("common", *parts) for p in sorted(GRAMMAR.glob(f"{language}_{part}*.txt")))
    )
    real = carriers(corpus, language, split)
    slots = ZH if language == "zh" else EN
    compiled = Grammar({"carrier": ["{plain}"]} | rules, slots)
    if real:
        compiled.rules["carrier"][:] = [_real(real, compiled, language)]
    return compiled


def _real(sentences: list[str], rules: Grammar, language: str) -> Node:
    """Return what writes one to three real sentences that stand together, their slots filled."""
    with_slot = [place for place, sentence in enumerate(sentences) if OPEN in sentence]
    fitting = [
        i for i, s in enumerate(sentences) if OPEN not in s and OPEN in peopled(s, language, Random(i))
    ]

    def run(draw: Draw) -> None:
        start = draw.random.randrange(len(sentences))
        x = draw.random.random()
        if with_slot and x < 0.15:
            start = draw.random.choice(with_slot)
        elif fitting and x < 0.5:
            start = draw.random.choice(fitting)
        for sentence in sentences[start : start + draw.random.choice((1, 1, 2, 3))]:
            if 0.15 < x < 0.5:
                sentence = peopled(sentence, language, draw.random)
            for i, part in enumerate(SLOT.split(sentence)):
                if i % 2:
                    rules.fill(part, draw)
                elif part:
                    draw.out.append((part, None))

    return run


def examples(
    n: int, *, seed: int, split: str, language: str, corpus: Path | None = None
) -> Iterator[Example]:
    """Yield n labelled documents or fragments of a split, the same ones for the same seed."""
    rules = grammar(language, split, corpus)
    names = sorted(name for name in rules.rules if name.startswith("doc."))
    styles = [name for name in names for _ in range(_share(name, names))]
    random = Random(f"{seed} {split} {language}")
    written = [] if split == "held" else papers(language)
    for _ in range(n):
        if written and random.random() < WRITTEN:
            pieces = again(random.choice(written), random, language, split)
            yield _spoilt(random, pieces, "written", language)
        else:
            yield _example(random, rules, random.choice(styles), split, language)


def _share(name: str, names: list[str]) -> int:
    """Return how often a document is drawn; the papers, which are long, half as often."""
    papers = any(other.startswith(PAPER) for other in names)
    return OFTEN.get(name[4:], 1) * (2 if papers and not name.startswith(PAPER) else 1)


def _example(random: Random, rules: Grammar, style: str, split: str, language: str) -> Example:
    draw = Draw(random, split)
    pieces = rules.expand(style, draw)
    if style.startswith(PAPER):
        if "trad" in style:
            pieces = in_traditional(pieces)
        if random.random() < 0.12:
            pieces = folded(pieces, random.randint(12, 44))
    return _spoilt(random, pieces, style[4:], language)


def _spoilt(random: Random, pieces: list[Piece], style: str, language: str) -> Example:
    text, spans = assembled(spoil(pieces, random, language))
    if random.random() < 0.12:
        text, spans = wrapped(text, spans, random.randint(30, 90))
    x = random.random()
    if x < 0.3 and len(text) > 40:
        start = random.randrange(len(text) - 20)
        text, spans = cut(text, spans, start, min(len(text), start + random.randint(20, 400)))
    return Example(text, spans, language, style)


def write(path: Path, characters: int, *, seed: int, split: str, language: str, corpus: Path | None) -> int:
    """Write examples as compressed JSON lines until there are that many characters; return how many."""
    total = written = 0
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=5) as file:
        for example in examples(1 << 60, seed=seed, split=split, language=language, corpus=corpus):
            row = {"text": example.text, "spans": example.spans, "language": language, "style": example.style}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            total += len(example.text)
            written += 1
            if total >= characters:
                return written
    return written


def main() -> None:
    """Write one file of examples."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--characters", type=int, default=20_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument("--language", choices=("zh", "en"), required=True)
    parser.add_argument(
        "--corpus", type=Path, help="folder of the open texts; without it, own sentences only"
    )
    a = parser.parse_args()
    n = write(a.out, a.characters, seed=a.seed, split=a.split, language=a.language, corpus=a.corpus)
    print(f"{n} examples in {a.out}")


if __name__ == "__main__":
    main()
