"""The models that find entities: over a frozen table of public numbers or a public encoder, one tag per token.

Guarantee: the loss of a piece of text depends on that piece alone, whatever it is padded and batched with. Knows no
privacy: `confide.train` clips and adds noise. One layer over what is frozen: noise costs a second one more than it brings.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from confide.errors import IntegrityError, InvalidInput
from confide.tasks import start
from confide.tasks.encoder import Encoder, encoder_in
from confide.tasks.learn import adam, learn_openly
from confide.tasks.public import Public
from confide.tasks.scores import entity_report, token_report
from confide.tasks.section import NerSection
from confide.tasks.spans import Entity, Tagged, spans_of, tags_of
from confide.tasks.start import DIMS, Table
from confide.tasks.tokens import BUCKETS, Numbers, Places, numbers_of, places_of
from confide.train.loop import load_weights
from confide.types import Json

_SCALE = 6.0  # norm of a row of the table as the model sees it
_OUTSIDE_FIRST = 3.0  # that most tokens are outside an entity is known before any note is read
_PUBLIC_EPOCHS, _PUBLIC_RATE = 6, 0.01
_BESIDE = 3  # tokens that the layer looks at


class Tagger(nn.Module):
    """Scores of each tag for each token, by one layer over a table: a buffer, which is not trained and not private."""

    table: Tensor
    read = staticmethod(numbers_of)

    def __init__(self, table: Table, *, tags: int) -> None:
        super().__init__()
        self.register_buffer("table", torch.from_numpy(table).float() * (_SCALE / 127), persistent=False)
        self.scores = _layer(4 * DIMS, tags)

    def forward(self, numbers: Tensor) -> Tensor:
        """Return scores, shape (pieces, tokens, tags), of features of shape (pieces, tokens, `FEATURES`)."""
        known = self.table[numbers]  # zero where there is no feature, so that padding is not seen
        rest = known[..., 3:, :].sum(dim=-2, keepdim=True)  # beginning, end, shape
        inputs = torch.cat([known[..., :3, :], rest], dim=-2).flatten(-2)
        scores: Tensor = self.scores(inputs.transpose(1, 2)).transpose(1, 2)
        return scores


class Encoded(nn.Module):
    """Scores of each tag for each token, by one layer over the vectors of a public encoder, which stays as it is."""

    def __init__(self, encoder: Encoder, *, tags: int) -> None:
        super().__init__()
        self.read = encoder.read
        self.scores = _layer(encoder.width, tags)

    def forward(self, vectors: Tensor) -> Tensor:
        """Return scores, shape (pieces, tokens, tags), of vectors of shape (pieces, tokens, width); padding is zero."""
        scores: Tensor = self.scores(vectors.float().transpose(1, 2)).transpose(1, 2)
        return scores


def _layer(width: int, tags: int) -> nn.Conv1d:
    """Return a layer that finds nothing yet: the same for everybody, and quickly taught."""
    layer = nn.Conv1d(width, tags, _BESIDE, padding=_BESIDE // 2)
    nn.init.zeros_(layer.weight)
    with torch.no_grad():
        layer.bias.copy_(torch.eye(tags)[0] * _OUTSIDE_FIRST)  # type: ignore[union-attr]
    return layer


Model = Tagger | Encoded
Features = NDArray[Any]  # of each token a row: `FEATURES` numbers for a `Tagger`, a vector for an `Encoded`


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text as features and tags. Of a patient: never printed."""

    features: Features = field(repr=False)
    tags: Numbers = field(repr=False)


def cut(
    patients: Sequence[str],
    notes: Sequence[Tagged],
    types: Sequence[str],
    longest: int,
    read: Callable[[str, Places], Features] = numbers_of,
) -> tuple[list[Piece], list[str]]:
    """Cut notes into pieces of at most `longest` tokens, read as a model does; return them, and whose each one is."""
    pieces: list[Piece] = []
    whose: list[str] = []
    for patient, note in zip(patients, notes, strict=True):
        places = places_of(note.text)
        features = read(note.text, places)
        tags = np.array(tags_of(places, note.entities, types), dtype=np.int64)
        for at in range(0, len(places), longest):
            pieces.append(Piece(features[at : at + longest], tags[at : at + longest]))
            whose.append(patient)
    return pieces, whose


def padded(pieces: Sequence[Piece]) -> tuple[Tensor, Tensor]:
    """Return features and tags of one length; a tag of -1 stands for padding."""
    length, first = max(len(piece.tags) for piece in pieces), pieces[0].features
    features = np.zeros((len(pieces), length, first.shape[1]), dtype=first.dtype)
    tags = np.full((len(pieces), length), -1, dtype=np.int64)
    for at, piece in enumerate(pieces):
        features[at, : len(piece.tags)] = piece.features
        tags[at, : len(piece.tags)] = piece.tags
    return torch.from_numpy(features), torch.from_numpy(tags)


def losses(model: nn.Module, pieces: Sequence[Piece]) -> Tensor:
    """Return one loss per piece: the mean over its own tokens, never over the batch."""
    features, tags = padded(pieces)
    scores = model(features)
    each = nn.functional.cross_entropy(scores.transpose(1, 2), tags, ignore_index=-1, reduction="none")
    lengths = (tags >= 0).sum(dim=1)
    found: Tensor = each.sum(dim=1) / lengths
    return found


def best_tags(scores: Tensor) -> list[int]:
    """Return the likeliest tags of which every I follows a B or I of its type (Viterbi, without learnt transitions).

    Args:
        scores: shape (tokens, tags), in the order of `confide.tasks.spans`.
    """
    if not len(scores):
        return []
    table = torch.log_softmax(scores, dim=-1).double().numpy()
    n_tags = table.shape[1]
    allowed = np.zeros((n_tags, n_tags))
    inside = np.arange(2, n_tags, 2)
    allowed[:, inside] = -np.inf
    allowed[inside, inside] = allowed[inside - 1, inside] = 0.0
    best = table[0].copy()
    best[inside] = -np.inf
    back = []
    for row in table[1:]:
        paths = best[:, None] + allowed
        before = paths.argmax(axis=0)
        back.append(before)
        best = paths[before, np.arange(n_tags)] + row
    path = [int(best.argmax())]
    for before in reversed(back):
        path.append(int(before[path[-1]]))
    return path[::-1]


def begun(settings: NerSection, public: Public, sha256: str | None = None) -> tuple[Table | None, Model]:
    """Return table and model as they are before a patient's note is read: taught by what is public, if anything is.

    Args:
        settings: of the study file.
        public: what the model learns from before; of its texts without marks an encoder has no use.
        sha256: of the encoder, if there is one; then there is no table.
    """
    table: Table | None = None
    model: Model
    tags = 2 * len(settings.types) + 1
    if settings.encoder is not None and sha256 is not None:
        model = Encoded(encoder_in(settings.encoder, sha256), tags=tags)
    else:
        table = start.from_texts(public.texts) if public.texts else start.from_nothing()
        model = Tagger(table, tags=tags)
    if public.marked:
        pieces, _ = cut([""] * len(public.marked), public.marked, settings.types, settings.piece, model.read)
        learn_openly(model, pieces, losses, optimiser=adam(model, _PUBLIC_RATE), epochs=_PUBLIC_EPOCHS)
    return table, model


def model_of(release: Json) -> Model:
    """Return the model of a release, ready to use.

    Raises:
        InvalidInput: the release is no such model, or its encoder is not there.
        IntegrityError: its weights or its table are not of its shape.
    """
    if release.get("kind") != "ner":
        raise InvalidInput("train.not-a-model", found=release.get("kind"))
    model: Model
    tags = 2 * len(release["types"]) + 1
    if release.get("encoder") is not None:
        encoder = encoder_in(release["encoder"], release["encoder_sha256"])
        model = Encoded(encoder, tags=tags)
    else:
        table = start.from_nothing()
        if release["table"] is not None:
            held = base64.b64decode(release["table"])
            if len(held) != BUCKETS * DIMS:
                raise IntegrityError("privacy.weights-form")
            table = np.frombuffer(held, dtype=np.int8).reshape(BUCKETS, DIMS).copy()
        model = Tagger(table, tags=tags)
    load_weights(model, release["model"])
    return model.eval()


def find(release: Json, texts: Sequence[str]) -> list[list[Entity]]:
    """Return what a released model finds in each text: of its patient, as the text is. Raises as `model_of`."""
    return found_by(model_of(release), texts, release["types"], release["piece"])


def found_by(model: Model, texts: Sequence[str], types: Sequence[str], longest: int) -> list[list[Entity]]:
    """Return what `model` finds in each text."""
    found = []
    with torch.no_grad():
        for text in texts:
            places = places_of(text)
            features = torch.from_numpy(model.read(text, places))
            pieces = (features[None, at : at + longest] for at in range(0, len(places), longest))
            tags = [tag for piece in pieces for tag in best_tags(model(piece)[0])]
            found.append(spans_of(places, tags, types))
    return found


def report(notes: Sequence[Tagged], found: Sequence[Sequence[Entity]], types: Sequence[str]) -> Json:
    """Return the report of the articles for what was found in notes: from patients, for the inside edition only."""
    true: list[int] = []
    guessed: list[int] = []
    for note, entities in zip(notes, found, strict=True):
        places = places_of(note.text)
        true += tags_of(places, note.entities, types)
        guessed += tags_of(places, entities, types)
    listed = [[each for each in note.entities if each.type in types] for note in notes]
    return {**entity_report(listed, found, types), "token": token_report(true, guessed)}
