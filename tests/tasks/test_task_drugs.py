"""Molecules as numbers, splits by scaffold, a ranked list: on real molecules, and refusals that quote none."""

import csv
import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.errors import InvalidInput
from confide.tasks.drugs import fingerprints, scaffold_split, scaffolds, screened, unreadable
from real_data import SHARED

TABLE = SHARED / "data" / "moleculenet" / "BBBP.csv.gz"
ASPIRIN, ETHANOL, PHENOL = "CC(=O)Oc1ccccc1C(=O)O", "CCO", "Oc1ccccc1"


@pytest.fixture(scope="module")
def bbbp():
    pytest.importorskip("rdkit", reason="pip install confide[drugs]")
    if not TABLE.exists():
        pytest.skip("no real data here")
    return [row["smiles"] for row in csv.DictReader(gzip.open(TABLE, "rt"))]


def test_rows_that_are_no_molecule_are_named_and_never_quoted(bbbp, capfd):
    bad = unreadable(bbbp)
    assert bad[:3] == [60, 62, 392]
    assert len(bad) == 11
    for read in (fingerprints, scaffolds):
        with pytest.raises(InvalidInput) as refused:
            read([ETHANOL, bbbp[59], ASPIRIN, " "])
        assert "2, 4" in str(refused.value)
        assert bbbp[59] not in str(refused.value)
    told = capfd.readouterr()
    assert told.out + told.err == ""


def test_fingerprints_of_real_molecules_are_zeros_and_ones_that_do_not_depend_on_how_they_are_written(bbbp):
    rows = fingerprints([*bbbp[:20], ASPIRIN, "OC(=O)c1ccccc1OC(C)=O"])
    assert rows.shape == (22, 1024)
    assert set(np.unique(rows)) == {0.0, 1.0}
    np.testing.assert_array_equal(rows[20], rows[21])
    assert (rows.sum(1) > 3).all()


def test_a_scaffold_is_the_rings_and_what_links_them(bbbp):
    assert scaffolds([ASPIRIN, PHENOL, ETHANOL]) == ["c1ccccc1", "c1ccccc1", ""]


@given(
    st.lists(st.sampled_from("abcdefgh"), max_size=60),
    st.integers(1, 5),
    st.floats(0, 1),
    st.integers(0, 3),
)
def test_no_scaffold_lies_in_two_places_and_every_molecule_in_one(names, sites, held_out, seed):
    parts, rest = scaffold_split(names, sites=sites, held_out=held_out, seed=seed)
    places = [*parts, rest]
    assert sorted(np.concatenate(places).tolist()) == list(range(len(names)))
    lying = [{names[row] for row in part} for part in places]
    assert sum(map(len, lying)) == len(set(names))
    assert len(rest) >= round(held_out * len(names))


@given(st.permutations(list("aaaabbbccd")))
def test_a_split_does_not_depend_on_the_order_of_rows(names):
    def by_name(names):
        parts, rest = scaffold_split(names, sites=2, held_out=0.3, seed=5)
        return [{names[row] for row in part} for part in [*parts, rest]]

    assert by_name(names) == by_name(list("aaaabbbccd"))


@given(st.integers(2, 5), st.integers(0, 8), st.floats(0, 3), st.integers(0, 99))
def test_a_list_is_ranked_by_mean_less_doubt(models, molecules, caution, seed):
    votes = np.random.default_rng(seed).random((models, molecules))
    ranked = screened(votes, caution=caution)
    assert sorted(each.row for each in ranked) == list(range(1, molecules + 1))
    for each in ranked:
        assert each.score == pytest.approx(each.mean - caution * each.spread)
        assert each.mean == pytest.approx(votes[:, each.row - 1].mean())
    assert [each.score for each in ranked] == sorted((each.score for each in ranked), reverse=True)


@pytest.mark.parametrize(
    "votes", [np.ones((1, 3)), np.ones(3), np.full((2, 2), np.nan), np.full((2, 2), 1.1)]
)
def test_one_model_or_no_probabilities_make_no_ranking(votes):
    with pytest.raises(InvalidInput, match="two models"):
        screened(votes)


@pytest.mark.parametrize("page", ["federated-studies.md", "federated-studies.zh-CN.md"])
def test_the_example_of_the_page_runs(page):
    pytest.importorskip("rdkit", reason="pip install confide[drugs]")
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    [code] = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    exec(compile(code, page, "exec"), {})
