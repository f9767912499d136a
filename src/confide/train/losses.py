"""One loss per record for the usual heads of transformers models, none of them a mean over the batch.

The loss that a transformers model computes by itself is averaged over all tokens of a batch, so that one record's
gradient changes with the lengths of the others. These are averaged over each record's own tokens.
"""

import inspect
from typing import Any

import torch
from torch import Tensor, nn

from confide.errors import InvalidInput

NO_LABEL = -100  # of a token that does not count, as in transformers


def record_losses(model: nn.Module, inputs: dict[str, Tensor]) -> Tensor:
    """Return one loss per record, by the shapes of what the model says and of `labels`.

    Causal language models predict the next token; token classifiers each token; classifiers one label, or several
    (labels of 0 and 1 as numbers with a fraction); a single output is regression.

    Args:
        model: a transformers model, or a peft model around one.
        inputs: a batch with "labels".

    Raises:
        InvalidInput: no labels, or shapes that none of these has.
    """
    labels = inputs.get("labels")
    if labels is None:
        raise InvalidInput("privacy.no-labels")
    causal = is_causal(model)
    given = {key: each for key, each in inputs.items() if key != "labels"} | positions(model, inputs)
    logits = model(**given, **({"use_cache": False} if causal else {})).logits.float()
    match logits.ndim, labels.ndim:
        case 3, 2:
            return _of_tokens(logits[:, :-1], labels[:, 1:]) if causal else _of_tokens(logits, labels)
        case 2, 1 if logits.shape[1] == 1:
            return torch.square(logits[:, 0] - labels.float())
        case 2, 1:
            return nn.functional.cross_entropy(logits, labels, reduction="none")
        case 2, 2:
            told = nn.functional.binary_cross_entropy_with_logits(logits, labels.float(), reduction="none")
            return told.mean(dim=1)
    raise InvalidInput("privacy.no-labels")


def _of_tokens(logits: Tensor, labels: Tensor) -> Tensor:
    each = nn.functional.cross_entropy(
        logits.transpose(1, 2), labels, ignore_index=NO_LABEL, reduction="none"
    )
    return each.sum(dim=1) / (labels != NO_LABEL).sum(dim=1).clamp(min=1)


def is_causal(model: nn.Module) -> bool:
    """Say whether the model predicts next tokens."""
    return type(plain(model)).__name__.endswith(("ForCausalLM", "LMHeadModel"))


def plain(model: nn.Module) -> nn.Module:
    """Return the model inside a peft model, or the model itself."""
    found: nn.Module = model.get_base_model() if hasattr(model, "get_base_model") else model  # type: ignore[operator]
    return found


def positions(model: nn.Module, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return position ids with a row per record, where the model would broadcast one row over all of them."""
    inner, ids = plain(model), inputs.get("input_ids")
    kind = str(getattr(getattr(inner, "config", None), "model_type", ""))
    takes = "position_ids" in inspect.signature(inner.forward).parameters
    if ids is None or "position_ids" in inputs or not takes or kind.endswith(("roberta", "camembert")):
        return {}  # the Roberta family counts from its padding id, record by record
    seen = inputs.get("attention_mask")
    if seen is None or not is_causal(model):
        return {"position_ids": torch.arange(ids.shape[1], device=ids.device).expand(ids.shape).contiguous()}
    return {"position_ids": (seen.cumsum(dim=1) - 1).clamp(min=0)}  # as transformers counts from the left


def longest(model: nn.Module) -> int | None:
    """Return the most tokens that the model has positions for, if it says so."""
    config: Any = getattr(plain(model), "config", None)
    for field in ("max_position_embeddings", "n_positions"):
        if isinstance(found := getattr(config, field, None), int):
            return found
    return None
