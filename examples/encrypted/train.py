"""Train a logistic regression over four hospitals on encrypted sums, and say honestly what encrypted training costs.

Each round every hospital encrypts the sums of its gradients and second derivatives at the present weights; a hub adds,
a custodian opens the totals, and a Newton step follows. The result is the pooled model. What is opened each round is
a release about patients: nothing here is differentially private. Beside it, one step of training whose records and
weights are all encrypted (CKKS, as TenSEAL's own tutorial does), timed for a few records.
Usage: python examples/encrypted/train.py
"""

import sys
import time
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from encrypted_data import heart

from confide.encrypted.sums import Custodian, SumForm, add_sealed, seal_values

STEPS, ROUNDS = 1 << 16, 8


def derivatives(rows: np.ndarray, sick: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return gradient and second derivatives of a hospital's log-likelihood, in steps."""
    chance = 1 / (1 + np.exp(-rows @ weights))
    gradient = rows.T @ (sick - chance)
    second = (rows * (chance * (1 - chance))[:, None]).T @ rows
    return np.rint(np.concatenate([gradient, second.ravel()]) * STEPS).astype(np.int64)


def by_newton(sites: list[tuple[np.ndarray, np.ndarray]], features: int) -> tuple[np.ndarray, float]:
    """Return weights and seconds of processor, all parties together."""
    form = SumForm(name="newton", values=features + features**2, sites=len(sites), bound=STEPS * 4000)
    custodian, weights = Custodian(form), np.zeros(features)
    key, began = custodian.public_key(), time.process_time()
    for _ in range(ROUNDS):
        uploads = [seal_values(form, key, derivatives(rows, sick, weights)) for rows, sick in sites]
        total = custodian.open(add_sealed(form, uploads)) / STEPS
        second = total[features:].reshape(features, features)
        weights = weights + np.linalg.solve(second + np.eye(features), total[:features] - weights)
    return weights, time.process_time() - began


def all_encrypted(rows: np.ndarray, sick: np.ndarray) -> float:
    """Return seconds a record of one gradient with records, labels and weights encrypted."""
    import tenseal as ts

    context = ts.context(
        ts.SCHEME_TYPE.CKKS, 8192, coeff_mod_bit_sizes=[40, 21, 21, 21, 21, 21, 21, 40], n_threads=1
    )
    context.global_scale = 2.0**21
    context.generate_galois_keys()
    weights = ts.ckks_vector(context, [0.0] * rows.shape[1])
    began = time.process_time()
    for row, label in zip(rows, sick, strict=True):
        sealed = ts.ckks_vector(context, row.tolist())
        chance = sealed.dot(weights).polyval([0.5, 0.197, 0, -0.004])
        chance -= ts.ckks_vector(context, [float(label)])
        sealed * chance
    return (time.process_time() - began) / len(rows)


def main() -> None:
    """Train both ways and print what it took."""
    values, sick, ranges = heart()
    low, high = np.array(list(ranges.values())).T
    rows = np.column_stack([np.ones(len(values)), (values - (low + high) / 2) / ((high - low) / 2)])
    sites = [(part, sick[at]) for at in np.array_split(np.arange(len(rows)), 4) for part in [rows[at]]]
    weights, seconds = by_newton(sites, rows.shape[1])
    plain = np.zeros(rows.shape[1])
    began = time.process_time()
    for _ in range(ROUNDS):
        total = derivatives(rows, sick, plain) / STEPS
        second = total[len(plain) :].reshape(len(plain), -1)
        plain = plain + np.linalg.solve(second + np.eye(len(plain)), total[: len(plain)] - plain)
    in_plain = time.process_time() - began
    print(f"{len(rows)} patients of 4 hospitals, {ROUNDS} Newton rounds on encrypted sums: {seconds:.2f} s "
          f"(plain, pooled: {in_plain * 1000:.1f} ms); largest difference of a weight {np.abs(weights - plain).max():.1e}; "
          f"accuracy {np.mean((rows @ weights > 0) == sick):.3f}")  # fmt: skip
    each = all_encrypted(rows[:5], sick[:5])
    print(f"records, labels and weights all encrypted (CKKS): {each:.2f} s a record and step, so about "
          f"{each * len(rows) * 20 / 60:.0f} minutes for 20 passes, and then the depth is used up: not practical")  # fmt: skip


if __name__ == "__main__":
    main()
