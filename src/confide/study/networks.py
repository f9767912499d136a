"""Networks that a federation file names: a small one for images, adapters in a language model that lies at every site.

Guarantee: how many numbers travel, and what they are at first, follow from the file alone. The language model is read as numbers only,
never as code, and is byte for byte the folder whose digest all approved. A record is read by itself, by public rules. Torch
loads where records are; the hub and whoever only reads the file do without.
"""

import base64
import binascii
import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.calls import parse_call
from confide.engines.polars import Floats, read_text
from confide.errors import InvalidInput
from confide.federated.public_draws import evenly
from confide.tasks.images import Picture
from confide.tasks.notes import TEXT
from confide.types import Json

if TYPE_CHECKING:
    from torch import Tensor, nn

    from confide.federated.torch_learner import TorchLearner

_ADAPTED = ("query", "value")  # the parts of a layer's attention that get adapters
_AT_ONCE = 32  # texts that go through the frozen layers together
Shapes = tuple[tuple[str, tuple[int, ...]], ...]
Known = tuple[
    "Tensor", "Tensor", int
]  # what the frozen layers make of a text, which places are its own, its class


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageNet:
    """A network of three convolutions on grey images of one size. Every field is public."""

    column: str
    height: int
    width: int
    channels: int
    classes: int

    def __post_init__(self) -> None:
        """Refuse a size that the network cannot read."""
        fits = min(self.height, self.width) >= 8 and max(self.height, self.width) <= 1024
        if not (fits and 4 <= self.channels <= 1024 and self.channels % 4 == 0 and self.classes >= 2):
            raise InvalidInput("fed.image-size")

    def shapes(self) -> Shapes:
        """Return name and shape of each parameter, the last layer at the end."""
        c, out = self.channels, self.classes
        into = 2 * c * (self.height // 8) * (self.width // 8)
        found: list[tuple[str, tuple[int, ...]]] = []
        for at, (inner, outer) in enumerate(((1, c), (c, 2 * c), (2 * c, 2 * c))):
            found += [(f"{4 * at}.weight", (outer, inner, 3, 3)), (f"{4 * at}.bias", (outer,))]
            found += [(f"{4 * at + 1}.weight", (outer,)), (f"{4 * at + 1}.bias", (outer,))]
        return (*found, ("13.weight", (out, into)), ("13.bias", (out,)))


@dataclass(frozen=True, kw_only=True, slots=True)
class TextNet:
    """LoRA adapters in the last layers of a language model, and a last layer over classes. Every field is public."""

    base: str
    width: int
    layers: int
    rank: int
    tokens: int
    classes: int

    def __post_init__(self) -> None:
        """Refuse what no language model could be."""
        sizes = (self.width, 1, 1 << 16), (self.layers, 1, 1000), (self.rank, 1, 1024), (self.tokens, 2, 4096)
        if not all(low <= found <= high for found, low, high in sizes) or self.classes < 2:
            raise InvalidInput("fed.text-size")
        if len(self.base) != 64 or not set(self.base) <= set("0123456789abcdef"):
            raise InvalidInput("fed.base-missing")

    def shapes(self) -> Shapes:
        """Return name and shape of each parameter that is learnt, the last layer at the end."""
        found: list[tuple[str, tuple[int, ...]]] = []
        for layer in range(self.layers):
            for part in _ADAPTED:
                name = f"layers.{layer}.attention.self.{part}"
                found.append((f"{name}.lora_A.default.weight", (self.rank, self.width)))
                found.append((f"{name}.lora_B.default.weight", (self.width, self.rank)))
        return (*found, ("head.weight", (self.classes, self.width)), ("head.bias", (self.classes,)))


Net = ImageNet | TextNet


def image_of(text: str) -> tuple[str, int, int]:
    """Read `image(column, height, width)`.

    Raises:
        InvalidInput: it is written otherwise.

    >>> image_of("image(scan, 28, 28)")
    ('scan', 28, 28)
    """
    call = parse_call(text)
    sizes = call.arguments[1:]
    if call.name != "image" or len(sizes) != 2 or not all(size.isdecimal() for size in sizes):
        raise InvalidInput("fed.image")
    return call.arguments[0], int(sizes[0]), int(sizes[1])


@lru_cache(maxsize=4)
def start_of(net: Net) -> Floats:
    """Return all numbers that are learnt as they are at first, from public labels alone: the same everywhere.

    Source: Glorot, Bengio 2010, (16), for weights; biases and the second half of each adapter are zero (Hu et al. 2021, "LoRA",
    section 4.1), what normalises is one.
    """
    parts = []
    for name, shape in net.shapes():
        count = math.prod(shape)
        if len(shape) == 1:
            parts.append(np.full(count, float(name.endswith("weight"))))
        elif "lora_B" in name:
            parts.append(np.zeros(count))
        else:
            spread = math.sqrt(6 / (shape[1] + shape[0]) / math.prod(shape[2:]))
            parts.append(spread * evenly(count, "network", name, *shape))
    return np.concatenate(parts)


def head_length(net: Net) -> int:
    """Return how many numbers the last layer has: what stays at a site that keeps one of its own."""
    return sum(math.prod(shape) for _, shape in net.shapes()[-2:])


def learner_on(
    net: Net, records: pl.DataFrame, places: NDArray[np.int64], *, personal: bool, base: Path | None
) -> "TorchLearner":
    """Return the network on a site's records.

    Args:
        net: as the file says it.
        records: with `_patient`, and the image's column or the notes' texts; rows without a patient are gone.
        places: of each row's class; none is missing.
        personal: whether the last layer stays here.
        base: folder of the language model.

    Raises:
        InvalidInput: torch is missing; the folder is not the one that was approved, or another kind of model.
    """
    if find_spec("torch") is None or find_spec("transformers") is None:
        raise InvalidInput("tasks.extra")
    from confide.federated.torch_learner import start_digest, torch_learner

    patients = records["_patient"].cast(pl.String).to_list()
    module, loss, read = _made(net, records, places, base)
    _put(module, net)
    head = net.shapes()[-1][0].rpartition(".")[0]
    kept = [at for at, each in enumerate(read) if each is not None]
    return torch_learner(
        module, loss, [read[at] for at in kept], [patients[at] for at in kept], start=start_digest(module),
        personal=[head] if personal else [],
    )  # fmt: skip


def probabilities(net: Net, model: Floats, records: pl.DataFrame, *, base: Path | None = None) -> Floats:
    """Return the probability of each class for each row, shape (rows, classes); NaN where there is nothing to read.

    Args:
        net: as the file says it.
        model: all numbers that are learnt, those that stay at a site behind the others.
        records: as for `learner_on`.
        base: folder of the language model.
    """
    import torch

    module, _, read = _made(net, records, np.zeros(len(records), dtype=np.int64), base)
    _put(module, net, model)
    found = np.full((len(read), net.classes), np.nan)
    for at, each in enumerate(read):
        if each is not None:
            with torch.no_grad():
                found[at] = _scores(net, module, [each]).double().softmax(1)[0].numpy()
    return found


def base_digest(folder: Path) -> str:
    """Return the name of exactly this language model: of every file of its folder, in 64 hexadecimal digits.

    Raises:
        InvalidInput: there is no such folder, or no weights in it that can be read without running code.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    named = {path.relative_to(folder).as_posix(): path for path in files}
    named = {
        name: path for name, path in named.items() if not any(p.startswith(".") for p in name.split("/"))
    }
    if "config.json" not in named or not any(name.endswith(".safetensors") for name in named):
        raise InvalidInput("fed.base-folder")
    whole = hashlib.sha256(b"confide base 1")
    for name, path in named.items():
        with path.open("rb") as file:
            whole.update(b"%d:%s" % (len(name.encode()), name.encode()))
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def base_told(folder: Path) -> Json:
    """Return what a federation file says of a language model: its digest, and its width.

    Raises:
        InvalidInput: as `base_digest`; or it has no layers of the kind that gets adapters.
    """
    digest = base_digest(folder)
    encoder = _encoder(folder)
    return {"base": digest, "width": encoder.config.hidden_size, "layers": len(encoder.encoder.layer)}


def pixels_of(cell: str | None, height: int, width: int) -> NDArray[np.uint8] | None:
    """Return the grey levels that a cell holds in base64, row by row; None where it does not hold exactly such an image.

    >>> pixels_of("AAECAwQF", 2, 3).tolist(), pixels_of("AAEC", 2, 3)
    ([[0, 1, 2], [3, 4, 5]], None)
    """
    try:
        levels = base64.b64decode(cell or "", validate=True)
    except (ValueError, binascii.Error):
        return None
    if len(levels) != height * width:
        return None
    return np.frombuffer(levels, dtype=np.uint8).reshape(height, width)


def _made(
    net: Net, records: pl.DataFrame, places: NDArray[np.int64], base: Path | None
) -> tuple["nn.Module", Any, list[Any]]:
    """Return the module, its loss, and each record as the module reads it; None where there is nothing to read."""
    if isinstance(net, ImageNet):
        from confide.tasks.images import fresh, losses

        cells = read_text(records[net.column]).to_list()
        images = [pixels_of(cell, net.height, net.width) for cell in cells]
        read = [
            None if one is None else Picture(one, int(at)) for one, at in zip(images, places, strict=True)
        ]
        return fresh(net.channels, (net.height, net.width), net.classes), losses, read
    from torch.nn.functional import cross_entropy

    if base is None:
        raise InvalidInput("fed.base-wanted")
    if (found := base_digest(base)) != net.base:
        raise InvalidInput("fed.base-other", wanted=net.base[:16], found=found[:16])
    top, known = _top(net, base, records[TEXT].to_list(), places)

    def loss(module: "nn.Module", some: list[Known]) -> "Tensor":
        import torch

        return cross_entropy(
            _scores(net, module, some), torch.tensor([each[2] for each in some]), reduction="none"
        )

    return top, loss, known


def _scores(net: Net, module: "nn.Module", some: list[Any]) -> "Tensor":
    import torch

    if isinstance(net, ImageNet):
        from confide.tasks.images import scaled

        found: Tensor = module(scaled(some))
    else:
        found = module(torch.stack([each[0] for each in some]), torch.stack([each[1] for each in some]))
    return found


def _put(module: "nn.Module", net: Net, model: Floats | None = None) -> None:
    """Put numbers into a module; the start, where none are given."""
    import torch

    numbers, at = start_of(net) if model is None else model, 0
    named = {name: each for name, each in module.named_parameters() if each.requires_grad}
    if [(name, tuple(each.shape)) for name, each in named.items()] != list(net.shapes()):
        raise InvalidInput("fed.base-shape")
    if len(numbers) != sum(each.numel() for each in named.values()):
        raise InvalidInput("learning.task", wanted=sum(each.numel() for each in named.values()))
    with torch.no_grad():
        for parameter in named.values():
            part = numbers[at : at + parameter.numel()].astype(np.float32)
            parameter.copy_(torch.from_numpy(part).reshape(parameter.shape))
            at += parameter.numel()


def _encoder(folder: Path) -> Any:
    """Return the model in a folder, read without running anything of it.

    Raises:
        InvalidInput: torch is missing, or its layers are not of the kind that gets adapters.
    """
    try:
        import torch
        from transformers import AutoModel
        from transformers.utils import logging
    except ImportError:
        raise InvalidInput("tasks.extra") from None
    logging.disable_progress_bar()
    try:
        encoder: Any = AutoModel.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=torch.float32,
            attn_implementation="eager",
        )  # fmt: skip
        layers = encoder.encoder.layer
        fits = all(hasattr(layers[-1].attention.self, part) for part in _ADAPTED)
    except (OSError, ValueError, KeyError, AttributeError, IndexError, TypeError):
        raise InvalidInput("fed.base-kind") from None
    if not fits:
        raise InvalidInput("fed.base-kind")
    return encoder.eval()


def _top(
    net: TextNet, folder: Path, texts: list[str], places: NDArray[np.int64]
) -> tuple["nn.Module", list[Known]]:
    """Return the layers that are learnt, and what the frozen ones under them make of each text, which is found once."""
    import torch
    from peft import LoraConfig, inject_adapter_in_model
    from torch import nn
    from transformers import AutoTokenizer

    encoder = _encoder(folder)
    layers = encoder.encoder.layer
    if net.layers > len(layers) or encoder.config.hidden_size != net.width:
        raise InvalidInput("fed.base-shape")

    class Top(nn.Module):
        """The last layers, and a layer over classes on the mean over a text's own tokens."""

        def __init__(self) -> None:
            super().__init__()
            self.layers, self.head = layers[-net.layers :], nn.Linear(net.width, net.classes)

        def forward(self, hidden: "Tensor", known: "Tensor") -> "Tensor":
            own = known.to(hidden)
            for layer in self.layers:
                hidden = layer(hidden, attention_mask=(1 - own[:, None, None, :]) * -1e9)
                hidden = hidden[0] if isinstance(hidden, tuple) else hidden
            told: Tensor = self.head((hidden * own[..., None]).sum(1) / own.sum(1, keepdim=True))
            return told

    top = Top().requires_grad_(False)
    lora = LoraConfig(r=net.rank, lora_alpha=2 * net.rank, target_modules=list(_ADAPTED))
    inject_adapter_in_model(lora, top)
    top.head.requires_grad_(True)
    encoder.encoder.layer = layers[: -net.layers]
    try:
        reader: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError):
        raise InvalidInput("fed.base-kind") from None
    if reader.pad_token_id is None:  # texts are filled up to one length
        raise InvalidInput("fed.base-kind")
    known: list[Known] = []
    for at in range(0, len(texts), _AT_ONCE):
        read = reader(
            texts[at : at + _AT_ONCE], padding="max_length", truncation=True, max_length=net.tokens, return_tensors="pt"
        )  # fmt: skip
        own = read["attention_mask"]
        try:
            with torch.no_grad():
                hidden = encoder(read["input_ids"], attention_mask=own)[0]
        except (IndexError, RuntimeError):  # it has no places for so many tokens
            raise InvalidInput("fed.base-shape") from None
        known += zip(hidden, own, places[at : at + _AT_ONCE].tolist(), strict=True)
    return top.eval(), known
