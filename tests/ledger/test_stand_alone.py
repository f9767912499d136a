"""The script for strangers finds what it must: it agrees with the ledger, and no tampering of these passes."""

import ast
import base64
import copy
import importlib.util
import json
import math
import random
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from examples import SMALL, WHOLE, WITNESS, Stated, keyed, ledger_of, opened, person, witness
from people import ask, extension, found

from confide.dp.events import DiscreteGaussian, DiscreteLaplace
from confide.ledger.backup import backup, restore
from confide.ledger.entries import canonical
from confide.ledger.export import export, read_export
from confide.ledger.home import LEDGER, open_ledger, rotate_key
from confide.ledger.log_key import LOG_KEY
from confide.ledger.verify import verify_ledger

SCRIPT = Path(__file__).parents[2] / "scripts" / "verify_ledger.py"
_spec = importlib.util.spec_from_file_location("stand_alone", SCRIPT)
stand_alone = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(stand_alone)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))  # of both logs: an insider's


def said(path, *options):
    done = subprocess.run([sys.executable, SCRIPT, path, *options], capture_output=True, text=True)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def verified(path):
    """Verify in this process; return what was found, or where it stopped."""
    with path.open("rb") as file:
        book = stand_alone.Book(file)
        try:
            return stand_alone.verify(book, None, [stand_alone.read_key(WITNESS.cosigner.to_text(), 4)])
        except Exception:
            return book.place


class Forger:
    """An insider with the log's first key and those of three people: mends all hashes, and signs again."""

    def __init__(self, source, *, until=None, witnessed=False):
        lines = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
        rows = [line for line in lines if "entry" in line][:until]
        self.head, self.salts = lines[0], [row["salt"] for row in rows]
        self.bodies = [json.loads(row["entry"]) for row in rows]
        self.cosigned = [line for line in lines if "cosigned" in line] if witnessed else []

    def renumbered(self):
        """Delete nothing, but give every entry the number of its place."""
        for place, body in enumerate(self.bodies):
            body["sequence"] = place

    def write(self, path):
        for body in self.bodies:
            if body["kind"] == "approval":
                message = b"confide statement 1\0" + canonical(body["request"]).encode()
                body["key"] = sha256(message).hexdigest()
                for each in body["signatures"]:
                    owner = next((person(n) for n in (1, 2, 3) if person(n).public == each["key"]), None)
                    each["signature"] = (
                        owner.sign(body["request"]).to_json()["signature"] if owner else each["signature"]
                    )
        rows, leaves, head = [], [], "0" * 64
        for body, salt in zip(self.bodies, self.salts, strict=False):
            body["previous"] = head
            text = canonical(body)
            head = sha256(bytes.fromhex(head) + text.encode()).hexdigest()
            rows.append({"entry": text, "hash": head, "salt": salt})
            leaves.append(sha256(b"\0" + bytes.fromhex(salt) + text.encode()).digest())
        origin = "confide-ledger/" + self.head["ledger"]
        root = base64.b64encode(stand_alone.root(leaves)).decode()
        note = f"{origin}\n{len(rows)}\n{root}\n"
        public = b"\1" + KEY.public_key().public_bytes_raw()
        blob = sha256(f"{origin}\n".encode() + public).digest()[:4] + KEY.sign(note.encode())
        rows.append({"checkpoint": f"{note}\n— {origin} {base64.b64encode(blob).decode()}\n"})
        first = {**self.head, "entries": len(leaves), "releases": 0}
        path.write_text(
            "".join(json.dumps(row) + "\n" for row in [first, *rows, *self.cosigned]), encoding="utf-8"
        )
        return path


def test_the_script_has_300_lines_of_110_characters_at_most_and_imports_nothing_of_ours():
    text = SCRIPT.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    assert max(map(len, text.splitlines())) <= 110
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        if isinstance(node, ast.ImportFrom):
            names.add(node.module)
    assert {name.split(".")[0] for name in names} <= {*sys.stdlib_module_names, "cryptography"}


@pytest.mark.parametrize("path", [SMALL, WHOLE])
def test_an_example_is_in_order_with_the_figures_of_the_page(path):
    key = read_export(path).entries[1].body["verifier"]
    code, text = said(path, "--json", "--witness", WITNESS.cosigner.to_text(), "--log-key", key)
    told = json.loads(text)
    assert code == 0
    with ledger_of(path) as ledger:
        ours = verify_ledger(ledger)
    read = read_export(path)
    assert (told["entries"], told["head"], told["root"], told["cosigned"]) == (
        ours.entries,
        read.entries[-1].hash,
        read.checkpoint.root.hex(),
        read.cosigned.size,
    )
    figures = ours.charges, ours.releases, ours.open, ours.abandoned, ours.approvals
    assert figures == tuple(told[name] for name in ("charges", "commits", "open", "abandons", "approvals"))
    assert told["witnesses"][WITNESS.name] > 0
    assert said(path)[0] == 0


def test_the_script_agrees_with_the_ledger_on_its_export(tmp_path):
    anna, bo = person(1), person(2)
    with opened(tmp_path) as ledger:
        ledger.open_account("inpatients", epsilon=4.0, delta=1e-7, patients=20_000)
        ledger.grant("study", "inpatients", epsilon=1.0, delta=1e-8, purpose="beds")
        found(ledger, anna, bo)
        for cohort, others in (("east", []), ("west", ["east"])):
            ledger.declare_cohort("inpatients", cohort, ["p1"], overlaps=others, digest=keyed)
        for number, cohort in enumerate((None, "east", "west", None)):
            made = (
                DiscreteLaplace(sensitivity=1, scale=90.0)
                if number % 2
                else DiscreteGaussian(sensitivity=1.0, sigma=70.0)
            )
            plan = Stated(name=f"plan {number}", made=made, delta=0.0 if number % 2 else 1e-10)
            ledger.run(plan, [], study="study", account="inpatients", cohort=cohort)
        ledger.carry_out(ask(ledger, "extend", extension("2.0", "2e-08"), bo, requester=anna))
        witness(ledger, tmp_path)
        export(ledger, tmp_path / "export", folder=tmp_path, with_releases=True)
        ours = verify_ledger(ledger)
    told = verified(tmp_path / "export")
    assert (told["entries"], told["head"], told["charges"]) == (ours.entries, ours.head, ours.charges)
    assert told["cosigned"] == ours.entries


def test_what_an_insider_mended_rightly_passes_so_that_the_tamperings_below_are_found_for_their_own_sake(
    tmp_path,
):
    assert verified(Forger(SMALL).write(tmp_path / "small"))["entries"] == 8
    assert verified(Forger(WHOLE, until=44).write(tmp_path / "whole"))["entries"] == 44


def changed(rng, value):
    """Change one leaf of a JSON value in place; return whether there was one."""
    places = []

    def walk(inner):
        for key, each in inner.items() if isinstance(inner, dict) else enumerate(inner):
            if isinstance(each, dict | list) and each:
                walk(each)
            elif isinstance(each, str | int):
                places.append((inner, key, each))

    walk(value)
    inner, key, each = rng.choice(places)
    if isinstance(each, str):
        at = rng.randrange(len(each) + 1)
        inner[key] = each[:at] + rng.choice("0a9-Z") + each[at + 1 :]
    else:
        inner[key] = each + rng.choice((-1, 1, 1000))
    return inner[key] != each


def test_no_entry_under_the_cosigned_checkpoint_is_changed_unseen(tmp_path):
    rng, tries, path = random.Random(3), 0, tmp_path / "export"
    while tries < 150:
        forger = Forger(SMALL, witnessed=True)
        before = copy.deepcopy(forger.bodies)
        changed(rng, rng.choice(forger.bodies[:6]))
        forger.write(path)
        if forger.bodies == before:  # the forger made it right again
            continue
        tries += 1
        assert isinstance(verified(path), str), forger.bodies


def test_no_line_is_changed_unseen_by_whoever_lacks_the_log_key(tmp_path):
    rng, path = random.Random(4), tmp_path / "export"
    for _ in range(150):
        lines = SMALL.read_bytes().splitlines(keepends=True)
        at = rng.randrange(len(lines) - 1)
        how, other = rng.randrange(4), rng.randrange(len(lines) - 1)
        if how == 0:
            row = json.loads(lines[at])
            if not changed(rng, row):
                continue
            lines[at] = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        elif how == 1:
            del lines[at]
        elif how == 2:
            lines.insert(other, lines[at])
        elif lines[at] == lines[other]:
            continue
        else:
            lines[at], lines[other] = lines[other], lines[at]
        path.write_bytes(b"".join(lines))
        assert isinstance(verified(path), str)


def at(number, *keys, to):
    """Return a change: set what stands under `keys` in an entry, or let `to` change it."""

    def change(bodies):
        inner = bodies[number]
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = to(inner[keys[-1]]) if callable(to) else to

    return change


def both(*changes):
    return lambda bodies: [change(bodies) for change in changes]


def less(value):
    return value - value // 1000


def more(value):
    return value + value // 1000


AIMED = {
    "the sequence": at(5, "sequence", to=6),
    "canonical numbers": at(9, "delta", to="1.0e-10"),
    "a rule's Rényi cap": at(2, "rule", "cap", to=more),
    "a rule's Gaussian cap": at(2, "rule", "gaussian", to=more),
    "a rule's shares": at(2, "rule", "shares", "basic", to=lambda n: 2 * n),
    "delta of so many patients": at(2, "patients", to=200_000),
    "an allowance above its account": at(2, "rule", "epsilon", to=2 * 10**9),
    "an allowance that expired": at(4, "expires", to="2026-01-01"),
    "spent before the first charge": at(4, "spent_study", "renyi", to=1),
    "the key of a plan": at(5, "plan", "name", to="another"),
    "a plan charged twice": lambda bodies: bodies[7].update(plan=bodies[5]["plan"], key=bodies[5]["key"]),
    "an undeclared cohort": at(30, "cohort", to="2023"),
    "a sum of the account": at(7, "spent_account", "renyi", to=more),
    "a sum of the study": at(7, "spent_study", "renyi", to=more),
    "a sum of a cohort": at(32, "spent_cohorts", "2024", "renyi", to=more),
    "a commit of nothing": at(6, "charge", to=4),
    "the figures of an extension": at(28, "rule", "epsilon", to=less),
    "the sums of an extension": at(28, "spent_study", "renyi", to=less),
    "the order of an extension": at(28, "rule", "order", to=12),
    "a smaller region of an extension": at(28, "rule", "gaussian", to=1),
    "an act that was not approved": at(22, "label", to="another"),
    "an act without approval": at(22, "approval", to=20),
    "a request of another ledger": at(21, "request", "ledger", to="0" * 16),
    "a request that expired": at(27, "request", "expires", to="2026-11-21T00:00:00Z"),
    "too few approvers": lambda bodies: bodies[23]["signatures"].pop(),
    "an approver twice": lambda bodies: bodies[23]["signatures"].append(bodies[23]["signatures"][0]),
    "the requester unsigned": lambda bodies: bodies[27]["signatures"].pop(0),
    "a role that came too late": at(27, "request", "created", to="2026-01-01T00:00:00Z"),
    "a role that is not held": both(
        at(21, "request", "fields", "roles", to=["approve"]), at(22, "roles", to=["approve"])
    ),
    "a time that goes back": at(31, "time", to="2026-01-01T00:00:00Z"),
    "a second founder": at(19, "request", "fields", "key", to=person(2).public),
}
for _number, _kind in {
    5: "laplace",
    7: "gaussian",
    9: "sampled",
    13: "range",
    15: "approximate",
    17: "composed",
}.items():
    for _side in ("cost_account", "cost_study"):
        for _figure in ("renyi", "gaussian", "basic_epsilon"):
            AIMED[f"{_side} {_figure} of {_kind}"] = at(_number, _side, _figure, to=less)
AIMED["additive delta"] = at(17, "cost_study", "additive_delta", to=less)
AIMED["basic delta"] = at(7, "cost_study", "basic_delta", to=less)


def resummed(bodies):
    """Make sums right again, so that only a price can be what is wrong."""
    common, cohorts, studies = {}, {}, {}

    def plus(one, other):
        return {name: min(2**53 - 1, one.get(name, 0) + other[name]) for name in other}

    for body in bodies:
        if body["kind"] == "allowance":
            studies[body["account"], body["study"]] = body["spent_study"]
        if body["kind"] == "charge":
            who, cohort = (body["account"], body["study"]), body.get("cohort")
            if cohort is None:
                common = plus(common, body["cost_account"])
            else:
                cohorts[cohort] = plus(cohorts.get(cohort, {}), body["cost_account"])
            studies[who] = plus(studies[who], body["cost_study"])
            body |= {"spent_account": common, "spent_study": studies[who]}
            if cohorts:
                body["spent_cohorts"] = dict(cohorts)


@pytest.mark.parametrize("name", AIMED)
def test_each_check_finds_what_an_insider_changed_and_mended_all_around(tmp_path, name):
    forger = Forger(WHOLE, until=44)
    whole = copy.deepcopy(forger.bodies)
    AIMED[name](forger.bodies)
    first = next(n for n, (one, other) in enumerate(zip(whole, forger.bodies, strict=True)) if one != other)
    if name.startswith(("cost_", "additive", "basic")):
        resummed(forger.bodies)
    place = verified(forger.write(tmp_path / "export"))
    late = forger.bodies[first]["kind"] == "approval" and name.startswith("a role that is")
    assert place == f"entry {27 if late else first}"


def appended(forger, **fields):
    place = len(forger.bodies)
    forger.bodies.append({"sequence": place, "time": forger.bodies[-1]["time"], **fields})
    forger.salts.append("0" * 32)


def approved(forger, kind, fields, *people, nonce="0" * 32):
    """Append an approval that nothing is wrong with but what the people may."""
    request = {**forger.bodies[27]["request"], "kind": kind, "fields": fields, "requester": None}
    request |= {"created": forger.bodies[-1]["time"], "nonce": nonce}
    signatures = [{"key": person(each).public, "signature": ""} for each in people]
    appended(forger, kind="approval", key="", request=request, signatures=signatures)


def acted(forger, kind, fields, *people):
    approved(forger, kind, fields, *people, nonce=f"{len(forger.bodies):032x}")
    appended(forger, kind=kind, approval=len(forger.bodies) - 1, **fields)


def dismissal(number):
    return {"key": person(number).public, "reason": "left"}


def test_a_request_counts_once_and_two_can_always_approve_and_who_was_dismissed_stays_so(tmp_path):
    forger = Forger(WHOLE, until=44)
    approved(forger, "hand-over", {}, 1)
    assert verified(forger.write(tmp_path / "export"))["entries"] == 45
    approved(forger, "hand-over", {}, 1)
    assert verified(forger.write(tmp_path / "export")) == "entry 45"
    forger = Forger(WHOLE, until=44)
    acted(forger, "dismiss", dismissal(3), 1, 2)
    assert verified(forger.write(tmp_path / "export"))["entries"] == 46
    before = copy.deepcopy((forger.bodies, forger.salts))
    again = {"label": "officer", "key": person(3).public, "roles": ["approve"]}
    for kind, fields in (("dismiss", dismissal(2)), ("dismiss", dismissal(3)), ("appoint", again)):
        forger.bodies, forger.salts = copy.deepcopy(before)
        acted(forger, kind, fields, 1, 2)
        assert verified(forger.write(tmp_path / "export")) == "entry 47"


def test_an_approval_is_followed_by_its_own_kind_of_act(tmp_path):
    forger = Forger(WHOLE, until=44)
    approved(forger, "dismiss", dismissal(3), 1, 2)
    appended(forger, kind="record", what="vault-opening", details={}, commitment="", approval=44)
    assert verified(forger.write(tmp_path / "export")) == "entry 45"


def test_overlaps_stay_and_a_closed_ledger_stays_closed(tmp_path):
    forger = Forger(WHOLE, until=44)
    cohort = {**forger.bodies[26], "sequence": 44, "time": forger.bodies[-1]["time"]}
    forger.bodies.append(cohort)
    forger.salts.append("0" * 32)
    assert verified(forger.write(tmp_path / "export")) == "entry 44"
    cohort["overlaps"] = forger.bodies[29]["overlaps"]
    assert verified(forger.write(tmp_path / "export"))["entries"] == 45
    appended(forger, kind="restored", missing=None)
    assert verified(forger.write(tmp_path / "export"))["entries"] == 46
    appended(forger, kind="record", what="vault-opening", details={}, commitment="")
    assert verified(forger.write(tmp_path / "export")) == "entry 46"


def test_the_account_limits_what_a_charge_costs_it_alone(tmp_path):
    for epsilon, passes in ((4 * 10**9, True), (4 * 10**9 + 1, False)):
        forger = Forger(SMALL)
        most = {"additive_delta": 10**8, "basic_delta": 0, "gaussian": 2**53 - 1, "renyi": 2**53 - 1}
        for name in ("cost_account", "spent_account"):
            forger.bodies[6][name] = {**most, "basic_epsilon": epsilon}
        assert isinstance(verified(forger.write(tmp_path / "export")), dict) == passes


def test_nothing_follows_the_last_line(tmp_path):
    (tmp_path / "export").write_bytes(SMALL.read_bytes() + b"{}\n")
    assert isinstance(verified(tmp_path / "export"), str)


def spent_by_charge(forger, figures):
    for name in ("cost_account", "cost_study", "spent_account", "spent_study"):
        forger.bodies[6][name] = dict(figures)
    return forger


def test_a_charge_is_admitted_up_to_the_last_nano_and_no_further(tmp_path):
    most = {"additive_delta": 10**8, "basic_delta": 0, "gaussian": 2**53 - 1, "renyi": 2**53 - 1}
    for more_than, passes in ((0, True), (1, False)):
        forger = spent_by_charge(Forger(SMALL), {**most, "basic_epsilon": 10**9 + more_than})
        assert isinstance(verified(forger.write(tmp_path / "export")), dict) == passes


def test_a_charge_after_the_last_day_and_an_act_that_is_cut_off_are_found(tmp_path):
    forger = Forger(SMALL)
    forger.bodies[5]["expires"] = forger.bodies[5]["time"][:10]
    for body in forger.bodies[6:]:
        body["time"] = "2027-12-31T00:00:00Z"
    assert verified(forger.write(tmp_path / "export")) == "entry 6"
    assert isinstance(verified(Forger(WHOLE, until=28).write(tmp_path / "export")), str)


def test_another_log_key_release_witness_or_checkpoint_is_found(tmp_path):
    path, text = tmp_path / "export", SMALL.read_text(encoding="utf-8")
    other = read_export(WHOLE).entries[1].body["verifier"]
    assert said(SMALL, "--log-key", other)[0] == 5
    for old, new in (
        ('\\"count\\":41', '\\"count\\":42'),
        ("\\n8\\n", "\\n7\\n"),
        ('"cosigned":', '"cosigne":'),
    ):
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        assert isinstance(verified(path), str)
    lines = text.splitlines(keepends=True)
    forged = lines[-1].rsplit("— ", 1)
    path.write_text("".join(lines[:-1]) + forged[0] + "— " + forged[1].replace("A", "B"), encoding="utf-8")
    assert isinstance(verified(path), str)


def test_what_is_no_export_gives_one_line_and_no_traceback(tmp_path):
    path, rng = tmp_path / "export", random.Random(5)
    head = SMALL.read_bytes().splitlines(keepends=True)[0]
    entry = b'{"entry":%s,"hash":"","salt":""}\n'
    files = [
        rng.randbytes(3000),
        b"",
        b"[" * 100_000 + b"\n",
        b'{"a":NaN}\n',
        head,
        head + b"[" * 100_000 + b"\n",
    ]
    files += [
        head + entry % json.dumps(each).encode()
        for each in ("[" * 100_000, "NaN", "1e999", "\ud800", "{}", "9" * 9999)
    ]
    for data in files:
        path.write_bytes(data)
        place = verified(path)
        assert isinstance(place, str)
    code, text = said(path)
    assert (code, text.count("\n")) == (5, 1)
    assert "entry 0" in text


def test_a_ledger_that_was_closed_after_a_loss_verifies_though_more_was_cosigned(tmp_path):
    """Where a copy lacks the newest cosigned entries, the export says so, and is no forgery."""
    forger, longer = Forger(SMALL, until=5), Forger(SMALL, witnessed=True)
    forger.cosigned = copy.deepcopy(longer.cosigned)
    forger.bodies.append({"kind": "restored", "sequence": 5, "time": forger.bodies[-1]["time"], "missing": 1})
    forger.salts.append("0" * 32)
    path = forger.write(tmp_path / "export")
    assert verified(path)["lost"] is True
    assert read_export(path).cosigned.size == 6


def test_a_log_key_that_was_lost_with_its_entry_does_not_make_an_honest_export_refused(tmp_path):
    """The key was changed and the new one used before a witness; the copy and the key in the safe are older."""
    home = tmp_path / "home"
    home.mkdir()
    with opened(home) as ledger:
        backup(ledger, tmp_path / "copy")
        kept = (home / LOG_KEY).read_bytes()
        rotate_key(ledger, home)
        witness(ledger, home)
        size = ledger.store.head()[0]
    for path in home.glob(LEDGER + "*"):
        path.unlink()
    (home / LOG_KEY).write_bytes(kept)
    assert restore(home, tmp_path / "copy", accept_loss=True).missing == 1
    with open_ledger(home) as ledger:
        export(ledger, tmp_path / "export", folder=home)
    assert read_export(tmp_path / "export").cosigned.size == size
    told = verified(tmp_path / "export")
    assert (told["cosigned"], told["lost"], told["witnesses"][WITNESS.name] > 0) == (size, True, True)


@pytest.mark.parametrize(("rate", "sigma"), [(0.01, 0.8), (0.2, 2.5), (0.01, 2.5), (1.0, 2.5)])
def test_the_script_finds_the_least_figure_by_halves(rate, sigma):
    part, d = ("sampled-gaussian", 1.0, sigma, rate, 100, None, 0), 1e-6

    def figure(order):
        return stand_alone.curve(part, order) + math.log(1 - 1 / order) - math.log(d * order) / (order - 1)

    orders = stand_alone.ORDERS if rate == 1 else range(2, 130)
    least = min(map(figure, orders))
    assert least < figure(orders[-1])  # so that it is among these
    assert stand_alone.converted((part,), d) == least
