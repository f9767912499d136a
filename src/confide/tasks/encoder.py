"""What a public encoder makes of a text: one frozen vector for each token, from a folder that the hospital has.

Guarantee: the vectors of a text follow from that text and the encoder's files alone: nothing is batched, learnt or fetched.
So a layer over them is all that patients teach, and what they cost is that layer's. An encoder that was taught by the
same patients would break this, and nothing here can tell. Torch and transformers are loaded where it reads.
"""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from confide.errors import InvalidInput
from confide.tasks.tokens import Places, places_of
from confide.types import Json

Vectors = NDArray[np.floating[Any]]
_LONE = re.compile("[\ud800-\udfff]")  # no tokenizer takes them
_NORM = 4.0  # of a token's vector
_TOKENS = 128  # of ours that are read at once
_PARTS = frozenset({".bin", ".json", ".model", ".safetensors", ".txt"})


class Encoder:
    """A model of transformers as it lies in a folder, and its words."""

    def __init__(self, tokenizer: Any, model: Any) -> None:
        """Take what `encoder_in` has read."""
        self._tokenizer, self._model = tokenizer, model
        self.width = int(model.config.hidden_size)

    def read(self, text: str, places: Places) -> Vectors:
        """Return a vector of norm 4 for each of our tokens, in half precision; zero where the encoder has no word.

        Taken from the middle layer, which tells most of what kind of thing a word is (Tenney, Das, Pavlick 2019, "BERT
        Rediscovers the Classical NLP Pipeline").

        Args:
            text: of one piece, in full.
            places: of its tokens, see `confide.tasks.tokens.places_of`.
        """
        return self._whole(text, places, 0.5).astype(np.float16)

    def vector(self, text: str) -> Vectors:
        """Return the mean over a text's tokens in the last layer, of length 1; zero for an empty text."""
        total: Vectors = self._whole(text, places_of(text), 1.0).sum(axis=0)
        return total / max(float(np.linalg.norm(total)), 1e-9)

    def _whole(self, text: str, places: Places, depth: float) -> Vectors:
        found = [self._part(text, places[at : at + _TOKENS], depth) for at in range(0, len(places), _TOKENS)]
        return np.concatenate([np.zeros((0, self.width), np.float32), *found])

    def _part(self, text: str, places: Places, depth: float) -> Vectors:
        """Return the vectors of at most `_TOKENS` tokens, read by themselves, from so deep in the encoder."""
        import torch

        first = places[0][0]
        part = _LONE.sub("\ufffd", text[first : places[-1][1]])
        inputs = self._tokenizer(part, truncation=True, return_tensors="pt", return_offsets_mapping=True)
        spans = inputs.pop("offset_mapping")[0].numpy() + first
        with torch.no_grad():
            layers = self._model(**inputs, output_hidden_states=True).hidden_states
        hidden = torch.nn.functional.layer_norm(
            layers[round(depth * (len(layers) - 1))][0].float(), (self.width,)
        ).numpy()
        hidden *= _NORM / self.width**0.5
        words = np.flatnonzero(spans[:, 1] > spans[:, 0])  # the others are marks of the encoder's own
        found = np.zeros((len(places), self.width), np.float32)
        for row, (start, end) in zip(found, places, strict=True):
            over = words[(spans[words, 0] < end) & (spans[words, 1] > start)]
            if len(over):
                row[:] = hidden[over].mean(axis=0)
        return found


def constants_of(folder: str | None) -> Json:
    """Return what a plan says of its encoder beside the folder: nothing without one. Raises as `sha256_of`."""
    return {} if folder is None else {"encoder_sha256": sha256_of(folder)}


def sha256_of(folder: str) -> str:
    """Return what an encoder is known by: the digest of the files it is made of.

    Raises:
        InvalidInput: no encoder is there.
    """
    files = [path for path in sorted(Path(folder).glob("*")) if path.is_file() and path.suffix in _PARTS]
    if not any(path.name == "config.json" for path in files):
        raise InvalidInput("tasks.no-encoder", path=folder)
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            whole.update(path.name.encode() + b"\0" + hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


@cache
def encoder_in(folder: str, sha256: str) -> Encoder:
    """Return the encoder of a folder, read once.

    Args:
        folder: as `AutoModel.from_pretrained` reads it; nothing is fetched.
        sha256: what it has to be known by.

    Raises:
        InvalidInput: no encoder is there, it has no fast tokenizer, or it is another one.
    """
    from transformers import AutoModel, AutoTokenizer

    if sha256_of(folder) != sha256:
        raise InvalidInput("tasks.other-encoder", path=folder, sha256=sha256)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModel.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError):
        raise InvalidInput("tasks.no-encoder", path=folder) from None
    if not tokenizer.is_fast:
        raise InvalidInput("tasks.no-encoder", path=folder)
    return Encoder(tokenizer, model.eval())
