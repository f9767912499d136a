"""Robust rules over sums of fixed groups, as a federation file names them: what is approved, played, priced and refused."""

import socket
import threading
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from fed_hospitals import play_here
from test_assent import manifest

from confide.crypto.sign import new_key
from confide.demo.federation import SITES as HOSPITALS
from confide.demo.federation import SOURCE, make_federation
from confide.errors import IntegrityError, InvalidInput
from confide.federated.durable import DurableSite
from confide.federated.horizontal import mean_update, model_of, steps_for
from confide.federated.journal import Journal
from confide.federated.learning import Course, Learning
from confide.federated.local import LocalLines, connect_to
from confide.federated.play import play_site
from confide.federated.robust import combined
from confide.study.federation_page import page_of
from confide.study.hosting import COURSE, JOURNAL, host, read_model, status_of
from confide.study.joining import JOURNAL as OF_SITE
from confide.study.joining import site_folder
from confide.study.manifest import (
    FILE,
    FederationSection,
    HubSection,
    PrivacySection,
    SiteSection,
    load_manifest,
    summary,
)

HUB, SITES = new_key(), [new_key() for _ in range(12)]
HOSTILE = "site-04"
PROTECTED = Learning(rounds=2, rate=1.0, protection="patient", clip=1.0, patients=50)
EACH = Learning(rounds=2, rate=1.0, steps=2, protection="each", clip=1.0, patients=50)
PRIVACY = PrivacySection(epsilon=2.0, delta=1e-6)


def of_sites(count=9, *, learning=None, privacy=None, threshold=None, **section):
    section = {"robust": "median", "hostile": 1} | section
    threshold = threshold or (count + section.get("colluders", 0)) // 2 + 1
    return manifest(
        hub=HubSection(key=HUB.public),
        site=tuple(SiteSection(name=f"site-{at:02}", key=SITES[at].public) for at in range(count)),
        federation=FederationSection(threshold=max(3, threshold), expires="2099-12-31", code="0" * 64, **section),
        learning=learning or Learning(rounds=3, rate=0.5),
        privacy=privacy,
    )  # fmt: skip


@contextmanager
def opened(folder, names):
    with socket.socket(socket.AF_UNIX) as listener:
        (folder / "socket").unlink(missing_ok=True)
        listener.bind(str(folder / "socket"))
        listener.listen(20)
        lines = LocalLines(listener, names)
        try:
            yield lines
        finally:
            lines.close()


def lines_to(folder, names):
    (folder / "hub").mkdir(exist_ok=True)
    return opened(folder, names)


def one_site(folder, agreed, at, given, dead):
    """Play a site that moves towards (1, -1), or, if it is the hostile one, far the other way."""
    name = agreed.site[at].name
    group = agreed.group_of(name)

    def update(task, number, give):
        model = model_of(task, agreed.length)
        wanted = 0.5 * (np.array([1.0, -1.0]) - model) + 0.01 * at
        steps = steps_for(group, name, number, -40 * wanted if name == HOSTILE else wanted)
        given[number, name] = steps.copy()  # what is given is masked in its place
        return give(steps)

    journal = Journal(folder / name)
    durable = DurableSite(journal, group, SITES[at])
    rounds = dead.get(name, agreed.learning.rounds + 1)
    play_site(lambda: connect_to(str(folder / "socket"), name), durable, update, rounds=rounds)


def played(folder, agreed, dead=None):
    """Start all sites; return what each gave in which round."""
    given: dict[tuple[int, str], np.ndarray] = {}
    for at in range(len(agreed.site)):
        threading.Thread(target=one_site, args=(folder, agreed, at, given, dead or {}), daemon=True).start()
    return given


def fold(agreed, given, states):
    """What the rule makes of the groups' means, computed in the open."""
    course = Course(agreed.learning, agreed.start())
    for number, states_of in enumerate(states, 1):
        rows = []
        for group, state in zip(agreed.groups(), states_of, strict=True):
            if state == "commit":
                names = [member.name for member in group.members]
                total = sum(given[number, name].astype(np.int64) for name in names).astype(np.int32)
                rows.append(mean_update(total, group, names, number))
        if len(rows) >= 3:
            course.take(combined("median", np.stack(rows), hostile=1), number=number)
    return course.model


def test_a_hostile_site_among_nine_does_not_spoil_what_groups_of_three_learn(tmp_path):
    agreed = of_sites()
    assert [len(group.members) for group in agreed.groups()] == [3, 3, 3]
    given = played(tmp_path, agreed)
    lines = lines_to(tmp_path, {site.name for site in agreed.site})
    signed = host(tmp_path / "hub", agreed, HUB, lines, wait=30.0, grace=1.0)
    model, _ = read_model((tmp_path / "hub" / "model.json").read_bytes(), agreed)
    assert [one["state"] for one in signed["rounds"]] == ["commit"] * 3
    assert len(signed["rounds"][0]["survivors"]) == 9
    np.testing.assert_array_equal(model, fold(agreed, given, [["commit"] * 3] * 3))
    assert np.abs(model - [1, -1]).max() < 0.4  # half the way, three times
    spoilt = given[1, HOSTILE] * agreed.federation.clip / agreed.federation.levels
    assert (
        np.linalg.norm(spoilt) > 9
    )  # as far as the clip lets it go: the mean of three groups would be off by more than 1
    page = page_of(agreed, tmp_path / "hub" / JOURNAL, study=None)
    assert all(member.name in page for group in agreed.groups() for member in group.members)
    assert "median" in page


def test_a_round_with_too_few_groups_changes_nothing_and_the_others_count(tmp_path):
    agreed = of_sites(learning=Learning(rounds=2, rate=0.5))
    gone = agreed.groups()[1].members[0].name
    given = played(tmp_path, agreed, dead={gone: 1})
    lines = lines_to(tmp_path, {site.name for site in agreed.site})
    signed = host(tmp_path / "hub", agreed, HUB, lines, wait=2.0, grace=0.2)
    assert [one["state"] for one in signed["rounds"]] == ["commit", "too-few-groups"]
    states = [[group["state"] for group in one["groups"]] for one in signed["rounds"]]
    assert states[1] == ["commit", "too-few-sites", "commit"]
    model, _ = read_model((tmp_path / "hub" / "model.json").read_bytes(), agreed)
    np.testing.assert_array_equal(model, fold(agreed, given, states))
    own = status_of(agreed, tmp_path / agreed.groups()[0].members[0].name)
    assert [one["survivors"] for one in own] == [[m.name for m in agreed.groups()[0].members]] * 2


class Killed(Exception):
    pass


@pytest.mark.parametrize("algorithm", ["fedavg", "fedadam", "fedyogi", "scaffold"])
def test_a_hub_keeps_one_state_of_the_model_and_no_sum_and_goes_on_from_it_bit_for_bit(tmp_path, algorithm):
    agreed = replace(
        of_sites(4, robust="none", hostile=0), learning=Learning(rounds=5, rate=0.5, algorithm=algorithm)
    )
    [group] = agreed.groups()
    course, given = Course(agreed.learning, agreed.start()), {}

    def site(at):
        name = agreed.site[at].name

        def update(task, number, give):
            drawn = np.random.default_rng([at, number]).integers(-1000, 1000, agreed.length)
            given[number, name] = drawn.astype(np.int32)
            return give(given[number, name].copy())  # it is masked in its place

        durable = DurableSite(Journal(tmp_path / name), group, SITES[at])
        play_site(lambda: connect_to(str(tmp_path / "socket"), name), durable, update, rounds=6)

    for at in range(4):
        threading.Thread(target=site, args=(at,), daemon=True).start()

    def stop_at(number):
        def tell(told):
            if told["number"] == number:
                raise Killed

        return tell

    folder, resumes = tmp_path / "hub", False
    for number in (2, 3):
        with pytest.raises(Killed):
            host(
                folder, agreed, HUB, lines_to(tmp_path, set(group_names(group))), tell=stop_at(number),
                wait=30.0, grace=5.0, resumes=resumes,
            )  # fmt: skip
        resumes = True
        assert [file.name for file in (folder / f"{JOURNAL}.updates").iterdir()] == []
    kept = (folder / COURSE).read_bytes()
    (folder / COURSE).write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    with pytest.raises(IntegrityError) as refused:
        host(folder, agreed, HUB, lines_to(tmp_path, set(group_names(group))), resumes=True)
    assert refused.value.code == "fed.course"
    (folder / COURSE).write_bytes(kept)
    host(folder, agreed, HUB, lines_to(tmp_path, set(group_names(group))), wait=30.0, grace=5.0, resumes=True)
    for number in range(1, 6):
        total = sum(given[number, name].astype(np.int64) for name in group_names(group)).astype(np.int32)
        course.take(mean_update(total, group, group_names(group), number), number=number)
    model, _ = read_model((folder / "model.json").read_bytes(), agreed)
    np.testing.assert_array_equal(model, course.model)


def group_names(group):
    return [member.name for member in group.members]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"count": 8}, "fed.robust-groups"),  # two groups of four
        ({"count": 9, "colluders": 1}, "fed.robust-groups"),  # a group must hold the colluder and three honest sites
        ({"count": 12, "hostile": 2}, "fed.robust-groups"),
        ({"group": 2}, "fed.group-small"),
        ({"group": 1}, "fed.group-small"),
        ({"hostile": 0}, "fed.robust-hostile"),
        ({"robust": "none"}, "fed.robust-hostile"),
        ({"robust": "none", "hostile": 0, "group": 3}, "fed.robust-hostile"),
        ({"learning": Learning(rounds=3, rate=0.5, algorithm="scaffold")}, "learning.combination"),
        ({"group": 2, "learning": PROTECTED, "privacy": PRIVACY}, "fed.group-small"),
        ({"count": 12, "learning": PROTECTED, "privacy": replace(PRIVACY, honest=5)}, "fed.robust-groups"),
    ],
)  # fmt: skip
def test_groups_too_small_for_colluders_or_too_few_for_the_hostile_are_refused_before_anybody_approves(
    changes, code
):
    with pytest.raises(InvalidInput) as refused:
        of_sites(**changes)
    assert refused.value.code == code


def test_ten_sites_whose_own_noise_suffices_stand_four_hostile_ones_and_each_update_is_seen():
    agreed = of_sites(10, hostile=4, group=1, colluders=2, learning=EACH, privacy=PRIVACY)
    assert [(len(g.members), g.threshold, g.colluders, g.private) for g in agreed.groups()] == [
        (1, 1, 0, True)
    ] * 10
    told = summary(agreed)
    assert (told["threshold"], told["hostile"], len(told["groups"])) == (1, 4, 10)


def test_noise_in_parts_is_sized_for_the_honest_sites_of_a_group():
    together, apart = (
        of_sites(12, learning=PROTECTED, privacy=PRIVACY, **section)
        for section in ({"robust": "none", "hostile": 0}, {"hostile": 1, "colluders": 1})
    )
    assert [group.noise.honest for group in apart.groups()] == [3, 3, 3]
    assert all(group.honest >= 3 for group in apart.groups())
    sigma = together.groups()[0].noise.sigma * np.sqrt(together.groups()[0].noise.honest)
    finer = apart.groups()[0].grid.levels / together.groups()[0].grid.levels
    assert apart.groups()[0].noise.sigma * np.sqrt(3) == pytest.approx(sigma * finer, rel=1e-3)
    told = apart.prices()
    assert told.outsider == told.hub <= told.coalition <= PRIVACY.epsilon
    assert len({plan.federation.digest() for plan in plans(apart)}) == 3


def plans(agreed):
    return [agreed.round_plan(1, group.members[0]) for group in agreed.groups()]


def test_hospitals_whose_own_noise_suffices_are_seen_one_by_one_and_pay_for_it(tmp_path):
    made = tmp_path / "made"
    make_federation(made, "en", patients=200)
    text = (made / FILE).read_text()
    for old, new in [
        ("colluders = 0", 'colluders = 0\nrobust = "median"\nhostile = 1\ngroup = 1\npatience = 20.0'),
        ('protection = "patient" ', 'protection = "each" '),
        ("rounds = 15", "rounds = 2\nsteps = 2"),
    ]:
        assert old in text
        text = text.replace(old, new, 1)
    (made / FILE).write_text(text)
    agreed = load_manifest(made / FILE)
    signed, left = play_here(
        made, agreed, SOURCE, then=lambda place: place.ledger.balance(place.study.account.name, agreed.study.name)
    )  # fmt: skip
    assert [[group["state"] for group in one["groups"]] for one in signed["rounds"]] == [["commit"] * 3] * 2
    assert [one["survivors"] for one in signed["rounds"]] == [list(HOSPITALS)] * 2
    for name in HOSPITALS:
        assert (left[name].charges, left[name].abandoned) == (2, 0)
        own = status_of(agreed, site_folder(made / name, agreed) / OF_SITE)
        assert [one["survivors"] for one in own] == [[name]] * 2
