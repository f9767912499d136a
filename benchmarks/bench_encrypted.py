"""The figures of computing while encrypted, flooded and masked, one thread, against TenSEAL's own interface.

Each line of output is one JSON object: id, value, target, holds, ours, rival, unit, how. Both sides run in turns in
this process; processor time of encrypting, answering and decrypting together. TenSEAL does not hide the model.
Usage: python benchmarks/bench_encrypted.py [--only PREFIX] [--quick]. Time nothing else meanwhile.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from statistics import median

import encrypted_data
import numpy as np
import tenseal as ts
from lines import Line, arguments, line, show

sys.path.append(str(Path(__file__).parents[1] / "tests" / "encrypted"))

from confide.encrypted.client import Client
from confide.encrypted.linear import Compiled, compile_model
from confide.encrypted.models import Hidden, Scores, from_sklearn
from confide.encrypted.server import Server
from confide.encrypted.sums import Custodian, SumForm, add_sealed, seal_values

FLOODED = "flooded to 2^-40 an answer, re-randomised, nothing but answers sent"


def seconds(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


def in_turns(
    ours: Callable[[], object], rival: Callable[[], object] | None, rounds: int
) -> tuple[float, float, float]:
    """Return medians of seconds of both sides, and of their ratio."""
    ours(), rival and rival()
    pairs = [(seconds(ours), seconds(rival) if rival else 0.0) for _ in range(rounds)]
    return median(a for a, _ in pairs), median(b for _, b in pairs), median(b / a for a, b in pairs)


def query(compiled: Compiled, rows: np.ndarray) -> tuple[Callable[[], np.ndarray], Client]:
    client, server = Client(compiled.form), Server(compiled, spend=lambda client, answers: None)
    server.enroll("bench", client.public_key())
    return lambda: client.read(server.answer("bench", client.ask(rows))), client


def context(degree: int, bits: list[int], *, galois: bool = True) -> ts.Context:
    made = ts.context(ts.SCHEME_TYPE.CKKS, degree, coeff_mod_bit_sizes=bits, n_threads=1)
    made.global_scale = 2.0**40
    if galois:
        made.generate_galois_keys()
    return made


@cache
def regression() -> tuple[Compiled, np.ndarray, np.ndarray]:
    """Return a logistic regression of 30 features, records brought to -1 .. 1, and its weights for those."""
    rng = np.random.default_rng(0)
    weights, names = rng.normal(0, 1, 30), tuple(f"x{i}" for i in range(30))
    scores = Scores(
        features=names, outputs=("risk",), link="logistic", linear=weights[None], bias=np.array([0.5])
    )
    return (
        compile_model(scores, dict.fromkeys(names, (-1.0, 1.0)), name="lr"),
        rng.uniform(-1, 1, (4096, 30)),
        weights,
    )


def one_query(quick: bool) -> Iterator[Line]:
    """One record of 30 features."""
    compiled, rows, weights = regression()
    ours, client = query(compiled, rows[:1])
    made = context(8192, [60, 40, 60])
    said = {}

    def rival() -> None:
        said["score"] = (ts.ckks_vector(made, rows[0].tolist()).dot(weights.tolist()) + 0.5).decrypt()[0]

    mine, theirs, _ = in_turns(ours, rival, 5 if quick else 51)
    wanted = rows[0] @ weights + 0.5
    if abs(ours()[0, 0] - wanted) > compiled.form.error or abs(said["score"] - wanted) > 1e-3:
        raise RuntimeError("a side is wrong")
    request = client.ask(rows[:1])
    server_size = f"request {len(request):,} bytes, error at most {compiled.form.error:g}"
    how = (
        f"encrypt, answer, decrypt; {FLOODED}; {server_size}; TenSEAL's dot at 8192 [60, 40, 60], not hidden"
    )
    yield line("enc.lr.ms", 1000 * mine, "<= 15", ours=1000 * mine, rival=1000 * theirs, unit="ms", how=how)


def table(quick: bool) -> Iterator[Line]:
    """4,096 records of 30 features."""
    compiled, rows, weights = regression()
    ours, _ = query(compiled, rows)
    made = context(8192, [60, 40, 60], galois=False)

    def rival() -> None:
        columns = [ts.ckks_vector(made, rows[:, i].tolist()) for i in range(30)]
        total = columns[0] * float(weights[0])
        for column, weight in zip(columns[1:], weights[1:], strict=True):
            total += column * float(weight)
        total.decrypt()

    mine, theirs, _ = in_turns(ours, rival, 3 if quick else 9)
    worst = np.abs(ours()[:, 0] - (rows @ weights + 0.5)).max()
    if worst > compiled.form.error:
        raise RuntimeError("wrong")
    how = f"encrypt, answer, decrypt; {FLOODED}; worst error {worst:.2g}; TenSEAL packed feature by feature, not hidden"
    yield line(
        "enc.lr.rows_per_s",
        4096 / mine,
        ">= 40000",
        ours=4096 / mine,
        rival=4096 / theirs,
        unit="rows/s",
        how=how,
    )


def network(quick: bool) -> Iterator[Line]:
    """A square network 30-64-1 by its 495 products, against mm, square and dot."""
    rng = np.random.default_rng(1)
    inner, shift, outer = rng.normal(0, 0.2, (64, 30)), rng.normal(0, 0.1, 64), rng.normal(0, 0.2, (1, 64))
    names, row = tuple(f"x{i}" for i in range(30)), rng.uniform(-1, 1, (1, 30))
    hidden = Hidden(inner=inner, shift=shift, outer=outer, activation="square")
    scores = Scores(
        features=names,
        outputs=("risk",),
        link="logistic",
        linear=np.zeros((1, 30)),
        bias=np.zeros(1),
        hidden=hidden,
    )
    compiled = compile_model(scores, dict.fromkeys(names, (-1.0, 1.0)), name="mlp")
    ours, client = query(compiled, row)
    made, said = context(16384, [60, 40, 40, 40, 60]), {}

    def rival() -> None:
        layer = ts.ckks_vector(made, row[0].tolist()).mm(inner.T.tolist()) + shift.tolist()
        layer.square_()
        said["score"] = layer.dot(outer[0].tolist()).decrypt()[0]

    mine, theirs, ratio = in_turns(ours, rival, 3 if quick else 9)
    wanted = float(outer[0] @ (inner @ row[0] + shift) ** 2)
    if abs(ours()[0, 0] - wanted) > compiled.form.error or abs(said["score"] - wanted) > 1e-2:
        raise RuntimeError("a side is wrong")
    ring = compiled.form.parameters.degree
    how = f"ring {ring}, error at most {compiled.form.error:g}, key {len(client.public_key()):,} bytes; {FLOODED}"
    yield line(
        "enc.mlp.tenseal", ratio, ">= 15", ours=1000 * mine, rival=1000 * theirs, unit="ratio of ms", how=how
    )


def head(quick: bool) -> Iterator[Line]:
    """A head 384 x 8 on an embedding, against 8 dots."""
    rng = np.random.default_rng(2)
    weights, row = rng.normal(0, 0.3, (8, 384)), rng.normal(0, 0.05, (1, 384))
    names = tuple(f"e{i}" for i in range(384))
    scores = Scores(
        features=names, outputs=tuple("abcdefgh"), link="largest", linear=weights, bias=np.zeros(8)
    )
    compiled = compile_model(scores, dict.fromkeys(names, (-0.5, 0.5)), name="head")
    ours, client = query(compiled, row)
    made, said = context(8192, [60, 40, 60]), {}

    def rival() -> None:
        sealed = ts.ckks_vector(made, row[0].tolist())
        said["scores"] = [sealed.dot(each.tolist()).decrypt()[0] for each in weights]

    mine, theirs, ratio = in_turns(ours, rival, 3 if quick else 15)
    if np.abs(ours()[0] - weights @ row[0]).max() > compiled.form.error:
        raise RuntimeError("wrong")
    ring = compiled.form.parameters.degree
    how = f"ring {ring}, error at most {compiled.form.error:g}, key {len(client.public_key()):,} bytes; {FLOODED}"
    yield line(
        "enc.head.tenseal", ratio, ">= 6", ours=1000 * mine, rival=1000 * theirs, unit="ratio of ms", how=how
    )


def keys(quick: bool) -> Iterator[Line]:
    """All that a hospital sends once; the largest ring that the models above took."""
    compiled, rows, _ = regression()
    _, client = query(compiled, rows[:1])
    small = len(client.public_key()) / 1e6
    rings = dict(_key_sizes())
    made = context(8192, [60, 40, 60])
    theirs = (len(made.serialize(save_secret_key=False, save_relin_keys=False))) / 1e6
    how = f"public key, no rotation keys, largest of {', '.join(f'{ring}: {size:.3f}' for ring, size in rings.items())}"
    yield line(
        "enc.keys.mb", max(small, *rings.values()), "<= 0.5", ours=small, rival=theirs, unit="MB",
        how=f"{how}; TenSEAL's public and Galois keys",
    )  # fmt: skip


def _key_sizes() -> Iterator[tuple[str, float]]:
    from confide.encrypted.linear import _RINGS
    from confide.encrypted.messages import packed_size
    from confide.encrypted.parameters import Parameters
    from confide.encrypted.ring import ring

    for degree, primes, _ in _RINGS:
        moduli = ring(Parameters(degree=degree, primes=primes, plain_bits=20)).key_moduli
        yield f"{degree} x {len(primes)}", packed_size(2, moduli, degree) / 1e6


def statistics(quick: bool) -> Iterator[Line]:
    """Mean and variance of 1 M rows at two sites."""
    from confide.dp.noise import Noise
    from confide.dp.random import Stream
    from confide.encrypted.statistics import Measured, SiteStatistics, sealed_of

    rows = 100_000 if quick else 1_000_000
    values = np.random.default_rng(3).uniform(0, 100, rows)

    def plan(key: bytes) -> SiteStatistics:
        return SiteStatistics(
            name="stay", measured=(Measured(column="stay", low=0, high=100),), sites=2, honest=2,
            patients=1_000_000, epsilon=1.0, delta=1e-9, key=key,
        )  # fmt: skip

    custodian = Custodian(plan(b"").form(), openings=10**6)
    mine_plan, half = plan(custodian.public_key()), rows // 2

    def ours() -> dict:
        parts = [{"stay": values[:half]}, {"stay": values[half:]}]
        uploads = [sealed_of(mine_plan.execute(part, Noise(Stream()))) for part in parts]
        return mine_plan.read(custodian.open(add_sealed(mine_plan.form(), uploads)))["columns"]["stay"]

    made = context(8192, [60, 40, 60])
    made.generate_relin_keys()
    said = {}

    def rival() -> None:
        blocks = (values / 100).reshape(-1, 4000)  # else its sum of squares outgrows the last prime
        total = squares = None
        for block in blocks:
            sealed = ts.ckks_vector(made, block.tolist())
            squared = sealed.square()
            total = sealed if total is None else total + sealed
            squares = squared if squares is None else squares + squared
        said["mean"] = 100 * sum(total.decrypt()) / rows
        said["variance"] = 100**2 * sum(squares.decrypt()) / rows - said["mean"] ** 2

    mine, theirs, ratio = in_turns(ours, rival, 1 if quick else 3)
    found = ours()
    if abs(found["mean"] - said["mean"]) > 0.1 or abs(found["variance"] / said["variance"] - 1) > 0.01:
        raise RuntimeError("the two sides disagree")
    form = SumForm(name="rows", values=rows, sites=2, bound=10_000)
    keeper = Custodian(form)
    key, whole = keeper.public_key(), np.rint(values * 100).astype(np.int64)
    each_row = seconds(lambda: seal_values(form, key, whole)) + seconds(
        lambda: seal_values(form, key, whole // 100)
    )
    how = (
        f"{rows:,} rows; ours: sites sum their own rows, add their noise (epsilon 1, paid), encrypt the sums, a hub adds, "
        f"a custodian opens; TenSEAL encrypts and squares every row; encrypting every value and square with us: "
        f"{each_row:.2f} s"
    )
    yield line("enc.stats.tenseal", ratio, ">= 2", ours=mine, rival=theirs, unit="ratio of s", how=how)


def sums(quick: bool) -> Iterator[Line]:
    """The sum of 8 updates of 1 M values."""
    size = 100_000 if quick else 1_000_000
    form, rng = SumForm(name="update", values=size, sites=8, bound=2**31), np.random.default_rng(4)
    updates = [rng.integers(-(2**31), 2**31 + 1, size) for _ in range(8)]
    custodian = Custodian(form)
    key, uploads = custodian.public_key(), []
    spent = [
        seconds(lambda update=update: uploads.append(seal_values(form, key, update))) for update in updates
    ]
    opened = custodian.open(add_sealed(form, uploads))
    wrong = int((opened != sum(updates)).sum())
    made = context(8192, [60, 60], galois=False)
    made.global_scale = 2.0**45
    sent = []

    def rival() -> None:
        sent[:] = [
            ts.ckks_vector(made, block.tolist()).serialize()
            for block in (updates[0] / 2.0**31)[: size // 4000 * 4000].reshape(-1, 4000)
        ]

    theirs = seconds(rival)
    how = f"{size:,} values a site, 8 sites; encrypting {median(spent):.2f} s a site (TenSEAL {theirs:.2f} s)"
    ours_bytes, rival_bytes = max(map(len, uploads)) / size, sum(map(len, sent)) / size
    yield line(
        "enc.sum.bytes_per_value",
        ours_bytes,
        "<= 16",
        ours=ours_bytes,
        rival=rival_bytes,
        unit="bytes",
        how=how,
    )
    yield line("enc.sum.errors", wrong, "== 0", ours=wrong, rival=None, unit="values", how=how)


def decisions(quick: bool) -> Iterator[Line]:
    """Decisions on held-out records: encrypted against plain, wherever the score is beyond the stated error."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    changed, told = 0, []
    for name in ("cancer", "heart", "readmission"):
        rows, labels, ranges = getattr(encrypted_data, name)()
        test = np.arange(len(rows)) % 5 == 0
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(
            rows[~test], labels[~test]
        )
        compiled = compile_model(from_sklearn(model, list(ranges)), ranges, name=name, tolerance=0.02)
        rows = rows[test][: 500 if quick else None]
        plain, found = model.decision_function(rows), query(compiled, rows)[0]()[:, 0]
        sure = np.abs(plain) > compiled.form.error
        changed += int((np.sign(plain) != np.sign(found))[sure].sum())
        told.append(
            f"{name}: {len(rows)} records, {int((~sure).sum())} within {compiled.form.error:g} of the threshold, "
            f"worst error {np.abs(plain - found).max():.2g}"
        )
    yield line(
        "enc.decisions.changed",
        changed,
        "== 0",
        ours=changed,
        rival=None,
        unit="decisions",
        how="; ".join(told),
    )


def theft(quick: bool) -> Iterator[Line]:
    """Thefts with the secret key in hand: weights found beyond those the ideal answer gives."""
    from models_of import compiled_cancer
    from thefts import THEFTS, advantage

    compiled = compiled_cancer()[2]
    rounds = 1 if quick else 5
    ours = max(advantage(compiled, naive=False) for _ in range(rounds))
    naive = max(advantage(compiled, naive=True) for _ in range(rounds))
    how = f"share of 30 weights found to 1 %, best of {', '.join(each.__name__ for each in THEFTS)}; rival: a naive owner"
    yield line(
        "enc.theft.advantage", ours, "<= 0.01", ours=ours, rival=naive, unit="share of weights", how=how
    )


def main() -> None:
    asked = arguments(__doc__, "enc").parse_args()
    parts = {
        "enc.lr.ms": one_query, "enc.lr.rows_per_s": table, "enc.mlp.tenseal": network, "enc.head.tenseal": head,
        "enc.keys.mb": keys, "enc.stats.tenseal": statistics, "enc.sum": sums, "enc.decisions.changed": decisions,
        "enc.theft.advantage": theft,
    }  # fmt: skip
    show({name: lambda part=part: part(asked.quick) for name, part in parts.items()}, asked.only)


if __name__ == "__main__":
    main()
