"""A federation over the command line: four institutions as processes, each with its own vault, ledger and assent."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fed_hospitals import approve_all, play_here

from confide.demo.federation import HUB, SITES, SOURCE, make_federation
from confide.demo.walk import institution
from confide.federated.durable import DurableHub
from confide.federated.horizontal import task_of
from confide.federated.journal import Journal
from confide.federated.play import Rounds
from confide.study.hosting import JOURNAL as HUB_JOURNAL
from confide.study.hosting import MODEL, read_model, survivors_of
from confide.study.joining import JOURNAL as SITE_JOURNAL
from confide.study.joining import plans_of, site_folder
from confide.study.keys import vault_folder
from confide.study.manifest import FILE, Manifest, load_manifest
from confide.study.places import HOME, Way, lines_at
from confide.vault.boxes import signing_key
from confide.vault.vault import open_vault

CONFIDE = [sys.executable, "-c", "from confide.cli.main import run; run()"]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("federation") / "made"
    make_federation(folder, "en", patients=200)
    return folder


@pytest.fixture
def made(original, tmp_path):
    folder = tmp_path / "here"
    shutil.copytree(original, folder)
    return folder


def confide(who: Path, *asked, check=True):
    done = subprocess.run(
        [*CONFIDE, *map(str, asked)],
        env=os.environ | {"CONFIDE_HOME": str(who / HOME)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    if check:
        assert done.returncode == 0, done.stderr + done.stdout
    return done


def everything(folder: Path) -> list[object]:
    sites = [part for name in SITES for part in ("--site", f"{folder / name}={SOURCE}")]
    return ["federate", "run", folder / FILE, "--hub", folder / HUB, *sites]


def start(who: Path, *asked) -> subprocess.Popen:
    return subprocess.Popen(
        [*CONFIDE, *map(str, asked)], env=os.environ | {"CONFIDE_HOME": str(who / HOME)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def join(folder: Path, name: str) -> list[object]:
    return ["federate", "join", folder / FILE, "--study", folder / name, "--source", SOURCE]


def spent(folder: Path, name: str) -> list[dict]:
    told = json.loads(confide(folder / name, "ledger", "show", "--json").stdout)
    return told["accounts"] if isinstance(told, dict) else told


def check_ended(folder: Path) -> None:
    """The model at the hub and at every site is the signed one; each round has one update of each site."""
    manifest = load_manifest(folder / FILE)
    document = (folder / HUB / MODEL).read_bytes()
    _, signed = read_model(document, manifest)
    assert signed["status"] == "dp"
    hub = Journal(folder / HUB / HUB_JOURNAL, looks=True)
    given = {
        number: {head for kind, _, head in hub.heads(number) if kind == "message" and b": input" in head}
        for number in range(1, manifest.learning.rounds + 1)
    }
    for name in SITES:
        own = site_folder(folder / name, manifest)
        assert (own / MODEL).read_bytes() == document
        journal = Journal(own / SITE_JOURNAL, looks=True)
        for number, heads in given.items():
            gave = [head for kind, _, head in journal.heads(number) if kind == "gave"]
            if name in survivors_of(hub, manifest.settings(), number):
                assert len(gave) == 1
                assert gave[0] in heads
    assert [one["state"] for one in signed["rounds"]] == [hub.state(n) for n in given]


def test_three_hospitals_learn_a_model_that_each_of_them_has_signed_and_paid_for(made):
    told = json.loads(confide(made, *everything(made), "--json").stdout)
    assert all(one["survivors"] == ["north", "east", "south"] for one in told["rounds"])
    check_ended(made)
    for name in SITES:
        shown = confide(made / name, "ledger", "show").stdout
        assert "readmission-together" in shown
        status = confide(made / name, "federate", "status", made / FILE, "--study", made / name, "--json")
        assert len(json.loads(status.stdout)) == 15
    assert len(json.loads(confide(made, "federate", "status", made / FILE, "--json").stdout)) == 15
    refused = confide(
        made / HUB, "federate", "up", made / FILE, "--keys", made / HUB / "keys.toml", check=False
    )
    assert refused.returncode == 2
    assert "resume" in refused.stderr


def test_a_file_whose_every_local_step_is_noisy_is_priced_for_all_rounds(original):
    text = (original / FILE).read_text()
    section = text[text.index("[learning]") : text.index("[privacy]")]
    noisy = section.replace('protection = "patient"', 'protection = "each"').replace(
        "rounds = 15", "rounds = 3"
    )
    file = original / "each.toml"
    file.write_text(text.replace(section, noisy + "steps = 4\n\n"))
    manifest = load_manifest(file)
    settings, told = manifest.settings(), manifest.prices()
    assert (settings.private, settings.noise) == (True, None)
    assert manifest.privacy is not None
    assert manifest.privacy.epsilon * 0.98 < told.coalition == told.outsider <= manifest.privacy.epsilon
    plans = plans_of(manifest, settings.members[0])
    assert [plan.number for plan in plans] == [1, 2, 3]
    assert len({plan.name for plan in plans}) == 3


def test_hub_and_sites_that_are_killed_go_on_where_they_stood(made):
    keys = ["--folder", made / HUB, "--keys", made / HUB / "keys.toml"]
    sites = {name: start(made / name, *join(made, name)) for name in SITES}
    hub = start(made / HUB, "federate", "up", made / FILE, *keys)
    try:
        for moment in range(4):
            wait_for_round(made, 2 + 3 * moment)
            hub.send_signal(signal.SIGKILL)
            hub.wait()
            if moment % 2:
                sites["east"].send_signal(signal.SIGKILL)
                sites["east"].wait()
                sites["east"] = start(made / "east", *join(made, "east"))
            hub = start(made / HUB, "federate", "resume", made / FILE, *keys)
        assert hub.wait(120) == 0, hub.stderr.read()
        for site in sites.values():
            assert site.wait(60) == 0, site.stderr.read()
    finally:
        for process in (hub, *sites.values()):
            process.kill()
            process.communicate()
    check_ended(made)


def wait_for_round(folder: Path, number: int) -> None:
    journal, until = folder / HUB / HUB_JOURNAL, time.monotonic() + 60
    while time.monotonic() < until:
        if journal.with_name(journal.name + ".updates").exists():
            opened = Journal(journal, looks=True)
            last = opened.last()
            opened.close()
            if last >= number:
                return
        time.sleep(0.02)
    raise AssertionError(f"round {number} was not begun")


def test_a_site_answers_nothing_that_it_has_not_approved_or_has_revoked(made):
    told = json.loads(confide(made / "north", "federate", "check", made / FILE, "--json").stdout)
    confide(made / "north", "federate", "revoke", made / FILE)
    again = confide(made / "north", "federate", "revoke", made / FILE, check=False)
    assert again.returncode == 2
    refused = confide(made / "north", *join(made, "north"), check=False)
    assert refused.returncode == 6
    assert not (made / "north" / "federation").exists()
    other = confide(made / "north", "federate", "approve", made / FILE, "--digest", "0" * 64, check=False)
    assert (other.returncode, told["digest"] in other.stderr) == (6, True)
    confide(made / "north", "federate", "approve", made / FILE, "--digest", told["digest"].upper())
    twice = confide(
        made / "north", "federate", "approve", made / FILE, "--digest", told["digest"], check=False
    )
    assert twice.returncode == 2


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ('expires = "2099-12-31"', 'expires = "2026-01-01"', 6, "approved"),
        ("rounds = 15", "rounds = 16", 6, "approved"),
        ('code = "', 'code = "0', 2, "install the very version"),
        ("threshold = 3", "threshold = 2", 2, "honest"),
        ('"number(age, 0, 100)", ', '"number(age, 0, 100)", "number(readmitted, 0, 1)", ', 2, "among the features"),
        ('protection = "patient" ', 'protection = "none" ', 2, ""),
        ("[privacy]", "[secrecy]", 2, "privacy"),
    ],
)  # fmt: skip
def test_a_file_that_was_changed_is_refused_by_name(made, old, new, code, said):
    text = (made / FILE).read_text()
    assert old in text
    (made / FILE).write_text(text.replace(old, new, 1))
    refused = confide(made / "north", *join(made, "north"), check=False)
    assert refused.returncode == code, refused.stderr
    assert said in refused.stderr
    assert not (made / "north" / "federation").exists()


def test_a_federation_whose_last_day_is_over_is_not_joined(made):
    text = (made / FILE).read_text().replace('expires = "2099-12-31"', 'expires = "2026-01-01"')
    (made / FILE).write_text(text)
    digest = json.loads(confide(made / "north", "federate", "check", made / FILE, "--json").stdout)["digest"]
    refused = confide(made / "north", "federate", "approve", made / FILE, "--digest", digest, check=False)
    assert (refused.returncode, "2026-01-01" in refused.stderr) == (2, True)


def test_a_site_that_cannot_pay_for_all_rounds_does_not_begin(made):
    study = made / "north" / "study.toml"
    study.write_text(study.read_text().replace("epsilon = 2.1", "epsilon = 1.9"))
    refused = confide(made / "north", *join(made, "north"), check=False)
    assert refused.returncode == 3
    assert not (made / "north" / "federation").exists()


def test_a_table_without_the_columns_or_the_patients_is_refused(made):
    visits = made / "north" / "raw" / "visits.csv"
    text = visits.read_text()
    visits.write_text(text.replace("hba1c", "hb", 1))
    refused = confide(made / "north", *join(made, "north"), check=False)
    assert (refused.returncode, "hba1c" in refused.stderr) == (2, True)
    for path in (made / "north" / "sealed").iterdir():
        path.unlink()
    nobody = confide(
        made / "east",
        "federate",
        "join",
        made / FILE,
        "--study",
        made / "east",
        "--source",
        "notes",
        check=False,
    )
    assert (nobody.returncode, "visits" in nobody.stderr) == (2, True)


def test_a_study_that_protects_rows_takes_no_part_in_a_federation_of_patients(made):
    study = made / "north" / "study.toml"
    text = study.read_text()
    assert "[patient]\n" in text
    study.write_text(text.replace("[patient]\n", '[patient]\nunit = "row"\n', 1))
    refused = confide(made / "north", *join(made, "north"), check=False)
    assert (refused.returncode, "protects rows" in refused.stderr) == (2, True)
    assert not (made / "north" / "federation").exists()


def test_a_site_whose_patients_have_no_known_target_does_not_join(made):
    visits = made / "north" / "raw" / "visits.csv"
    head, *rows = visits.read_text().splitlines()
    assert head.endswith(",readmitted")
    visits.write_text("\n".join([head, *(row.rpartition(",")[0] + "," for row in rows)]) + "\n")
    refused = confide(made / "north", *join(made, "north"), check=False)
    assert (refused.returncode, "no patient of the table" in refused.stderr) == (2, True)


def test_a_stranger_is_no_member_and_may_not_be_the_hub(made):
    stranger = confide(made / HUB, *join(made, "north"), check=False)
    assert stranger.returncode != 0  # the hub's vault does not open with the study's passphrase
    not_hub = confide(
        made / "north", "federate", "up", made / FILE, "--folder", made / "other", "--study", made / "north", check=False
    )  # fmt: skip
    assert not_hub.returncode == 6


def test_the_page_for_the_officer_shows_sums_prices_and_this_site_s_word_and_is_safe(made):
    play_here(made, changed(made, ("rounds = 15", "rounds = 2")), SOURCE)
    page = made / "page.html"
    confide(made / "north", "federate", "report", made / FILE, "--study", made / "north", "--to", page)
    text = page.read_text()
    manifest = load_manifest(made / FILE)
    assert manifest.digest() in text
    assert text.count('fill="#0b615d"') == len(SITES) * manifest.learning.rounds
    assert "<script" not in text
    assert "approved" in text
    hub = confide(
        made / HUB, "federate", "report", made / FILE, "--to", made / "hub.html", "--language", "zh"
    )
    assert "hub.html" in hub.stdout
    assert "At this institution" not in (made / "hub.html").read_text()


def anew(folder: Path, *changes: tuple[str, str]) -> None:
    """Change the file, and have every hospital approve what it says now."""
    approve_all(folder, changed(folder, *changes))


def changed(folder: Path, *changes: tuple[str, str]) -> Manifest:
    """Change the file; return what it says now, which nobody has approved yet."""
    text = (folder / FILE).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / FILE).write_text(text)
    return load_manifest(folder / FILE)


@pytest.mark.parametrize(
    ("changes", "status", "charges"),
    [
        ([('protection = "patient" ', 'protection = "each" '), ("rounds = 15", "rounds = 2\nsteps = 2")], "dp", 2),
        (
            [
                ('protection = "patient" ', 'protection = "none" '), ("rounds = 15", 'rounds = 2\nalgorithm = "scaffold"\nsteps = 3'),
                ("clip = 1.0\npatients = 200", ""), ("rate = 4.0", "rate = 0.1"), ("[privacy]\nepsilon = 2.0", "#"), ("delta = 1e-8", ""),
            ],
            "not private", 0,
        ),
    ],
    ids=["each", "none"],
)  # fmt: skip
def test_other_protections_are_charged_or_said(made, changes, status, charges):
    told, _ = play_here(made, changed(made, *changes), SOURCE)
    assert (told["status"], [one["state"] for one in told["rounds"]]) == (status, ["commit"] * 2)
    confide(made / "north", "ledger", "export", made / "ledger.jsonl")
    lines = [json.loads(line) for line in (made / "ledger.jsonl").read_text().splitlines()]
    entries = [json.loads(line["entry"]) for line in lines if "entry" in line]
    assert sum(each["kind"] == "charge" for each in entries) == charges
    assert sum("updates to the federated model" in str(each) for each in entries) == (charges == 0)


def test_the_same_commands_play_by_files_that_are_carried(made):
    anew(made, ("rounds = 15", "rounds = 1"))
    drop = made / "drop"
    sites = {name: start(made / name, *join(made, name), "--files", drop) for name in SITES}
    keys = ["--folder", made / HUB, "--keys", made / HUB / "keys.toml", "--files", drop]
    hub = start(made / HUB, "federate", "up", made / FILE, *keys, "--json")
    try:
        assert hub.wait(120) == 0, hub.stderr.read()
        for site in sites.values():
            assert site.wait(60) == 0, site.stderr.read()
    finally:
        for process in (hub, *sites.values()):
            process.kill()
            process.communicate()
    assert load_manifest(made / FILE).learning.rounds == 1
    check_ended(made)


def test_a_hub_that_begins_more_rounds_than_were_approved_gets_nothing(made, tmp_path):
    anew(made, ("rounds = 15", "rounds = 1"))
    manifest = load_manifest(made / FILE)
    with institution(made / HUB / HOME):
        secret = (made / HUB / "passphrase.txt").read_text().strip()
        key = signing_key(open_vault(vault_folder(), passphrase=secret))
    journal = Journal(tmp_path / "hub")
    sites = {name: start(made / name, *join(made, name)) for name in SITES}
    try:
        with lines_at(manifest, Way(), tmp_path) as lines:
            rounds = Rounds(lines, patience=30.0, grace=1.0)
            rounds.wait(SITES, least=3, seconds=60)
            beyond = DurableHub(journal, manifest.settings(), 2, key, task=task_of(manifest.start()))
            rounds.play(beyond)
        assert (beyond.hub.stage, beyond.hub.reason) == ("aborted", "too-few-sites")
        deadline = (
            time.monotonic() + 60
        )  # the first refusal ended the round; the other sites write theirs in their own time
        while time.monotonic() < deadline and not all(
            Journal(site_folder(made / name, manifest) / SITE_JOURNAL, looks=True).state(2) == "round-beyond"
            for name in SITES
        ):
            time.sleep(0.1)
    finally:
        for site in sites.values():
            site.kill()
            site.communicate()
    for name in SITES:
        own = Journal(site_folder(made / name, manifest) / SITE_JOURNAL, looks=True)
        assert not [kind for kind, _, _ in own.heads(2) if kind == "gave"]
        assert own.state(2) == "round-beyond"


def test_an_approval_that_is_revoked_between_rounds_ends_what_this_site_gives(made):
    keys = ["--folder", made / HUB, "--keys", made / HUB / "keys.toml"]
    sites = {name: start(made / name, *join(made, name)) for name in SITES}
    hub = start(made / HUB, "federate", "up", made / FILE, *keys, "--json")
    try:
        wait_for_round(made, 2)
        confide(made / "north", "federate", "revoke", made / FILE)
        assert hub.wait(120) == 0, hub.stderr.read()
    finally:
        for process in (hub, *sites.values()):
            process.kill()
            process.communicate()
    manifest = load_manifest(made / FILE)
    journal = Journal(site_folder(made / "north", manifest) / SITE_JOURNAL, looks=True)
    states = [journal.state(number) for number in range(1, manifest.learning.rounds + 1)]
    assert states[0] == "commit"
    after = states[states.index("not-approved") :]
    assert set(after) == {"not-approved"}
    _, signed = read_model((made / HUB / MODEL).read_bytes(), manifest)
    assert [one["state"] for one in signed["rounds"]][-len(after) :] == ["too-few-sites"] * len(after)
