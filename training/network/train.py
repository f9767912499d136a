r"""Train the tagger on files of `training/corpus.py` and write it, with its vocabulary, as a torch file.

    python training/network/train.py --train build/train-zh.jsonl.gz build/train-en.jsonl.gz \\
        --held build/held-zh.jsonl.gz build/held-en.jsonl.gz --minutes 60 --out build/tagger.pt

Seeded; runs on one core, on several or on a GPU. `training/network/export.py` makes the file that is shipped.
"""

import argparse
import gzip
import json
import re
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import torch
from model import RADIUS, Tagger
from torch import nn

sys.path.append(str(Path(__file__).parents[2] / "src"))
from strange import Strange

from confide.deid.fold import fold
from confide.deid.tagger_decode import LABELS, TYPES
from confide.deid.tagger_input import (
    BOTH,
    EVERYDAY,
    FIRST,
    GIVEN_TO_PEOPLE,
    Vocabulary,
    characters,
    encode,
    n_characters,
    word_keys,
)

CROP = 384
ROUNDED_FROM = 0.65  # of the training: from here on as in the file that is shipped


def examples(files: list[Path]):
    """Yield folded text and spans of each example of the files; spans that fold moves are moved with it."""
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                example = json.loads(line)
                folded = fold(example["text"])
                spans = example["spans"]
                if folded.origin is not None:
                    place = {o: i for i, o in reversed(list(enumerate(folded.origin)))}
                    ends = {o + 1: i + 1 for i, o in enumerate(folded.origin)}
                    spans = [(place.get(a), ends.get(b), t) for a, b, t in spans]
                    spans = [s for s in spans if s[0] is not None and s[1] is not None and s[0] < s[1]]
                yield folded.text, spans, example["style"]


def labels_of(text: str, spans) -> np.ndarray:
    """Return BIOES labels, one byte per character; 0 is outside."""
    labels = np.zeros(len(text), np.uint8)
    for start, end, kind in spans:
        base = 1 + 4 * TYPES.index(kind)
        if end - start == 1:
            labels[start] = base + 3
        else:
            labels[start], labels[start + 1 : end - 1], labels[end - 1] = base, base + 1, base + 2
    return labels


def vocabulary_of(files: list[Path], least: int, most: int, strange: Strange, names: set[str]) -> Vocabulary:
    """Return the words and pairs of Han that stand often enough elsewhere than in names: a name shall be a stranger.

    The other words and two-character words of the dictionaries share one number, the names of a census another; a
    name has a number of its own only where it is a clinical word, or an everyday one that is often no name.
    """
    count: Counter[int] = Counter()
    pieces: list[str] = []
    for text, spans, _ in examples(files):
        for start, end, kind in spans:
            if kind == "name":
                text = text[:start] + "\0" * (end - start) + text[end:]
        pieces.append(text)
        if len(pieces) == 2000:
            _count(count, "\n".join(pieces))
            pieces = []
    _count(count, "\n".join(pieces))
    everyday, clinical, people = (
        {int(word_keys(word)[1][0]) for word in words if word.isascii() or len(word) == 2}
        for words in (
            [*strange.words_en, *strange.words_zh],
            [word for term in strange.terms_en for word in re.findall("[A-Za-z]{3,}", term)],
            names,
        )
    )
    often = {key: 200 if key in everyday else 1 << 62 for key in people - clinical}
    own = [key for key, n in count.most_common(2 * most) if n >= often.get(key, least)][:most]
    numbers = {key: FIRST + i for i, key in enumerate(own)}
    for keys, number in ((people & everyday, BOTH), (people, GIVEN_TO_PEOPLE), (everyday, EVERYDAY)):
        for key in keys:
            numbers.setdefault(key, number)
    keys = np.array(sorted(numbers), np.uint64)
    return Vocabulary(keys, np.array([numbers[int(key)] for key in keys], np.int32))


def _count(count: Counter[int], text: str) -> None:
    keys = word_keys(text)[1]
    starts = np.flatnonzero((keys > 24) & (keys != np.concatenate([[0], keys[:-1]]).astype(np.uint64)))
    values, n = np.unique(keys[starts], return_counts=True)
    count.update(dict(zip(values.tolist(), n.tolist(), strict=True)))


def load(
    files: list[Path], vocabulary: Vocabulary, repeat=None, strange: Strange | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return one long row each of characters, words and labels; examples stand apart by a gap of zeros.

    `repeat` says how often the examples of a style stand in the row: real text is rare, and mostly no identifier.
    """
    rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    gap = RADIUS // 2
    random = Random(7)
    for text, spans, style in examples(files):
        if strange:
            text, spans = strange.put_into(text, spans, random)
        c, w = encode(text, vocabulary)
        pad = np.zeros(gap, np.uint8)
        labels = np.concatenate([labels_of(text, spans), pad + 255])
        row = np.concatenate([c.astype(np.uint16), pad]), np.concatenate([w, pad]), labels
        rows += [row] * (repeat or {}).get(style, 1)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(rows))
    return tuple(np.concatenate([rows[i][k] for i in order]) for k in range(3))


def start_of(path: Path) -> dict:
    """Return what an earlier training left, or what is shipped in a folder."""
    if not path.is_dir():
        return torch.load(path, weights_only=False)
    from shipped import shipped  # onnx is asked for by who starts from a shipped one alone

    return shipped(path)


def carried_over(began, vocabulary: Vocabulary) -> torch.Tensor:
    """Return the table of words of an earlier training, in the order of this vocabulary."""
    old, keys, numbers = began["net"]["word.weight"], began["keys"], began["numbers"]
    table = torch.zeros(len(vocabulary), old.shape[1])
    table[:FIRST] = old[:FIRST]
    at = np.minimum(np.searchsorted(keys, vocabulary.keys), len(keys) - 1)
    there = (keys[at] == vocabulary.keys) & (vocabulary.numbers >= FIRST)
    table[vocabulary.numbers[there]] = old[numbers[at[there]]]
    return table


def batches(data, size: int, rng: np.random.Generator):
    """Yield random crops for ever.

    So that places decide and not only lists of names, some words are hidden, more of them inside of identifiers, and
    in some crops the letters of names are exchanged for others of their kind. In half of the crops so are a few
    letters where nothing identifies, so that no sentence is learnt by heart.
    """
    c, w, y = data
    offsets, alike = np.arange(CROP), kinds()
    while True:
        at = rng.integers(0, len(c) - CROP, size)[:, None] + offsets
        chars, words, labels = c[at].astype(np.int64), w[at].astype(np.int64), y[at].astype(np.int64)
        hide = rng.random(at.shape) < np.where((labels > 0) & (labels < 255), 0.4, 0.12)
        begins = np.diff(words, axis=1, prepend=-1) != 0
        hide = np.take_along_axis(
            hide, np.maximum.accumulate(begins * offsets, axis=1), axis=1
        )  # whole words
        new = (labels >= 1) & (labels <= 4) & (rng.random((size, 1)) < 0.3)
        for kind in alike:
            there = new & np.isin(chars, kind)
            chars[there] = rng.choice(kind, int(there.sum()))
        strange = (labels == 0) & (rng.random(at.shape) < 0.03) & (rng.random((size, 1)) < 0.5)
        for kind in alike:
            there = strange & np.isin(chars, kind)
            chars[there] = rng.choice(kind, int(there.sum()))
        hide |= strange | new | np.roll(new, -1, axis=1)  # a pair of Han stands at its first
        words[hide & (words > 24)] = 0
        yield chars, words, labels


def kinds() -> list[np.ndarray]:
    """Return the numbers of characters that may stand for each other: Han, vowels and consonants, small and large."""
    numbers = characters()
    groups = ["aeiou", "bcdfghjklmnpqrstvwyz", "AEIOU", "BCDFGHJKLMNPQRSTVWYZ"]
    return [
        numbers[0x4E00:0xA000][numbers[0x4E00:0xA000] > 5],
        *(numbers[[ord(c) for c in g]] for g in groups),
    ]


def evaluate(net: nn.Module, data, device) -> dict[str, float]:
    """Return, in characters: recall and precision of identifiers, and recall of names."""
    c, w, y = data
    n = len(c) // 2048 * 2048
    hit = gold = found = name = name_gold = 0
    net.eval()
    with torch.no_grad():
        for at in range(0, n, 2048 * 16):
            piece = slice(at, min(n, at + 2048 * 16))
            shape = (-1, 2048)
            x = [torch.from_numpy(a[piece].astype(np.int64)).reshape(shape).to(device) for a in (c, w)]
            guess = net(*x).argmax(-1).cpu().numpy().ravel()
            truth = y[piece]
            real = truth < 255
            g, t = (guess > 0) & real, (truth > 0) & real
            hit += (g & t).sum()
            gold += t.sum()
            found += g.sum()
            names = t & (truth <= 4)
            name += (g & names).sum()
            name_gold += names.sum()
    net.train()
    return {"recall": hit / max(gold, 1), "precision": hit / max(found, 1), "names": name / max(name_gold, 1)}


def main() -> None:
    """Train until the time is over; print the held-out figures as it goes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--train", type=Path, nargs="+", required=True)
    parser.add_argument("--held", type=Path, nargs="+", required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument(
        "--steps", type=int, help="instead of --minutes: reproducible to the bit on one machine"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--width", type=int, default=96)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--repeat", nargs="*", default=["plain=5", "carried=5"], help="STYLE=TIMES")
    parser.add_argument("--words-en", type=Path, help="a list of words, such as SCOWL's (Debian wamerican)")
    parser.add_argument(
        "--words-zh", type=Path, help="words with frequency and part of speech, such as jieba's"
    )
    parser.add_argument(
        "--names",
        type=Path,
        nargs="*",
        default=[],
        help="lists of names of people, such as those of a census",
    )
    parser.add_argument(
        "--start",
        type=Path,
        help="go on from this file, or from the folder of a shipped tagger, with words that it does not know at nought",
    )
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    began = start_of(options.start) if options.start else None
    repeat = {style: int(n) for style, n in (pair.split("=") for pair in options.repeat)}
    strange = Strange.read(options.words_en, options.words_zh)
    names = {
        line.split()[0].lower() for file in options.names for line in file.read_text().splitlines() if line
    }
    vocabulary = vocabulary_of(options.train, least=4, most=80_000, strange=strange, names=names)
    data = load(options.train, vocabulary, repeat, strange)
    held = {file.name: load([file], vocabulary) for file in options.held}
    print(f"{len(data[0]) / 1e6:.1f} M characters, {len(vocabulary)} words", flush=True)
    net = Tagger(n_characters(), len(vocabulary), len(LABELS), options.width).to(device)
    if began:
        net.load_state_dict(began["net"] | {"word.weight": carried_over(began, vocabulary)})

    def moving(mean, new, n):
        return mean + (new - mean) * max(0.002, 1 / (n + 1))

    mean = torch.optim.swa_utils.AveragedModel(net, avg_fn=moving)
    tables = [*net.character.parameters(), *net.word.parameters()]
    rest = [p for p in net.parameters() if all(p is not t for t in tables)]
    top = options.rate
    optimizer = torch.optim.AdamW(
        [{"params": tables, "weight_decay": 0.0}, {"params": rest, "weight_decay": 0.01}],
        lr=top,
        betas=(0.9, 0.98),
    )
    stream = batches(data, 24, np.random.default_rng(options.seed))
    start, step, told, done = time.monotonic(), 0, 0.0, 0.0
    while done < 1:
        done = step / options.steps if options.steps else (time.monotonic() - start) / (60 * options.minutes)
        rate = top * min(1, (step + 1) / 200) * min(1, max(0.02, (1 - done) / 0.7))
        for group in optimizer.param_groups:
            group["lr"] = rate
        net.rounds = done > ROUNDED_FROM
        c, w, y = (torch.from_numpy(a).to(device) for a in next(stream))
        with torch.autocast(device, dtype=torch.bfloat16):
            scores = net(c, w).float()
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), y.flatten(), ignore_index=255)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        mean.update_parameters(net)
        step += 1
        if time.monotonic() - told > 60 or done >= 1:
            told = time.monotonic()
            figures = {
                name: {k: round(float(v), 4) for k, v in evaluate(mean.module, rows, device).items()}
                for name, rows in held.items()
            }
            print(f"{step} steps, {done:.0%}, loss {loss.item():.4f}", figures, flush=True)
            torch.save(
                {
                    "net": mean.module.state_dict(),
                    "keys": vocabulary.keys,
                    "numbers": vocabulary.numbers,
                    "width": options.width,
                },
                options.out,
            )


if __name__ == "__main__":
    main()
