"""Read the open texts that carriers come from; only their training parts. Knows no identifier."""

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

csv.field_size_limit(1 << 24)


def _rows(path: Path, encoding: str = "utf-8") -> Iterator[dict[str, str]]:
    if path.exists():
        with gzip.open(path) as file:
            yield from csv.DictReader(io.TextIOWrapper(file, encoding, errors="replace", newline=""))


def zh_texts(corpus: Path) -> Iterator[str]:
    """Return questions and answers of a consultation site, and passages of de-identified records."""
    for row in _rows(corpus / "zh-medical-dialogue" / "internal_medicine_sample.csv.gz", "gb18030"):
        yield row["ask"] or ""
        yield row["answer"] or ""
    path = corpus / "cEHRNER" / "train.jsonl.gz"
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)["text"]


def en_texts(corpus: Path) -> Iterator[str]:
    """Return visit dialogues, clinical notes and abstracts."""
    for row in _rows(corpus / "mts-dialog" / "train.csv.gz"):
        yield row["section_text"]
        yield row["dialogue"]
    for row in _rows(corpus / "aci-bench" / "train.csv.gz"):
        yield row["note"]
        yield row["dialogue"]
    for row in _rows(corpus / "mtsamples-subset" / "mtsamples_10pct.csv.gz"):
        yield row["text"]
    for name in ("NCBI-disease.train", "BC5CDR.train"):
        yield from _iob(corpus / "bio-ner" / f"{name}.tsv.gz")


def _iob(path: Path) -> Iterator[str]:
    if not path.exists():
        return
    words: list[str] = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            if line.strip():
                words.append(line.split("\t")[0])
            elif words:
                yield re.sub(r" ([,.;:)\]%])|([(\[]) ", r"\1\2", " ".join(words))
                words = []
