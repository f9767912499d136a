r"""Make the file that is shipped from a trained one: whole numbers of 7 and 8 bits, and what that costs.

    python training/network/export.py build/tagger.pt --calibrate build/train-zh.jsonl.gz build/train-en.jsonl.gz \\
        --held build/held-zh.jsonl.gz build/held-en.jsonl.gz --out src/confide/deid/model

Weights keep 7 bits, so that processors without VNNI give the same results as those with it.
"""

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from model import RADIUS, Tagger
from onnx import helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

sys.path.append(str(Path(__file__).parents[2] / "src"))
from confide.deid.tagger_decode import LABELS
from confide.deid.tagger_input import Vocabulary, n_characters
from train import load

CARD = """# Model card: the tagger of confide.deid

Written by `training/network/export.py`.

- **What**: finds names, organisations, addresses, places, dates and other identifiers in Chinese and English text.
- **Shape**: two tables (characters; {words:,} words and pairs of Han, {own:,} of them with a row of their own), seven convolutions of 96 channels over
  {radius} characters to each side, BIOES labels, Viterbi. Whole numbers of 7 and 8 bits but for the last step, onnxruntime, one thread.
- **Trained on** invented documents and open text (`training/README.md` lists every source and its licence; those of word lists: `NOTICE`); no record of a
  patient, no news set.
- **Leaning**: {lean} was taken from the score of "nothing", because a miss costs more than a mask.
- **For** the cascade of `confide.deid`, beside rules and known values. **Not for** deciding alone, other languages, or text that is no clinical or
  business text; its probabilities are bold. What it misses in a hospital is measured by the reviewed sample (`confide review --sample`).

Recall / precision in characters on held-out documents of `training/` (other templates, surnames, towns and hospitals than those it learnt from):

| held-out file | in floats | as shipped |
|---|---|---|
{rows}

The figures on an independent benchmark stand in `benchmarks/clinical_phi/README.md`.

{digests}
"""


class Rows(CalibrationDataReader):
    """Hands real rows to the calibration, one at a time."""

    def __init__(self, data, n: int) -> None:
        """Take `n` rows of 2,048 places from the front of the data."""
        self.rows = iter(
            [
                {
                    "characters": data[0][i : i + 2048].astype(np.int32)[None],
                    "words": data[1][i : i + 2048].astype(np.int32)[None],
                }
                for i in range(0, n * 2048, 2048)
            ]
        )

    def get_next(self):
        """Return the next row, or None."""
        return next(self.rows, None)


def small_tables(model: onnx.ModelProto) -> None:
    """Keep the two tables in 8 bits: a row is looked up first and made a float afterwards."""
    graph = model.graph
    for node in list(graph.node):
        if node.op_type != "Gather":
            continue
        table = next(t for t in graph.initializer if t.name == node.input[0])
        values = numpy_helper.to_array(table)
        scale = np.float32(np.abs(values).max() / 127)
        graph.initializer.remove(table)
        graph.initializer.append(
            numpy_helper.from_array(np.round(values / scale).astype(np.int8), table.name)
        )
        graph.initializer.append(numpy_helper.from_array(scale, f"{table.name}_scale"))
        graph.initializer.append(numpy_helper.from_array(np.int8(0), f"{table.name}_zero"))
        whole, out = f"{node.output[0]}_whole", node.output[0]
        node.output[0] = whole
        to_float = helper.make_node(
            "DequantizeLinear", [whole, f"{table.name}_scale", f"{table.name}_zero"], [out]
        )
        graph.node.insert(list(graph.node).index(node) + 1, to_float)


def figures(path: Path, data) -> dict[str, float]:
    """Return recall and precision in characters of identifiers, by the exported file."""
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    guess = []
    n = min(len(data[0]), 1_000_000) // 4096 * 4096
    for at in range(0, n, 4096):
        c, w = (a[at : at + 4096].astype(np.int32)[None] for a in data[:2])
        guess.append(session.run(None, {"characters": c, "words": w})[0][0].argmax(-1))
    truth, found = data[2][:n], np.concatenate(guess)
    real = truth < 255
    g, t = (found > 0) & real, (truth > 0) & real
    return {
        "recall": round(float((g & t).sum() / t.sum()), 4),
        "precision": round(float((g & t).sum() / g.sum()), 4),
    }


def main() -> None:
    """Export, quantise, compare, and write the model with its card's figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("trained", type=Path)
    parser.add_argument("--calibrate", type=Path, nargs="+", required=True)
    parser.add_argument("--held", type=Path, nargs="+", required=True)
    parser.add_argument(
        "--lean",
        type=float,
        default=0.5,
        help="taken from the score of nothing: a miss costs more than a mask",
    )
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    saved = torch.load(options.trained, weights_only=False)
    vocabulary = Vocabulary(saved["keys"], saved["numbers"])
    net = Tagger(n_characters(), len(vocabulary), len(LABELS), saved["width"])
    net.load_state_dict(saved["net"])
    net.eval()
    with torch.no_grad():
        net.out.bias[0] -= options.lean
    row = torch.zeros(1, 64, dtype=torch.int32)
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        full, small = Path(folder) / "full.onnx", options.out / "tagger.onnx"
        names = {"input_names": ["characters", "words"], "output_names": ["scores"]}
        torch.onnx.export(
            net,
            (row, row),
            str(full),
            **names,
            dynamic_axes={k: {0: "rows", 1: "places"} for k in ("characters", "words", "scores")},
            dynamo=False,
        )
        held = {file.name: load([file], vocabulary) for file in options.held}
        before = {name: figures(full, data) for name, data in held.items()}
        convolutions = [node.name for node in onnx.load(full).graph.node if node.op_type == "Conv"]
        quantize_static(
            str(full),
            str(small),
            Rows(load(options.calibrate, vocabulary), 100),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv", "Add", "Relu"],
            nodes_to_exclude=convolutions[-1:],  # with 8 bits a step of the scores is 3: too coarse
            calibrate_method=CalibrationMethod.MinMax,  # as the last part of the training rounds
        )
        model = onnx.load(small)
        small_tables(model)
        onnx.save(model, small)
    np.savez(options.out / "tagger.npz", keys=vocabulary.keys, numbers=vocabulary.numbers)
    after = {name: figures(small, data) for name, data in held.items()}
    card = CARD.format(
        rows="\n".join(
            f"| {name.removesuffix('.gz').removesuffix('.jsonl')} | {before[name]['recall']:.4f} / {before[name]['precision']:.4f} "
            f"| {after[name]['recall']:.4f} / {after[name]['precision']:.4f} |"
            for name in held
        ),
        digests="\n".join(
            f"- `{file}` {(options.out / file).stat().st_size:,} bytes, SHA-256 `{hashlib.sha256((options.out / file).read_bytes()).hexdigest()}`"
            for file in ("tagger.onnx", "tagger.npz")
        ),
        lean=options.lean, radius=RADIUS, words=len(vocabulary.keys), own=len(vocabulary),
    )  # fmt: skip
    (options.out / "README.md").write_text(card, encoding="utf-8")
    print(card)


if __name__ == "__main__":
    main()
