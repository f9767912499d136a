"""Find names, organisations, places, dates and numbers by a small trained network, on the machine itself.

One model for Chinese and English lies in the wheel (`model/tagger.onnx`, its card in `model/README.md`); it reads
33 characters to each side and knows no key. Works on folded texts; the same text gives the same hits in any company.
"""

import os
import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

import numpy as np

from confide.deid.counted import identifies_nobody
from confide.deid.hits import Hit
from confide.deid.tagger_decode import Floats, spans_in
from confide.deid.tagger_input import PAD, Vocabulary, encode

_FEW_DIGITS: Final = re.compile("[0-9]{3,6}")
_ENDING: Final = re.compile(
    r"(?i)(?:last ?(?:4|four)|\bends?(?: in)?|\bending(?: in)?|\bpin|\bcode)[ :=#]{1,3}$"
)
_HANDLED: Final = re.compile("(?:微信|网名|昵称|账号|QQ|@)")
_SPELLED: Final = re.compile("[零〇幺一二三四五六七八九].*[零〇幺一二三四五六七八九]")
_ASCII: Final = re.compile("[0-9A-Za-z]")
_NO_NAME: Final = re.compile(
    r"[MF]|(?:fe)?male|[0-9.,/-]+|男|女|性别|年龄|床号|科室|科别|病区", re.IGNORECASE
)
_CELL: Final = re.compile(r"\S+(?:\s\S+)*")
_WIDE_NAME: Final = re.compile(
    "[\u3400-\u9fff] {2,4}(?![男女])(?:[\u3400-\u9fff]{1,2}|[\u3400-\u9fff] {2,4}(?![男女])[\u3400-\u9fff])"
)
_LED_BY_HAN: Final = re.compile("[\u3400-\u9fff][0-9]{2}")  # 见00471; a plate has a letter behind its Han
RADIUS: Final = 33  # how far the network sees; a gap of so many zeros keeps neighbours apart
_PIECE: Final = 16_384
_LEAST: Final = 0.3  # a span less probable than this is no hit
_LEAST_LATIN: Final = (
    0.8  # nor one that begins with a Latin letter: below, five letters identified nobody for one that did
)
_SURE: Final = 0.9
_BOLDEST: Final = 0.69  # its probabilities are bold: what a rule found surely keeps the rule's class


def find_tagged(texts: Sequence[str]) -> list[list[Hit]]:
    """Return the hits of the network in each folded text.

    Guarantee: what is found in a text depends on nothing but the text.

    >>> text = "患者张建军因胸痛入院,主管医生刘婷。"
    >>> [text[hit.start:hit.end] for hit in find_tagged([text])[0]]
    ['张建军', '刘婷']
    """
    found: list[list[Hit]] = [[] for _ in texts]
    for row in _rows(texts):
        spans = spans_in(*_scores([texts[i][start:end] for i, start, end in row]))
        for (i, start, end), several in zip(row, spans, strict=True):
            text = texts[i][start:end]
            for span in several:
                if span[3] >= _least(text, span):
                    cells = [_hit(text, start, *cell) for cell in _cells(text, *span)]
                    hits = [
                        part
                        for hit in cells
                        if hit.start < hit.end
                        for part in _apart(texts[i], _renamed(texts[i], hit))
                    ]
                    found[i] += [hit for hit in hits if not identifies_nobody(texts[i], hit)]
    return found


def _least(text: str, span: tuple[int, int, str, float]) -> float:
    return _LEAST_LATIN if "A" <= text[span[0]] <= "z" else _LEAST


def _cells(
    text: str, start: int, end: int, kind: str, probability: float
) -> list[tuple[int, int, str, float]]:
    """Return a find as it is, or cell by cell where two blanks part it; of a doubtful one the first cell alone.

    >>> [_cells(text, 0, len(text), "name", 0.95) for text in ("王  芳", "王芳  男", "Abbas, H  T. Nguyen")]
    [[(0, 4, 'name', 0.95)], [(0, 2, 'name', 0.95)], [(0, 8, 'name', 0.95), (10, 19, 'name', 0.95)]]
    """
    value = text[start:end]
    if "  " not in value or (kind == "name" and _WIDE_NAME.fullmatch(value)):
        return [(start, end, kind, probability)]
    cells = [
        (start + cell.start(), start + cell.end(), kind, probability)
        for cell in _CELL.finditer(value)
        if not (_NO_NAME.fullmatch(cell.group()) if kind == "name" else cell.group() in "男女")
    ]
    return cells if probability >= _SURE else cells[:1]


def _hit(text: str, offset: int, start: int, end: int, kind: str, probability: float) -> Hit:
    """Make a hit of a span: never half of a word or number, no key before it. It may be empty: 阿:.

    Its score is never as high as that of a rule that is sure.
    """
    value = text[start:end].rstrip(": ")
    end = start + len(value)
    if kind != "other-id":
        start += value.rfind(":") + 1
    elif _LED_BY_HAN.match(value):
        start += 1
    if start == end:
        return Hit(offset + start, offset + end, kind, 0.0, f"tagger:{kind}")
    while start > 0 and _go_together(text[start - 1 : start + 1]):
        start -= 1
    while end < len(text) and _go_together(text[end - 1 : end + 1]):
        end += 1
    is_handle = probability >= _SURE and _HANDLED.search(text, max(0, start - 10), start)  # 静静的妈妈
    if kind == "other-id" and (_ASCII.search(value) or not (is_handle or _SPELLED.search(value))):
        while end > start + 1 and not (text[end - 1].isascii() and text[end - 1].isalnum()):
            end -= 1
    return Hit(offset + start, offset + end, kind, score_of(probability), f"tagger:{kind}")


def score_of(probability: float) -> float:
    """Return the score of a guess that is so probable: never as high as that of a rule that is sure."""
    return round(_BOLDEST * probability, 3)


def _renamed(text: str, hit: Hit) -> Hit:
    """Return a guess at a date as a number where it is the end of one: VIN ends 0312.

    >>> _renamed("VIN ends 0312", Hit(9, 13, "date", 0.6, "tagger:date")).type
    'other-id'
    """
    if (
        hit.type == "date"
        and _ENDING.search(text, max(0, hit.start - 12), hit.start)
        and _FEW_DIGITS.fullmatch(text, hit.start, hit.end)
    ):
        return hit._replace(type="other-id", found_by="tagger:other-id")
    return hit


def _apart(text: str, hit: Hit) -> list[Hit]:
    """Return a name as it is, or as several: after a comma without a blank another one begins."""
    commas = [i for i in range(hit.start + 1, hit.end - 1) if text[i] == "," and not text[i + 1].isspace()]
    if hit.type != "name" or not commas:
        return [hit]
    starts, ends = [hit.start, *(i + 1 for i in commas)], [*commas, hit.end]
    return [
        hit._replace(start=start, end=end) for start, end in zip(starts, ends, strict=True) if start < end
    ]


def _go_together(pair: str) -> bool:
    return pair.isascii() and (pair.isalpha() or pair.isdigit())


def _rows(texts: Sequence[str]) -> Iterator[list[tuple[int, int, int]]]:
    """Yield rows of pieces (text, start, end), about `_PIECE` characters to a row."""
    row: list[tuple[int, int, int]] = []
    length = 0
    for i, text in enumerate(texts):
        for start, end in _pieces(text):
            if row and length + end - start > _PIECE:
                yield row
                row, length = [], 0
            row.append((i, start, end))
            length += end - start + RADIUS
    if row:
        yield row


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of pieces of a text, cut behind a line, a sentence or a word where there is one."""
    start = 0
    while len(text) - start > _PIECE:
        limit = start + _PIECE
        cuts = (text.rfind(mark, start + _PIECE // 2, limit) + 1 for mark in ("\n", "。", ". ", " "))
        end = next((cut for cut in cuts if cut), limit)
        yield start, end
        start = end
    if text[start:].strip():
        yield start, len(text)


def _scores(pieces: Sequence[str]) -> tuple[Floats, list[tuple[int, int]]]:
    """Return the scores of a row, shape (places, labels), and where in it each piece stands: all go through at once."""
    gap = "\n" * RADIUS  # between them no word and no pair of Han goes on
    characters, words = encode(gap + gap.join(pieces) + gap, vocabulary())
    starts = [RADIUS]
    for piece in pieces:
        starts.append(starts[-1] + len(piece) + RADIUS)
    for start in starts:
        characters[start - RADIUS : start] = PAD
    scores = _session(os.getpid()).run(None, {"characters": characters[None], "words": words[None]})[0][0]
    return scores, [(at, at + len(piece)) for at, piece in zip(starts, pieces, strict=False)]


@cache
def vocabulary() -> Vocabulary:
    """Return the words that the network knows."""
    with files(__package__).joinpath("model", "tagger.npz").open("rb") as file:
        arrays = np.load(file)
        return Vocabulary(arrays["keys"], arrays["numbers"])


@lru_cache(maxsize=1)
def _session(process: int) -> Any:
    """Load the network, once in each process: a session is not made to be forked."""
    import onnxruntime  # when first needed: most commands never do

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = (
        1  # processes share the machine, not threads
    )
    options.enable_mem_pattern = False  # every text has another length
    options.log_severity_level = 3
    model = files(__package__).joinpath("model", "tagger.onnx").read_bytes()
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
