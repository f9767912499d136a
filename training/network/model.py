"""The network of the tagger: two tables, then dilated convolutions over characters. Plain torch, no data.

Every place sees 33 characters to each side. Small enough to run at hundreds of thousands of characters a second
in whole numbers (see `training/network/export.py`).
"""

from typing import Final

import torch
from torch import Tensor, nn

DILATIONS: Final = (1, 2, 4, 8, 16)
RADIUS: Final = 2 + sum(DILATIONS)


class Tagger(nn.Module):
    """Character numbers and word numbers in, one score per label and place out."""

    def __init__(self, characters: int, words: int, labels: int, width: int = 96, per_word: int = 24) -> None:
        super().__init__()
        self.character = nn.Embedding(characters, 40)
        self.word = nn.Embedding(words, per_word)
        nn.init.normal_(self.character.weight, std=0.3)
        nn.init.zeros_(self.word.weight)  # a number that training never met says "unknown", like 0
        self.first = nn.Conv1d(40 + per_word, width, 3, padding=1)
        self.body = nn.ModuleList(nn.Conv1d(width, width, 3, padding=d, dilation=d) for d in DILATIONS)
        self.last = nn.Conv1d(width, width, 3, padding=1)
        self.out = nn.Conv1d(width, labels, 1)
        self.drop = nn.Dropout1d(0.2)
        # Set towards the end of a training, so that it learns with the rounding of what is shipped.
        self.rounds = False

    def forward(self, characters: Tensor, words: Tensor) -> Tensor:
        """Return scores of shape (texts, places, labels)."""
        x = torch.cat([self.character(characters), self.word(words)], -1).transpose(1, 2)
        x = self._kept(torch.relu(self._through(self.first, self._kept(x))))
        for layer in self.body:
            x = self._kept(x + self._kept(torch.relu(self._through(layer, self.drop(x)))))
        x = torch.relu(self._through(self.last, x))
        return self.out(x).transpose(1, 2)

    def _kept(self, x: Tensor) -> Tensor:
        """Return activations as they are kept in 8 bits."""
        if not (self.rounds and self.training):
            return x
        x = x.float()
        low, high = torch.aminmax(x.detach())
        step = (high - low.clamp(max=0)).clamp(min=1e-6) / 255
        return torch.fake_quantize_per_tensor_affine(
            x, step, (-low.clamp(max=0) / step).round().int(), 0, 255
        )

    def _through(self, layer: nn.Conv1d, x: Tensor) -> Tensor:
        """Return what a convolution makes of `x`, its weights in 7 bits for each channel."""
        if not (self.rounds and self.training):
            found: Tensor = layer(x)
            return found
        step = layer.weight.detach().abs().amax((1, 2)).clamp(min=1e-6) / 63
        weight = torch.fake_quantize_per_channel_affine(
            layer.weight, step, torch.zeros(len(step), dtype=torch.int32, device=step.device), 0, -64, 63
        )
        return nn.functional.conv1d(
            x,
            weight,
            layer.bias,
            padding=layer.padding[0],
            dilation=layer.dilation[0],  # type: ignore[arg-type]
        )
