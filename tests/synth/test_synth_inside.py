"""What is measured inside, and that the attack finds a table that was copied."""

import numpy as np
import polars as pl
import pytest
from synth_tables import COLUMNS, noise, section, wards

from confide.audit.membership import loss_threshold
from confide.synth.inside import closest_distances, fidelity, usefulness
from confide.synth.plan import SynthPlan
from confide.synth.write import frame_of


def alone(patients: int) -> pl.DataFrame:
    """Rows of many values each, so that hardly two patients are alike."""
    rng = np.random.default_rng(5)
    cells = {name: rng.integers(0, 40, patients).astype(str) for name in "abcdef"}
    return pl.DataFrame({"_patient": np.arange(patients), **cells})


def test_a_table_is_at_no_distance_from_itself():
    data = wards(500)
    for found in fidelity(section(), data, data.select(list(COLUMNS))):
        assert found["worst"] == pytest.approx(0, abs=1e-12)


def test_fidelity_is_the_total_variation_of_shares():
    data = pl.DataFrame(
        {"_patient": ["p", "q"], "sex": ["F", "M"], "age": ["1", "1"], "stay": ["2", "2"], "ward": ["a", "a"]}
    )
    other = data.select(list(COLUMNS)).with_columns(sex=pl.lit("F"))
    one, two, three = fidelity(section(), data, other)
    assert (one["worst"], one["mean"]) == (0.5, 0.125)
    assert (two["groups"], three["groups"]) == (6, 4)


def test_the_attack_finds_a_table_of_copied_records():
    columns = {name: tuple(map(float, range(41))) for name in "abcdef"}
    asked = section(columns=columns, patients=10**8, delta=1e-12)
    data = alone(1600)
    members, others = data[:800], data[800:]
    copied = members.select(list(columns))
    found = loss_threshold(
        closest_distances(asked, members, copied), closest_distances(asked, others, copied), delta=1e-9
    )
    assert found.epsilon_lower > asked.epsilon
    assert found.auc > 0.99


def test_the_attack_does_not_refute_a_table_of_ours():
    data = wards(4000)
    members, others = data[:3600], data[3600:]
    table = frame_of(SynthPlan(settings=section()).execute(members, noise()))
    found = loss_threshold(
        closest_distances(section(), members, table), closest_distances(section(), others, table), delta=1e-9
    )
    assert found.epsilon_lower <= 1.0


def test_a_model_of_synthetic_rows_is_nearly_as_often_right_as_one_of_real_rows():
    data = wards(8000)
    members, others = data[:7000], data[7000:]
    asked = section(target="ward")
    table = frame_of(SynthPlan(settings=asked).execute(members, noise()))
    found = usefulness(asked, members, others, table)
    assert found["plain"] > 0.95
    assert found["ours"] > 0.9 > found["guess"]
    assert usefulness(section(), members, others, table) is None
    assert usefulness(asked, members, others[:0], table) is None
