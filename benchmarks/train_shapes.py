"""Models, batches and the ordinary step that the training benchmarks share; knows no engine.

Rivals run this file in environments of their own, so it imports torch, transformers and peft only.
"""

import contextlib
import gc
import json
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn import functional

Step = Callable[[], None]
Batch = tuple[Tensor, ...]

# width, layers, words; every shape with (records, tokens)
SHAPES = ((128, 4, 4000), (256, 4, 8000), (512, 2, 4000))
BATCHES = ((8, 128), (32, 128), (8, 512), (32, 512))
QUICK = (((256, 4, 8000),), ((8, 128), (32, 128)))
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def shapes(quick: bool) -> Iterator[tuple[str, int, int, int, int, int]]:
    """Yield kind, width, layers, words, records, tokens."""
    for kind in ("gpt2", "llama"):
        for width, layers, words in QUICK[0] if quick else SHAPES:
            for records, tokens in QUICK[1] if quick else BATCHES:
                yield kind, width, layers, words, records, tokens


def language_model(kind: str, width: int, layers: int, words: int) -> nn.Module:
    """Return a model without dropout, as both libraries make it; embeddings of GPT-2 are tied."""
    from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    if kind == "gpt2":
        none = {"resid_pdrop": 0, "embd_pdrop": 0, "attn_pdrop": 0, "bos_token_id": 0, "eos_token_id": 0}
        sizes = {"n_layer": layers, "n_embd": width, "n_head": width // 64, "vocab_size": words}
        return GPT2LMHeadModel(GPT2Config(n_positions=512, use_cache=False, **none, **sizes)).to(DEVICE)
    return LlamaForCausalLM(
        LlamaConfig(
            hidden_size=width, intermediate_size=width * 8 // 3 // 8 * 8, num_hidden_layers=layers,
            num_attention_heads=width // 64, vocab_size=words, max_position_embeddings=512, use_cache=False,
        )
    ).to(DEVICE)  # fmt: skip


def with_lora(model: nn.Module) -> nn.Module:
    """Return the model with adapters of rank 8 on queries and values, the rest frozen."""
    from peft import LoraConfig, get_peft_model

    return get_peft_model(
        model, LoraConfig(r=8, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    )


def cnn() -> nn.Module:
    """Return a small network for images: three convolutions, 141 thousand parameters."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.GroupNorm(8, 32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.GroupNorm(8, 64), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 128, 3, padding=1), nn.GroupNorm(8, 128), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(2048, 23),
    ).to(DEVICE)  # fmt: skip


def token_batch(words: int, records: int, tokens: int) -> Tensor:
    return torch.randint(0, words, (records, tokens), generator=torch.Generator().manual_seed(1)).to(DEVICE)


def image_batch(records: int) -> Batch:
    made = torch.Generator().manual_seed(1)
    images = torch.randn(records, 3, 32, 32, generator=made)
    return images.to(DEVICE), torch.randint(0, 23, (records,), generator=made).to(DEVICE)


def next_word_losses(model: nn.Module, ids: Tensor) -> Tensor:
    """Return one loss for each record: the mean over its own tokens."""
    positions = torch.arange(ids.shape[1], device=ids.device).expand(ids.shape)
    logits = model(input_ids=ids, position_ids=positions).logits[:, :-1]
    flat = functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
    return flat.view(len(ids), -1).mean(1)


def image_losses(model: nn.Module, batch: Batch) -> Tensor:
    return functional.cross_entropy(model(batch[0]), batch[1], reduction="none")


def plain_step(model: nn.Module, losses: Callable[[], Tensor], optimiser: torch.optim.Optimizer) -> Step:
    """Return the ordinary step: mean loss, backward, optimiser."""

    def step() -> None:
        losses().mean().backward()
        optimiser.step()
        optimiser.zero_grad()

    return step


def optimiser_of(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)


def seconds(step: Step) -> float:
    """Return processor time on one thread; on a GPU, the time until it is done."""
    if DEVICE == "cuda":
        torch.cuda.synchronize()
        began = time.perf_counter()
        step()
        torch.cuda.synchronize()
        return time.perf_counter() - began
    began = time.process_time()
    step()
    return time.process_time() - began


def ratio_of(step: Step, plain: Step, rounds: int) -> tuple[float, float, float]:
    """Return the median over rounds of step / plain, in turns, and the median seconds of both."""
    step()
    plain()
    pairs = []
    for number in range(rounds):
        both = (step, plain) if number % 2 else (plain, step)
        found = [seconds(each) for each in both]
        pairs.append(found if number % 2 else found[::-1])
    ours, theirs = zip(*pairs, strict=True)
    return median(o / t for o, t in pairs), median(ours), median(theirs)


def peak_bytes(step: Step, kept: int) -> int:
    """Return the most bytes of tensors alive at once in a step, as the allocator counts them, and `kept`.

    Args:
        step: run once; what it leaves behind counts.
        kept: bytes that were there before: parameters and the optimiser's state.
    """
    gc.collect()
    if DEVICE == "cuda":
        torch.cuda.reset_peak_memory_stats()
        step()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated()
    activities = [torch.profiler.ProfilerActivity.CPU]
    with tempfile.TemporaryDirectory() as folder:
        with torch.profiler.profile(activities=activities, profile_memory=True) as found:
            step()
        path = Path(folder) / "trace.json"
        found.export_chrome_trace(str(path))
        events = json.loads(path.read_text())["traceEvents"]
    return kept + max(e["args"]["Total Allocated"] for e in events if e.get("name") == "[memory]")


def kept_bytes(model: nn.Module) -> int:
    """Return the bytes of the parameters, and of AdamW's two moments of those that are trained."""
    return sum(p.numel() * (12 if p.requires_grad else 4) for p in model.parameters())


def geometric(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread, so that processor time is what the step costs."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
