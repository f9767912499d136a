"""The three scenarios: decisions are the plain model's, the ledger names what was told, and no record is on the wire."""

import sys
from pathlib import Path

import numpy as np
import pytest

from real_data import SHARED

sys.path.append(str(Path(__file__).parents[2] / "examples" / "encrypted"))
sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
import scenarios

from confide.encrypted.client import Client

DATA = SHARED / "data"
RECORDS = {"readmission": 600, "heart": 60, "text": 28}
RAW = {"readmission": 13, "heart": 14, "text": 385}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")


@pytest.fixture(scope="module", params=RECORDS)
def played(request, tmp_path_factory):
    scenario = scenarios.SCENARIOS[request.param](RECORDS[request.param])
    compiled = scenarios.compiled_of(scenario)
    asked = scenarios.ask_under_ledger(scenario, compiled, tmp_path_factory.mktemp(request.param))
    return scenario, compiled, asked, scenarios.check(scenario, compiled, asked.answers)


def test_no_decision_of_a_scenario_changes_beyond_the_stated_error(played):
    scenario, compiled, asked, checked = played
    assert checked.changed == 0
    assert checked.worst <= compiled.form.error
    assert checked.unsure <= checked.records // 4
    plain = scenario.model.decision_function(scenario.hospital[0][: len(asked.said)])
    if scenario.name == "readmission":
        yes = plain > np.log(scenario.at_risk / (1 - scenario.at_risk))
        assert ((asked.said[:, 0] > 0) == yes).all()
        assert 0 < yes.sum() < len(yes), "some are above the threshold and some below"
    if scenario.name == "text":
        np.testing.assert_array_equal(asked.said[:, 0], plain.argmax(axis=1))


def test_the_ledger_of_the_hospital_names_the_answers_and_counts_every_decryption(played):
    scenario, compiled, asked, _ = played
    assert asked.ledger == (f"answers of encrypted model {scenario.name}",)
    assert len(asked.up) == len(asked.down) == 1, "over the service, the refused question has no answer"
    groups = -(-len(asked.said) // compiled.form.records) * compiled.form.groups
    assert asked.decrypted == groups, "the refused question opened nothing"


def test_the_answer_after_the_last_is_refused(played):
    scenario, _, asked, _ = played
    if asked.answers.size == scenario.most:
        assert asked.refused == "the service gives no more answers to this client"
    else:
        assert scenario.name == "text", "a small sample does not use the quota up"
    assert scenarios.worth(played[1].form) == RAW[scenario.name]


def seen_in(rows, form, messages):
    """Return whether a record stands in messages in plain."""
    whole = form.encode(rows)
    plain = [row.astype(kind).tobytes() for row in rows for kind in ("<f4", "<f8", ">f4", ">f8")]
    plain += [row.astype(kind).tobytes() for row in whole for kind in ("<i4", "<i8", ">i4", ">i8")]
    plain += [",".join(f"{value:g}" for value in row).encode() for row in rows]
    return any(each in message for message in messages for each in plain)


def test_nothing_plain_of_a_record_is_in_what_went_over_the_wire(played):
    scenario, compiled, asked, _ = played
    form, rows = compiled.form, scenario.hospital[0][: len(asked.said)][:8]
    assert not seen_in(rows, form, (asked.key, *asked.up, *asked.down))
    naive = form.encode(rows).astype("<i8").tobytes()
    assert seen_in(rows, form, (naive,)), "a wire that carries records in plain is found out"


def test_the_same_record_asked_twice_has_no_byte_in_common_but_by_chance(played):
    scenario, compiled, asked, _ = played
    [request], head = asked.up, 60
    again = Client(compiled.form).ask(scenario.hospital[0][:1])
    first = np.frombuffer(request[head : len(again)], np.uint8)
    assert np.mean(first == np.frombuffer(again[head:], np.uint8)) < 0.03


def test_the_size_of_a_request_tells_how_many_records_and_nothing_else(played):
    _, compiled, asked, _ = played
    lowest = np.tile(compiled.form.low, (len(asked.said), 1))
    assert len(asked.up[0]) == len(Client(compiled.form).ask(lowest))
