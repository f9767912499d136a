"""Three hospitals ask an owner's model and show it no patient: readmission, heart disease, the kind of a note.

Each time an owner trains on its own records, compiles, serves over HTTP, and lets a client have so many answers. The
hospital asks about its patients under its own ledger. Then it is told what each side learnt: figures, and what a thief could rebuild from
the answers that were given. Usage: python examples/encrypted/scenarios.py [readmission] [heart] [text]
"""

import csv
import gzip
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from starlette.applications import Starlette

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
import encrypted_data

from confide.encrypted.client import Client
from confide.encrypted.form import Answers
from confide.encrypted.linear import Compiled, compile_model
from confide.encrypted.models import from_sklearn
from confide.encrypted.quota import Quota, worth
from confide.encrypted.remote import Remote
from confide.encrypted.report import report
from confide.encrypted.server import Server
from confide.encrypted.web import make_service, serving, token_digest
from confide.errors import AccessDenied
from confide.ledger.home import open_ledger
from confide.study.encrypted import ask_model

ACCOUNT, WARD, CHECKED = "patients", "hospital", 500
CLIP = 0.25  # of an embedding's numbers, on both sides and public: a narrow range is a small error


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What the owner has, what the hospital has, and what the owner publishes beside its form."""

    name: str
    question: str
    owner: tuple[np.ndarray, np.ndarray]  # records and outcomes that it learnt from
    hospital: tuple[
        np.ndarray, np.ndarray
    ]  # patients whom it asks about; the outcomes only measure the model
    ranges: dict[str, tuple[float, float]]
    model: Any  # of scikit-learn, not yet fitted
    answers: Answers
    most: int  # answers that one client may have
    at_risk: float = 0.5  # from this probability on the decision is yes; public
    resolution: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What passed between hospital and owner, and what the hospital's ledger says of it."""

    said: np.ndarray
    answers: np.ndarray
    key: bytes
    up: tuple[bytes, ...]
    down: tuple[bytes, ...]
    refused: str  # what the owner says to the next question; empty where it may still be asked
    ledger: tuple[str, ...]
    decrypted: int


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What the owner finds when it asks itself, and what the answers that it gave are worth to a thief."""

    records: int
    changed: int  # decisions other than the plain model's, though its score is beyond the stated error
    unsure: int  # records within the stated error of the threshold
    worst: float  # error found; of labels none
    quality: str
    rebuilt: float  # decisions that a model learnt from the answers given shares with the owner's
    guessed: float  # the same for who always says the owner's commonest decision


def readmission(records: int | None = None) -> Scenario:
    """Return the discharge question: 12 columns of a stay; labels, so that nobody sees a score."""
    rows, back, ranges = encrypted_data.readmission()
    rows, back = rows[:records], back[:records]
    test = np.arange(len(rows)) % 5 == 0
    return Scenario(
        name="readmission", question="back within 30 days at a risk above the average?", answers="label", most=100,
        owner=(rows[~test], back[~test]), hospital=(rows[test], back[test]), ranges=ranges,
        model=make_pipeline(StandardScaler(), LogisticRegression()), at_risk=round(float(back[~test].mean()), 3),
    )  # fmt: skip


def heart(records: int | None = None) -> Scenario:
    """Return the question of Long Beach to a model of Cleveland, Budapest and Switzerland; rounded scores."""
    rows, sick, ranges = encrypted_data.heart_as_measured()
    usual = np.nanmedian(rows[:-200], axis=0)  # the owner's, and public: what a hospital fills gaps with
    rows = np.where(np.isnan(rows), usual, rows)
    return Scenario(
        name="heart", question="heart disease?", answers="rounded", resolution=0.5, most=50,
        owner=(rows[:-200], sick[:-200]), hospital=(rows[-200:][:records], sick[-200:][:records]), ranges=ranges,
        model=make_pipeline(StandardScaler(), LogisticRegression(C=0.1)),
    )  # fmt: skip


def text(records: int | None = None) -> Scenario:
    """Return the kind of a note, of four: embedded inside the hospital by a public encoder; scores of the head."""
    place = encrypted_data.DATA / "mtsamples-subset" / "mtsamples_10pct.csv.gz"
    with gzip.open(place, "rt", encoding="utf-8") as file:
        kinds = {row["text"]: row["label"] for row in reversed([*csv.DictReader(file)])}  # a note counts once
    some = [*kinds][:records]
    rows, labels = embeddings(some), np.array([kinds[note] for note in some])
    test = np.arange(len(rows)) % 5 == 0
    return Scenario(
        name="text", question="which of four kinds is the note?", answers="score", most=4 * 90,
        owner=(rows[~test], labels[~test]), hospital=(rows[test], labels[test]),
        ranges={f"e{i}": (-CLIP, CLIP) for i in range(rows.shape[1])}, model=LogisticRegression(max_iter=2000, C=10.0),
    )  # fmt: skip


def embeddings(notes: list[str]) -> np.ndarray:
    """Return what the public MiniLM makes of notes: mean of the last layer, of length 1, each number clipped."""
    import torch
    from all_minilm_l6_v2 import get_model_path
    from transformers import AutoModel, AutoTokenizer

    path = str(get_model_path())
    tokens, model = AutoTokenizer.from_pretrained(path), AutoModel.from_pretrained(path).eval()
    found = []
    for start in range(0, len(notes), 16):
        batch = tokens(
            notes[start : start + 16], padding=True, truncation=True, max_length=128, return_tensors="pt"
        )
        with torch.no_grad():
            last, mask = model(**batch).last_hidden_state, batch["attention_mask"][..., None]
        found.append(torch.nn.functional.normalize((last * mask).sum(1) / mask.sum(1)).double().numpy())
    return np.clip(np.concatenate(found), -CLIP, CLIP)


class Tap:
    """The owner's service as the network sees it: what passes is kept, to be counted and looked at."""

    def __init__(self, service: Starlette) -> None:
        self._service = service
        self.passed: list[tuple[str, bytes, bytes]] = []  # path, what came up, what went down

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        up, down = bytearray(), bytearray()

        async def receiving() -> Any:
            message = await receive()
            up.extend(message.get("body", b""))
            return message

        async def sending(message: Any) -> None:
            down.extend(message.get("body", b""))
            await send(message)

        await self._service(scope, receiving, sending)
        self.passed.append((scope["path"], bytes(up), bytes(down)))

    def at(self, path: str) -> list[tuple[bytes, bytes]]:
        """Return what passed at a path and was answered: up and down."""
        return [(up, down) for each, up, down in self.passed if each == path and not down.startswith(b"{")]


def compiled_of(scenario: Scenario) -> Compiled:
    """Train the owner's model, put the threshold at 0, and compile it."""
    scores = from_sklearn(scenario.model.fit(*scenario.owner), [*scenario.ranges])
    return compile_model(
        replace(scores, bias=scores.bias - _shift(scenario)), scenario.ranges, name=scenario.name,
        answers=scenario.answers, resolution=scenario.resolution,
    )  # fmt: skip


def ask_under_ledger(scenario: Scenario, compiled: Compiled, institution: Path) -> Asked:
    """Let the hospital ask about as many patients as it may, and then about one more, over HTTP on the loopback address.

    Args:
        scenario: whose question.
        compiled: the owner's model.
        institution: folder of the hospital's ledger; here the owner's count of answers lies there too.
    """
    quota = Quota(institution / f"{scenario.name}.answers", compiled.form, scenario.most)
    token, rows, told = token_hex(32), scenario.hospital[0], list[np.ndarray]()
    tap = Tap(make_service(Server(compiled, spend=quota.spend), {WARD: token_digest(token)}))
    with serving(tap) as address, open_ledger(institution) as ledger:
        ledger.open_account(ACCOUNT, epsilon=1.0, delta=1e-7, patients=70_000)
        remote = Remote(address, token)
        form = remote.form()

        def ask(client: Client, some: np.ndarray) -> np.ndarray:
            told.append(remote.ask(client, some))
            return told[-1]

        def put(some: np.ndarray) -> np.ndarray:
            return ask_model(
                ledger, form, some, ask, study=scenario.name, account=ACCOUNT, enroll=remote.enroll
            )

        asked = rows[: scenario.most // len(form.outputs)]
        said, refused = put(asked), ""
        (key, _), passed = tap.at("/key")[0], tap.at("/ask")
        if len(asked) * len(form.outputs) == scenario.most:
            try:
                put(rows[:1])
            except AccessDenied as error:
                refused = str(error)
        noted = tuple(each["what"] for each in ledger.not_private(ACCOUNT))
        counted = sum(each.body["details"]["ciphertexts"] for each in ledger.store.all(kind="record"))
    return Asked(said=said, answers=told[0], key=key, up=tuple(up for up, _ in passed),
                 down=tuple(down for _, down in passed), refused=refused, ledger=noted, decrypted=counted)  # fmt: skip


def check(scenario: Scenario, compiled: Compiled, given: np.ndarray) -> Checked:
    """Let the owner ask itself about records, compare with the plain model, and play thief with the answers given."""
    model, form = scenario.model, compiled.form
    rows, truth = (part[:CHECKED] for part in scenario.hospital)
    server, client = Server(compiled, spend=lambda client, answers: None), Client(form)
    server.enroll(WARD, client.public_key())
    found = client.read(server.answer(WARD, client.ask(rows)))
    plain = model.decision_function(rows).reshape(len(rows), -1) - _shift(scenario)
    own = decided(plain)
    unsure = margin(plain) <= form.error * (1 if plain.shape[1] == 1 else 2)
    commonest = max(np.mean(truth == outcome) for outcome in np.unique(truth))
    if plain.shape[1] == 1:
        quality = f"AUC {roc_auc_score(truth, plain[:, 0]):.2f}"
    else:
        quality = (
            f"right in {np.mean(model.classes_[own] == truth):.0%} (the commonest kind: {commonest:.0%})"
        )
    thief = decided(rebuilt(scenario.hospital[0][: len(given)], given)(rows))
    return Checked(
        records=len(rows), changed=int(((decided(found) != own) & ~unsure).sum()), unsure=int(unsure.sum()),
        worst=0.0 if scenario.answers == "label" else float(np.abs(found - plain).max()), quality=quality,
        rebuilt=float(np.mean(thief == own)), guessed=float(max(np.mean(own == each) for each in np.unique(own))),
    )  # fmt: skip


def decided(scores: np.ndarray) -> np.ndarray:
    """Return yes or no of one output, or the number of the largest."""
    return (scores[:, 0] > 0).astype(int) if scores.shape[1] == 1 else scores.argmax(axis=1)


def margin(scores: np.ndarray) -> np.ndarray:
    """Return how far each record is from another decision."""
    if scores.shape[1] == 1:
        return np.abs(scores[:, 0])
    ordered = np.sort(scores, axis=1)
    return np.asarray(ordered[:, -1] - ordered[:, -2])


def rebuilt(rows: np.ndarray, answers: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return the scores of a model that a thief learns from records and the answers about them."""
    scaled = StandardScaler().fit(rows)
    thief = Ridge(alpha=1e-3).fit(scaled.transform(rows), answers)
    return lambda some: np.asarray(thief.predict(scaled.transform(some))).reshape(len(some), -1)


def _shift(scenario: Scenario) -> float:
    return float(np.log(scenario.at_risk / (1 - scenario.at_risk)))


def show(scenario: Scenario, compiled: Compiled, asked: Asked, checked: Checked) -> str:
    """Return the figures as lines for a person."""
    form, sent, came = compiled.form, sum(map(len, asked.up)), sum(map(len, asked.down))
    return "\n".join([
        f"{scenario.name}: {scenario.question} ({scenario.answers}, {len(form.features)} numbers a record)",
        f"  owner learnt: {len(asked.said)} records were asked about ({len(asked.key):,} bytes of key, {sent:,} of requests)",
        f"  hospital learnt: {asked.answers.size} answers ({came:,} bytes; {report(compiled)['milliseconds']} ms for one record)",
        f"  its ledger: {'; '.join(asked.ledger)} (not private); {asked.decrypted} ciphertexts decrypted",
        f"  a client may have {scenario.most}; the next: {asked.refused or 'not asked'}; {worth(form)} raw ones of an output would give it away",
        f"  a thief with these answers decides as the owner's model in {checked.rebuilt:.0%} (without them {checked.guessed:.0%})",
        f"  {checked.records} records against plain: {checked.changed} decisions changed beyond the stated error {form.error:.2g}, "
        f"{checked.unsure} records within it; error found {checked.worst:.2g}; {checked.quality}",
    ])  # fmt: skip


SCENARIOS = {"readmission": readmission, "heart": heart, "text": text}

if __name__ == "__main__":
    for name in sys.argv[1:] or SCENARIOS:
        chosen = SCENARIOS[name]()
        made = compiled_of(chosen)
        with tempfile.TemporaryDirectory() as folder:
            told = ask_under_ledger(chosen, made, Path(folder))
        print(show(chosen, made, told, check(chosen, made, told.answers)), flush=True)
