"""Have a released model write its card whenever it is saved, by its Trainer or by its own `save_pretrained`.

Guarantee: from then on no `save_pretrained` of the model, of what peft wrapped, or of what `merge_and_unload` gives back
leaves weights without the card beside them. What is saved by other means (`torch.save`) has no page to stand on.
"""

from pathlib import Path
from types import MethodType
from typing import Any

from torch import nn


def keep_card(model: nn.Module, card: str) -> None:
    """Have `save_pretrained` of the model and of every model inside it write `card` as README.md."""
    for module in model.modules():
        if hasattr(type(module), "save_pretrained"):
            module.private_card = card  # type: ignore[assignment]
            module.save_pretrained = MethodType(save_pretrained, module)  # type: ignore[assignment]


def save_pretrained(self: Any, save_directory: Any, *args: Any, **others: Any) -> Any:
    """Save as the model's own class does, then write the card over whatever card that wrote."""
    saved = type(self).save_pretrained(self, save_directory, *args, **others)
    (Path(save_directory) / "README.md").write_text(self.private_card, encoding="utf-8")
    return saved
