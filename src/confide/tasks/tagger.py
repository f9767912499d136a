"""The model that finds entities: a frozen table of public numbers, two small convolutions, one tag per token.

Guarantee: the loss of a piece of text depends on that piece alone, whatever it is padded and batched with. Knows no
privacy: `confide.train` clips and adds noise. Made small so that a few hundred patients under noise can teach it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from confide.tasks.spans import Tagged, tags_of
from confide.tasks.start import DIMS, Table
from confide.tasks.tokens import FEATURES, Numbers, numbers_of, places_of

_SCALE = 6.0  # norm of a row of the table as the model sees it; found on public data, see recipes.toml
_NEAR, _NEXT = 5, 3  # tokens that the two convolutions look at


class Tagger(nn.Module):
    """Scores of each tag for each token. The table is a buffer: it is not trained and not private."""

    table: Tensor

    def __init__(self, table: Table, *, tags: int, hidden: int) -> None:
        super().__init__()
        self.register_buffer("table", torch.from_numpy(table).float() * (_SCALE / 127), persistent=False)
        self.near = nn.Conv1d(4 * DIMS, hidden, _NEAR, padding=_NEAR // 2)
        self.next = nn.Conv1d(hidden, tags, _NEXT, padding=_NEXT // 2)

    def forward(self, numbers: Tensor) -> Tensor:
        """Return scores, shape (pieces, tokens, tags), of features of shape (pieces, tokens, `FEATURES`)."""
        known = self.table[numbers]
        rest = known[..., 3:, :].sum(dim=-2, keepdim=True)  # beginning, end, shape
        inputs = torch.cat([known[..., :3, :], rest], dim=-2).flatten(-2)
        there = (numbers[..., 0] > 0).unsqueeze(1)  # what stands in the padding must not be seen
        hidden = torch.relu(self.near(inputs.transpose(1, 2))) * there
        scores: Tensor = self.next(hidden).transpose(1, 2)
        return scores


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text as features and tags. Of a patient: never printed."""

    numbers: Numbers = field(repr=False)
    tags: Numbers = field(repr=False)


def pieces_of(note: Tagged, types: Sequence[str], longest: int) -> list[Piece]:
    """Cut a note into pieces of at most `longest` tokens; none where it has no token."""
    places = places_of(note.text)
    numbers = numbers_of(note.text, places)
    tags = np.array(tags_of(places, note.entities, types), dtype=np.int64)
    return [
        Piece(numbers[at : at + longest], tags[at : at + longest]) for at in range(0, len(places), longest)
    ]


def padded(pieces: Sequence[Piece]) -> tuple[Tensor, Tensor]:
    """Return features and tags of one length; a tag of -1 stands for padding."""
    length = max(len(piece.tags) for piece in pieces)
    numbers = np.zeros((len(pieces), length, FEATURES), dtype=np.int64)
    tags = np.full((len(pieces), length), -1, dtype=np.int64)
    for at, piece in enumerate(pieces):
        numbers[at, : len(piece.tags)] = piece.numbers
        tags[at, : len(piece.tags)] = piece.tags
    return torch.from_numpy(numbers), torch.from_numpy(tags)


def losses(model: nn.Module, pieces: Sequence[Piece]) -> Tensor:
    """Return one loss per piece: the mean over its own tokens, never over the batch."""
    numbers, tags = padded(pieces)
    scores = model(numbers)
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
