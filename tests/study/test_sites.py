"""What a review teaches is for later studies: the study it was learnt from refuses it, and so does an earlier one."""

import json
import time

import pytest
from doubtful import DAY, NUMBER, at_desk, copied, decide_all, made_once, outgoing, places, plant, records
from erasing import run

from confide.cli import main
from confide.errors import IntegrityError, InvalidInput
from confide.study.sites import LEARNT, learn, site_list_of
from confide.study.workplace import open_workplace


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return made_once(tmp_path_factory)


@pytest.fixture
def study(made, tmp_path, monkeypatch):
    return copied(made, tmp_path, monkeypatch)


def reviewed(study):
    with at_desk(study) as desk:
        for at in range(len(desk.items)):
            desk.decide(at, "reject" if desk.items[at].text == DAY else "accept")


def learnt(study, name="site.sealed"):
    with pytest.raises(SystemExit) as left:
        main.run(["review", str(study), "--learn", str(study.parent / name)])
    assert left.value.code == 0
    return study.parent / name


def with_list(folder, name="another", site="../site.sealed"):
    """Write the study file anew, with a site list and another name."""
    file = folder / "study.toml"
    text = file.read_text().replace('name = "readmission"', f'name = "{name}"')
    file.write_text(
        text.replace("[gates]", f"[gates]\n# {name}").replace(
            'review = "hold"', f'review = "hold"\nsite_list = "{site}"'
        )
    )


def test_the_study_that_a_list_was_learnt_from_refuses_it(study):
    reviewed(study)
    learnt(study)
    with_list(study, name="readmission")
    with pytest.raises(InvalidInput) as refused:
        run(study)
    assert refused.value.code == "review.own-site-list"
    with open_workplace(study) as place, pytest.raises(InvalidInput):
        site_list_of(place.study, place.vault, "9999-01-01T00:00:00Z")  # also under another ledger's clock


def test_a_study_that_began_before_the_list_was_learnt_refuses_it_under_any_name(study):
    with_list(study, name="sister")
    file = study / "study.toml"
    named = file.read_text()
    file.write_text(named.replace('site_list = "../site.sealed"\n', ""))
    run(study)  # the sister began
    time.sleep(1.1)  # entries state seconds
    file.write_text(
        named.replace('name = "sister"', 'name = "readmission"').replace('site_list = "../site.sealed"\n', "")
    )
    run(study)
    reviewed(study)
    learnt(study)
    file.write_text(named)
    with pytest.raises(InvalidInput) as refused:
        run(study)
    assert refused.value.code == "review.own-site-list"


def test_a_later_study_masks_what_was_accepted_and_lets_stay_what_was_rejected(study):
    reviewed(study)
    learnt(study)
    with_list(study, name="later")
    plant(study, " Seen by nobody known.", [30])
    outcome = run(study)
    assert outcome.verdict == "pass"
    assert outgoing(study).count(DAY) == 3
    assert NUMBER not in outgoing(study)
    found = json.loads((study / "dossier/inside.json").read_bytes())["private"]["deid"]
    assert found["doubtful"] == 0


def test_the_list_is_sealed_and_the_ledger_is_told_only_how_long_it_is(study):
    reviewed(study)
    file = learnt(study)
    assert DAY.encode() not in file.read_bytes()
    assert records(LEARNT) == [{"always": 1, "never": 1}]


def test_a_string_that_was_decided_in_both_ways_teaches_nothing(study):
    with at_desk(study) as desk:
        first, *others = places(desk, DAY)
        desk.decide(first, "accept")
        for at in others:
            desk.decide(at, "reject")
        site = learn(desk.items, desk.decisions, "x")
    assert (dict(site.always), site.never) == ({}, frozenset())


def test_nothing_is_learnt_from_nothing_or_over_a_file(study, capsys):
    with pytest.raises(SystemExit) as left:
        main.run(["review", str(study), "--learn", str(study.parent / "none.sealed")])
    assert left.value.code == 2
    decide_all(study, "accept")
    learnt(study)
    with pytest.raises(SystemExit) as left:
        main.run(["review", str(study), "--learn", str(study.parent / "site.sealed")])
    assert left.value.code == 2


def test_another_sealed_file_is_no_site_list(study):
    with open_workplace(study) as place:
        place.vault.seal_bytes(b'{"format": "other"}', study.parent / "site.sealed")
    with_list(study)
    with pytest.raises(IntegrityError):
        run(study)
