"""Language models that write what follows: a small one from scratch, or a checkpoint of the hospital's with LoRA.

Guarantee: an example is cut and padded by public lengths, its loss looks at its own tokens alone, and the words that a
model knows come from a public rule or with the checkpoint. Training: `confide.tasks.reports`, `confide.tasks.notes`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from confide.engines.polars import Floats
from confide.errors import InvalidInput
from confide.tasks import characters

IGNORED = -100  # the label of what is given, not written
_TOGETHER = 64  # texts that are drawn at once


@dataclass(frozen=True, slots=True)
class Tongue:
    """How a model reads and writes: numbers of a text and back, and the numbers that mark its parts."""

    encode: Callable[[str], list[int]] = field(repr=False)
    decode: Callable[[Sequence[int]], str] = field(repr=False)
    start: int
    turn: int
    end: int
    pad: int


@dataclass(frozen=True, slots=True)
class Example:
    """What is given and what is to be written, as numbers. Of a patient: shown to nobody."""

    tokens: tuple[int, ...] = field(repr=False)
    given: int = field(repr=False)  # so many of them are given


def by_character() -> Tongue:
    """Return the public characters of `confide.tasks.characters`."""
    c = characters
    return Tongue(c.encoded, c.decoded, c.START, c.TURN, c.END, c.PAD)


def example(tongue: Tongue, given: str, written: str, *, most_given: int, most_written: int) -> Example:
    """Return one example; of each part only the beginning is kept, up to its own public length."""
    before = [tongue.start, *tongue.encode(given)[:most_given], tongue.turn]
    after = [*tongue.encode(written)[:most_written], tongue.end]
    return Example((*before, *after), len(before))


def losses(model: nn.Module, batch: Sequence[Example], *, length: int, pad: int) -> Tensor:
    """Return one loss per example: the mean over its own written tokens, whatever stands beside it in the batch.

    Args:
        model: a causal language model of transformers.
        batch: the examples.
        length: to which all are padded, public, so that not even the time of a step tells of one.
        pad: the number that fills.
    """
    tokens = torch.full((len(batch), length), pad, dtype=torch.long)
    wanted = torch.full((len(batch), length), IGNORED, dtype=torch.long)
    for row, each in enumerate(batch):
        size = len(each.tokens)
        tokens[row, :size] = torch.tensor(each.tokens)
        wanted[row, each.given : size] = tokens[row, each.given : size]
    device = next(model.parameters()).device
    tokens, wanted = tokens.to(device), wanted.to(device)
    # what is filled stands behind all that counts, and a causal model never looks back from there
    places = torch.arange(length, device=device).expand(len(batch), length)
    logits = model(input_ids=tokens, position_ids=places, use_cache=False).logits[:, :-1]
    wanted = wanted[:, 1:]
    each_token = nn.functional.cross_entropy(
        logits.transpose(1, 2).float(), wanted, ignore_index=IGNORED, reduction="none"
    )
    counts = (wanted != IGNORED).sum(dim=1).clamp(min=1)
    return each_token.sum(dim=1) / counts


def text_losses(model: nn.Module, tongue: Tongue, texts: Sequence[str]) -> Floats:
    """Return how little the model expects each text behind nothing that is given: its total log perplexity.

    Texts that differ in their last token alone are read once.
    """
    before = [tongue.start, tongue.turn]
    following: dict[
        tuple[int, ...], list[tuple[int, int]]
    ] = {}  # what stands before -> (text, its last token)
    for at, text in enumerate(texts):
        *first, last = (*before, *tongue.encode(text))
        following.setdefault(tuple(first), []).append((at, last))
    beginnings, found = list(following), np.zeros(len(texts))
    model.eval()
    with torch.no_grad():
        for start in range(0, len(beginnings), _TOGETHER):
            chosen = beginnings[start : start + _TOGETHER]
            for begun, logs in zip(chosen, _expected(model, chosen, tongue.pad), strict=True):
                own = torch.tensor(begun[len(before) :], device=logs.device)
                read = float(logs[len(before) - 1 : len(begun) - 1].gather(1, own[:, None]).sum())
                after = logs[len(begun) - 1].tolist()
                for at, last in following[begun]:
                    found[at] = -(read + after[last])
    return found


def _expected(model: nn.Module, beginnings: Sequence[Sequence[int]], pad: int) -> Tensor:
    """Return the logarithm of how likely each token is after each place of each beginning."""
    device = next(model.parameters()).device
    length = max(map(len, beginnings))
    tokens = torch.tensor([[*each, *[pad] * (length - len(each))] for each in beginnings], device=device)
    places = torch.arange(length, device=device).expand(len(beginnings), length)
    logits: Tensor = model(input_ids=tokens, position_ids=places, use_cache=False).logits
    return nn.functional.log_softmax(logits.float(), dim=-1)


def small_model(*, width: int, layers: int, heads: int, length: int, words: int, seed: int = 0) -> nn.Module:
    """Return a small Llama-like model with weights drawn under a public seed; its head is its embedding."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config: Any = LlamaConfig(
        vocab_size=words,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=length,
        tie_word_embeddings=True,
        bos_token_id=characters.START,
        eos_token_id=characters.END,
        pad_token_id=characters.PAD,
    )
    config._attn_implementation = "eager"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: nn.Module = LlamaForCausalLM(config)
    return model


def checkpoint(path: Path, *, rank: int, seed: int = 0) -> tuple[nn.Module, Tongue]:
    """Return a causal model from a folder of transformers or a GGUF file, with LoRA on its attention, and its words.

    Nothing is fetched. A model from a GGUF file is initialised from quantised weights: say so where it is shown.

    Args:
        path: the folder, or the file.
        rank: of LoRA.
        seed: public, of LoRA's first weights.

    Raises:
        InvalidInput: there is no such checkpoint.
    """
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if not path.exists():
        raise InvalidInput("reports.no-checkpoint")
    folder, file = (path.parent, {"gguf_file": path.name}) if path.is_file() else (path, {})
    tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True, **file)
    model: Any = AutoModelForCausalLM.from_pretrained(
        folder, local_files_only=True, dtype=torch.float32, attn_implementation="eager", **file
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        lora = LoraConfig(
            r=rank, lora_alpha=2 * rank, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM"
        )
        model = get_peft_model(model, lora)
    return model, _tongue(tokenizer)


def _tongue(tokenizer: Any) -> Tongue:
    end = tokenizer.eos_token_id
    turn = tokenizer.encode("\n", add_special_tokens=False)[-1]

    def decode(numbers: Sequence[int]) -> str:
        kept = list(numbers)
        kept = kept[: kept.index(end)] if end in kept else kept
        return str(tokenizer.decode(kept, skip_special_tokens=True))

    def encode(text: str) -> list[int]:
        return list(tokenizer.encode(text, add_special_tokens=False))

    start = end if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    return Tongue(encode, decode, start, turn, end, end)


def write(model: nn.Module, tongue: Tongue, given: str, *, most_given: int, most_written: int) -> str:
    """Return what the model writes after `given`, the likeliest token each time: what a draft is."""
    chosen = {"do_sample": False, "repetition_penalty": 1.2}
    return _generated(model, tongue, given, most_given, most_written, 1, chosen)[0]


def drawn_together(
    model: nn.Module,
    tongue: Tongue,
    given: str,
    count: int,
    *,
    most_given: int,
    most_written: int,
    temperature: float,
) -> list[str]:
    """Return `count` texts that the model writes after `given`, each token drawn by its probability under torch's seed."""
    chosen = {
        "do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 0.95, "min_new_tokens": 1,
    }  # fmt: skip
    found: list[str] = []
    while len(found) < count:
        size = min(_TOGETHER, count - len(found))
        found += _generated(model, tongue, given, most_given, most_written, size, chosen)
    return found


def _generated(
    model: nn.Module,
    tongue: Tongue,
    given: str,
    most_given: int,
    most_written: int,
    count: int,
    chosen: dict[str, Any],
) -> list[str]:
    asked: Any = model
    before = [tongue.start, *tongue.encode(given)[:most_given], tongue.turn]
    tokens = torch.tensor([before] * count, device=next(model.parameters()).device)
    with torch.no_grad():
        out = asked.generate(
            input_ids=tokens,
            attention_mask=torch.ones_like(tokens),
            max_new_tokens=most_written,
            eos_token_id=tongue.end,
            pad_token_id=tongue.pad,
            **chosen,
        )
    return [tongue.decode(row) for row in out[:, len(before) :].tolist()]
