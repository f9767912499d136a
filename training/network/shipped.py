"""Read a shipped tagger back as the start of a training: `train.py --start src/confide/deid/model`.

What was rounded to 8 bits stays rounded; what `export.py` took from the score of "nothing" is given back.
"""

import re
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper


def shipped(folder: Path) -> dict:
    """Return the weights, words and width of the tagger in a folder that `export.py` wrote, as `train.py` saves them."""
    graph = onnx.load(folder / "tagger.onnx").graph
    tensors = {tensor.name: numpy_helper.to_array(tensor).astype(np.float32) for tensor in graph.initializer}
    net = {name: tensors[name] for name in ("out.weight", "out.bias")}
    lean = float(
        re.search(r"\*\*Leaning\*\*: ([\d.]+)", (folder / "README.md").read_text(encoding="utf-8"))[1]
    )
    net["out.bias"][0] += lean
    for name in ("character.weight", "word.weight"):
        net[name] = tensors[name] * tensors[f"{name}_scale"]
    for name in [name for name in tensors if name.endswith("_quantized")]:
        short = name.removesuffix("_quantized")
        scale = tensors[f"{name if name.endswith('bias_quantized') else short}_scale"]
        net[short] = tensors[name] * scale.reshape(-1, *[1] * (tensors[name].ndim - 1))
    words = np.load(folder / "tagger.npz")
    width = len(net["first.bias"])
    weights = {name: torch.from_numpy(value.copy()) for name, value in net.items()}
    return {"net": weights, "keys": words["keys"], "numbers": words["numbers"], "width": width}
