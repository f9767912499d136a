"""Small models of every kind the engine has a rule for, each with records and a loss for each record."""

from collections.abc import Callable, Sequence

import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor, nn
from torch.nn import functional
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

Loss = Callable[[nn.Module, Sequence[Tensor]], Tensor]
Case = tuple[nn.Module, list[Tensor], Loss]

PATIENTS = torch.tensor([3, 1, 3, 2, 1, 1])  # three records, two, one; not side by side
WORDS = 40


def texts(records: int = 6, tokens: int = 9) -> list[Tensor]:
    return list(torch.randint(0, WORDS, (records, tokens), generator=torch.Generator().manual_seed(1)))


def next_words(model: nn.Module, batch: Sequence[Tensor]) -> Tensor:
    ids = torch.stack(list(batch))
    logits = model(input_ids=ids).logits.float()
    return functional.cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none").mean(1)


def squared(model: nn.Module, batch: Sequence[Tensor]) -> Tensor:
    return model(torch.stack(list(batch))).flatten(1).square().sum(1)


def gpt2(**settings: object) -> GPT2LMHeadModel:
    torch.manual_seed(0)
    sizes = {"n_layer": 2, "n_embd": 16, "n_head": 2, "vocab_size": WORDS, "n_positions": 16}
    ends = {"bos_token_id": 0, "eos_token_id": 0, "embd_pdrop": 0, "resid_pdrop": 0, "attn_pdrop": 0}
    return GPT2LMHeadModel(GPT2Config(**(sizes | ends | settings)))


def llama(**settings: object) -> LlamaForCausalLM:
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    return LlamaForCausalLM(LlamaConfig(**({"vocab_size": WORDS} | sizes | settings)))


def lora() -> nn.Module:
    wanted = LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    return get_peft_model(llama(), wanted)


class LastState(nn.Module):
    """A recurrent layer and a head on its last output."""

    def __init__(self, kind: type[nn.RNNBase], **settings: object) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.records_first = bool(settings.get("batch_first"))
        self.layer = kind(3, 4, **settings)
        self.head = nn.Linear(8 if settings.get("bidirectional") else 4, 2)

    def forward(self, x: Tensor) -> Tensor:
        out, states = self.layer(x if self.records_first else x.transpose(0, 1))
        out = out if self.records_first else out.transpose(0, 1)
        last = states[0] if isinstance(states, tuple) else states
        return self.head(out.mean(1)) + last.mean((0, 2)).unsqueeze(1)


class Twice(nn.Module):
    """One layer that runs twice, on different numbers of tokens, and one parameter that nothing uses."""

    def __init__(self, width: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.unused = nn.Linear(width, width), nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(self.layer(x).tanh()[:, :3])


class Attention(nn.Module):
    """Torch's own attention, whose projections are bare parameters; of one text, or of a text to another."""

    def __init__(self, *, of_itself: bool = False, **settings: object) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.attention = nn.MultiheadAttention(8, 2, **settings)
        self.norm, self.of_itself = nn.LayerNorm(8), of_itself

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x)
        other = x if self.of_itself else x[:, :3]
        wide = other[..., :6] if self.attention.kdim == 6 else other
        asked = (
            [x, wide, other]
            if self.attention.batch_first
            else [each.transpose(0, 1) for each in (x, wide, other)]
        )
        hidden = torch.zeros(x.shape[1], other.shape[1], dtype=torch.bool).triu(1)
        padding = torch.zeros(other.shape[:2], dtype=torch.bool)
        padding[:, -1] = x[:, 0, 0] > 0  # as of texts of different lengths
        out, weights = self.attention(*asked, key_padding_mask=padding, attn_mask=hidden)
        out = out if self.attention.batch_first else out.transpose(0, 1)
        return out + weights.square().sum((1, 2), keepdim=True)


class KeyOfItsOwn(nn.Module):
    """Attention with a learnt key: a form without a rule."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True, add_bias_kv=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(x, x[:, :3], x[:, :3], need_weights=False)[0]


def encoder() -> nn.Module:
    torch.manual_seed(0)
    return nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, batch_first=True, norm_first=True)


class Position(nn.Module):
    """A module without a rule: a bare parameter that is added to every record."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.position = nn.Parameter(torch.randn(1, 5, 4))
        self.layer = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer((x + self.position).tanh())


def images(channels: int = 3) -> list[Tensor]:
    return list(torch.randn(6, channels, 8, 8, generator=torch.Generator().manual_seed(2)))


def rows(*shape: int) -> list[Tensor]:
    return list(torch.randn(6, *shape, generator=torch.Generator().manual_seed(3)))


def cnn() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, stride=2), nn.GroupNorm(2, 8), nn.ReLU(inplace=True),
        nn.Conv2d(8, 8, 3, groups=4, dilation=2, padding="same", bias=False), nn.ReLU(),
        nn.Conv2d(8, 4, (1, 3), padding=(0, 1), padding_mode="reflect"), nn.Flatten(), nn.Linear(64, 2),
    )  # fmt: skip


def signal() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv1d(3, 4, 3, stride=2), nn.Tanh(), nn.Conv1d(4, 2, 2, groups=2))


class Several(nn.Module):
    """A record is several images, which the layers see one after another."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.Tanh(), nn.Conv2d(4, 24, 3, stride=2), nn.Tanh(),
            nn.Conv2d(24, 24, 3, padding=1, bias=False), nn.Flatten(), nn.LayerNorm(96), nn.Linear(96, 2),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images.flatten(0, 1)).unflatten(0, images.shape[:2]).flatten(1)


def deep() -> nn.Module:
    """Many channels over few places: factors take less memory than the gradient of each patient."""
    torch.manual_seed(0)
    again = nn.Conv2d(12, 12, 3, padding="same", padding_mode="circular")
    return nn.Sequential(
        nn.Conv2d(3, 12, 5, stride=3, bias=False), nn.GroupNorm(2, 12), nn.Tanh(),
        nn.Conv2d(12, 12, 3, padding=1, groups=2), nn.Sequential(again, nn.Tanh()), nn.Sequential(again, nn.Flatten()),
        nn.Unflatten(1, (12, 2, 2, 1)), nn.Conv3d(12, 16, (2, 2, 1)), nn.Flatten(), nn.Linear(16, 2),
    )  # fmt: skip


def shared() -> nn.Module:
    torch.manual_seed(0)
    layer = nn.Linear(3, 3)
    return nn.Sequential(nn.Sequential(layer, nn.Tanh()), nn.Sequential(layer, nn.LayerNorm(3)))


def cases() -> dict[str, Callable[[], Case]]:
    """Return what makes each case, so that a test builds only its own."""
    recurrent: dict[str, Callable[[], Case]] = {
        f"{kind.__name__} {name}": lambda kind=kind, settings=settings: (
            LastState(kind, **settings), rows(4, 3), squared,
        )
        for kind in (nn.RNN, nn.LSTM, nn.GRU)
        for name, settings in {
            "of one layer": {"batch_first": True},
            "of two layers both ways": {"num_layers": 2, "bidirectional": True},
        }.items()
    }  # fmt: skip
    return recurrent | {
        "GPT-2": lambda: (gpt2(), texts(), next_words),
        "GPT-2, untied": lambda: (gpt2(tie_word_embeddings=False), texts(), next_words),
        "Llama": lambda: (llama(), texts(), next_words),
        "Llama, tied": lambda: (llama(tie_word_embeddings=True), texts(), next_words),
        "LoRA": lambda: (lora(), texts(), next_words),
        "convolutions": lambda: (cnn(), images(), squared),
        "records of several images": lambda: (Several(), rows(3, 3, 8, 8), squared),
        "deep convolutions": lambda: (deep(), images(), squared),
        "convolutions of signals": lambda: (signal(), rows(3, 9), squared),
        "a layer that runs twice": lambda: (Twice(8), rows(5, 8), squared),
        "a small layer that runs twice": lambda: (Twice(2), rows(40, 2), squared),
        "a layer in two places": lambda: (shared(), rows(4, 3), squared),
        "attention of torch": lambda: (Attention(batch_first=True), rows(5, 8), squared),
        "attention of a text to itself": lambda: (
            Attention(batch_first=True, of_itself=True),
            rows(5, 8),
            squared,
        ),
        "attention, records second, no bias": lambda: (
            Attention(of_itself=True, bias=False),
            rows(5, 8),
            squared,
        ),
        "attention of two widths": lambda: (Attention(batch_first=True, kdim=6), rows(5, 8), squared),
        "attention with a key of its own": lambda: (KeyOfItsOwn(), rows(5, 8), squared),
        "an encoder of torch": lambda: (encoder(), rows(5, 8), squared),
        "a bare parameter": lambda: (Position(), rows(5, 4), squared),
    }
