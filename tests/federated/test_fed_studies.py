"""Real patients of four hospitals and six regions: splits, a study with and without masks, the example that lays tables out."""

import sys
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from confide.crypto.sign import new_key
from confide.federated.learning import Learning
from confide.study.manifest import code_digest, load_manifest
from confide.train.features import Number, names, parse_feature
from real_data import SHARED

ROOT = Path(__file__).parents[2]
HEART = SHARED / "data" / "uci-heart-4hospitals"

if not HEART.exists():
    pytest.skip("no real data here", allow_module_level=True)
pytest.importorskip("sklearn", reason="FLamby's splits are drawn by scikit-learn")
sys.path.append(str(ROOT / "benchmarks"))
import federated_recipe as study  # noqa: E402
import federated_tables as tables  # noqa: E402
from hospitals import HOSPITALS, main  # noqa: E402


@pytest.fixture(scope="module")
def both():
    return {"heart": tables.heart(), "brca": tables.brca()}


def test_the_splits_are_flambys(both):
    heart, brca = both["heart"], both["brca"]
    assert [(len(c.train), len(c.test)) for c in heart] == [(199, 104), (172, 89), (30, 16), (85, 45)]
    published = [(248, 63), (156, 40), (164, 42), (129, 33), (129, 33), (40, 11)]
    assert [(len(c.train), len(c.test)) for c in brca] == published
    assert [int(c.outcomes[c.test, 1].sum()) for c in brca[:5]] == [14, 4, 8, 3, 2]  # events held out there


@pytest.mark.parametrize("name", ["heart", "brca"])
def test_no_fold_looks_at_a_patient_who_is_held_out(both, name):
    for part in study.folds(both[name], 5, 0):
        for centre, fold in zip(both[name], part, strict=True):
            assert not set(fold.train) & set(fold.test)
            assert set(fold.train) | set(fold.test) == set(centre.train)


@pytest.mark.parametrize("name", ["heart", "brca"])
def test_two_rounds_with_masks_are_two_rounds_without_to_the_grids_resolution(both, name):
    make = {"heart": study.ill_or_not, "brca": study.survival}[name]
    settings = study.recipe(name) | {"rounds": 2}
    masked, plain = (study.learnt(both[name], make, settings, 0, how) for how in ("masked", "floats"))
    step = settings["clip"] / 2**20
    # one rounding a site and round; fedadam divides by what may be as small as its adaptivity
    steepest = settings.get("server_rate", 1.0) / (1e-3 if settings["algorithm"] == "fedadam" else 1)
    assert 0 < np.abs(masked - plain).max() <= 4 * step * max(1.0, steepest)


def test_with_noise_two_runs_differ_and_a_frozen_recipe_still_tells_ill_from_not(both):
    privacy = study.noise(8.0, 300)
    settings = study.recipe("heart-dp")
    one, other = (
        study.learnt(both["heart"], study.ill_or_not, settings, 0, "steps", privacy) for _ in range(2)
    )
    assert np.abs(one - other).max() > 0
    learner = study.ill_or_not(both["heart"][0])
    assert study.held_out(both["heart"], learner, one) > 0.7


def test_the_examples_tables_have_the_columns_and_words_that_its_draft_names(tmp_path):
    main(HEART, tmp_path)
    draft = tomllib.loads((tmp_path / "federation.toml").read_text(encoding="utf-8"))["model"]
    assert tuple(draft["features"]) == tables.FEATURES
    held = [pl.read_csv(tmp_path / hospital / "raw" / "patients.csv") for hospital in HOSPITALS]
    assert [len(table) for table in held] == [303, 294, 123, 200]
    together = pl.concat(held, how="vertical_relaxed")
    assert set(together[draft["target"]]) == {"yes", "no"}
    for feature in map(parse_feature, draft["features"]):
        told = together[feature.column].drop_nulls()
        if isinstance(feature, Number):
            assert feature.low <= told.cast(pl.Float64).median() <= feature.high
        else:
            assert set(feature.values) < set(told)


def test_the_examples_draft_is_a_federation_once_keys_are_filled_in(tmp_path):
    text = (ROOT / "examples" / "federated-heart" / "federation.toml").read_text(encoding="utf-8")
    for who in ("hub", *HOSPITALS):
        text = text.replace(f"<key of {who}>", new_key().public)
    (tmp_path / "federation.toml").write_text(text.replace("<code>", code_digest()), encoding="utf-8")
    manifest = load_manifest(tmp_path / "federation.toml")
    assert manifest.length == len(names(tables.FEATURES))
    frozen = study.recipe("heart-dp")
    same = Learning(
        **{key: frozen[key] for key in ("rounds", "rate", "clip", "patients")}, protection="patient"
    )
    assert manifest.learning == same
