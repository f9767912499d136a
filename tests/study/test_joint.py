"""A table of three hospitals: each pays for its part, the hub adds blindly, the custodian opens one total and counts it."""

import hashlib
import shutil

import numpy as np
import polars as pl
import pytest
from joint_sites import SITES, make_parties

from confide.dp.events import DiscreteGaussian
from confide.encrypted.messages import _HEAD, _KINDS
from confide.encrypted.statistics import Grouped, Measured, SiteStatistics
from confide.errors import AccessDenied, BudgetExceeded, ConfideError, IntegrityError, InvalidInput
from confide.ledger.home import home, open_ledger
from confide.study.encrypted import DECRYPTION
from confide.study.joint import add, columns_of, contribute, make_key, open_total
from confide.study.joint_file import load_joint, summary
from confide.study.letters import read_letter, write_letter
from confide.vault.boxes import signing_key


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Five institutions; the custodian has made its key, the sites have sent."""
    made = make_parties(tmp_path_factory.mktemp("joint"))
    joint = made.joint()
    with made.at("registry"):
        make_key(made.vaults["registry"], joint, made.folder / "key")
    for name in SITES:
        send(made, joint, name, made.folder / f"{name}.upload")
    return made


@pytest.fixture
def made(original, tmp_path):
    return original.copied(tmp_path / "here")


def send(made, joint, name, target):
    with made.place(name) as place:
        return contribute(place, joint, "visits", made.folder / "key", target)


def added(made, joint, target, names=SITES):
    with made.at("hub"):
        return add(made.vaults["hub"], joint, [made.folder / f"{name}.upload" for name in names], target)


def opened(made, joint, total):
    with made.at("registry"), open_ledger(home()) as ledger:
        return open_total(made.vaults["registry"], ledger, joint, total)


def everybody(made):
    """Return each patient of each site once, by plain Polars, without who opted out."""
    tables = [pl.read_csv(made.folder / name / "visits.csv") for name in SITES]
    return pl.concat(
        table.filter(pl.col("patient_id") != "p7")
        .group_by("patient_id")
        .agg(pl.col("age", "stay").mean(), pl.col("sex").first())
        for table in tables
    )


def test_the_opened_table_is_that_of_all_patients_each_once_without_who_opted_out(made):
    joint, total = made.joint(), made.folder / "total"
    assert added(made, joint, total) == list(SITES)
    told, plain = opened(made, joint, total), everybody(made)
    assert told["noise"] < 0.05, "hardly any privacy, so that figures can be told apart"
    assert round(told["columns"]["age"]["count"]) == len(plain) == 177
    for column in ("age", "stay"):
        figures, noise = told["columns"][column], told["columns"][column]["noise"]
        for name, wanted in (
            ("sum", plain[column].sum()), ("mean", plain[column].mean()), ("variance", plain[column].var(ddof=0))
        ):  # fmt: skip
            assert figures[name] == pytest.approx(wanted, abs=6 * noise[name] + 0.1)
    covariance = np.cov(plain["age"], plain["stay"], ddof=0)[0, 1]
    found = told["covariances"]["age, stay"]
    assert found["value"] == pytest.approx(covariance, abs=6 * found["noise"] + 0.1)
    np.testing.assert_allclose(
        told["columns"]["age"]["histogram"], np.histogram(plain["age"], (0, 40, 80, 121))[0], atol=2
    )
    assert told["groups"]["sex"]["F"] == pytest.approx((plain["sex"] == "F").sum(), abs=2)
    assert (told["status"], told["epsilon"]) == ("dp", 20000.0)


def test_a_site_pays_once_and_sends_the_same_bytes_however_often_it_is_asked(made):
    joint = made.joint()
    sent = send(made, joint, "north", made.folder / "again")
    assert sent.replayed
    assert (made.folder / "again").read_bytes() == (made.folder / "north.upload").read_bytes()
    with made.at("north"), open_ledger(home()) as ledger:
        balance = ledger.balance("inpatients", "beds")
        charge = ledger.store.last(kind="charge")
    assert balance.charges == 1
    assert balance.epsilon_spent <= 20000
    assert joint.digest()[:16] in charge.body["name"]


def test_other_data_than_were_paid_for_are_not_sent(made):
    (made.folder / "north" / "optout.csv").write_text("patient_id\np7\np8\n")
    shutil.rmtree(made.folder / "north" / "sealed")
    with pytest.raises(InvalidInput) as refused:
        send(made, made.joint(), "north", made.folder / "again")
    assert refused.value.code == "ledger.other-data"
    assert not (made.folder / "again").exists()


def test_what_account_or_allowance_cannot_pay_is_refused_before_a_record_is_read(made):
    joint = made.joint("dear.toml", epsilon="40000.0")
    with made.at("registry"):
        make_key(made.vaults["registry"], joint, made.folder / "dear")
    (made.folder / "north" / "visits.csv").unlink()  # reading would now be another error
    shutil.rmtree(made.folder / "north" / "sealed")
    with made.place("north") as place, pytest.raises(BudgetExceeded):
        contribute(place, joint, "visits", made.folder / "dear", made.folder / "out")


def test_an_opening_is_counted_under_its_key_before_it_happens(made):
    joint, total = made.joint(), made.folder / "total"
    added(made, joint, total)

    class Refusing(ConfideError):
        pass

    with made.at("registry"), open_ledger(home()) as ledger:

        def refuse(*told, **fields):
            raise Refusing

        ledger.record = refuse
        with pytest.raises(Refusing):
            open_total(made.vaults["registry"], ledger, joint, total)
    opened(made, joint, total)
    with made.at("registry"), open_ledger(home()) as ledger:
        [entry] = [each for each in ledger.store.all(kind="record") if each.body["what"] == DECRYPTION]
    _, key = read_letter(made.folder / "key", "key", joint.digest(), [made.keys["registry"]])
    _, content = read_letter(total, "total", joint.digest(), [made.keys["hub"]])
    assert entry.body["details"] == {
        "key": hashlib.sha256(key).hexdigest(), "form": joint.plan(b"").form().digest().hex(), "ciphertexts": 1,
        "opened": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip


def test_under_one_key_one_total_is_opened_and_the_same_one_again(made):
    joint, total = made.joint(), made.folder / "total"
    added(made, joint, total)
    first = opened(made, joint, total)
    assert opened(made, joint, total) == first
    added(made, joint, made.folder / "other")
    with pytest.raises(AccessDenied) as refused:
        opened(made, joint, made.folder / "other")
    assert refused.value.code == "encrypted.opened-other"


def test_a_hub_that_passes_one_upload_off_as_the_total_gets_it_opened_with_all_the_noise_paid_for(made):
    """What the custodian cannot see: the file says who is trusted with it, and honest = 1 makes it harmless."""
    joint, about = made.joint(), made.joint().digest()
    _, upload = read_letter(made.folder / "north.upload", "upload", about, [made.keys["north"]])
    magic, version, _, reserved, form, request, _ = _HEAD.unpack_from(upload)
    forged = _HEAD.pack(magic, version, _KINDS.index("total"), reserved, form, request, len(SITES))
    with made.at("hub"):
        key = signing_key(made.vaults["hub"])
        write_letter(made.folder / "forged", "total", about, forged + upload[_HEAD.size :], key)
    told = opened(made, joint, made.folder / "forged")
    assert round(told["columns"]["age"]["count"]) == 59, "of one site: nobody can tell that from a total"
    plan = joint.plan(b"")
    assert plan.honest == 1
    assert plan.event() == DiscreteGaussian(sensitivity=plan.sensitivity, sigma=plan.sigma)


def test_who_is_not_the_party_of_a_step_is_refused(made):
    joint, total = made.joint(), made.folder / "total"
    with made.at("hub"), pytest.raises(AccessDenied, match="this step is for custodian"):
        make_key(made.vaults["hub"], joint, made.folder / "no")
    with made.at("registry"), pytest.raises(AccessDenied, match="this step is for hub"):
        add(made.vaults["registry"], joint, [made.folder / "north.upload"], made.folder / "no")
    added(made, joint, total)
    with made.at("hub"), open_ledger(home()) as ledger, pytest.raises(AccessDenied, match="custodian"):
        open_total(made.vaults["hub"], ledger, joint, total)
    text = made.text().replace(made.keys["north"], made.keys["hub"])
    (made.folder / "without.toml").write_text(text)
    other = load_joint(made.folder / "without.toml")
    with pytest.raises(AccessDenied, match="no site of the joint table"):
        send(made, other, "north", made.folder / "no")
    assert not (made.folder / "no").exists()


def test_a_key_that_the_custodian_did_not_sign_encrypts_nothing(made):
    joint = made.joint()
    _, key = read_letter(made.folder / "key", "key", joint.digest(), [made.keys["registry"]])
    (made.folder / "key").unlink()
    with made.at("hub"):
        write_letter(made.folder / "key", "key", joint.digest(), key, signing_key(made.vaults["hub"]))
    with pytest.raises(AccessDenied) as refused:
        send(made, joint, "north", made.folder / "again")
    assert refused.value.code == "encrypted.other-sender"


def test_the_custodian_writes_the_same_key_again(made):
    joint = made.joint()
    with made.at("registry"):
        make_key(made.vaults["registry"], joint, made.folder / "second")
    assert (made.folder / "second").read_bytes() == (made.folder / "key").read_bytes()


def test_a_missing_a_repeated_and_a_strangers_upload_are_refused_by_the_hub(made):
    joint, to = made.joint(), made.folder / "total"
    with pytest.raises(InvalidInput, match="missing: south"):
        added(made, joint, to, SITES[:2])
    with pytest.raises(InvalidInput, match="came twice"):
        added(made, joint, to, [*SITES, "north"])
    _, upload = read_letter(made.folder / "north.upload", "upload", joint.digest(), [made.keys["north"]])
    with made.at("registry"):
        write_letter(
            made.folder / "x.upload", "upload", joint.digest(), upload, signing_key(made.vaults["registry"])
        )
    with pytest.raises(AccessDenied):
        added(made, joint, to, ["x", *SITES[1:]])


@pytest.mark.parametrize("at", [0, 20, 400, -1], ids=["first", "statement", "content", "last"])
def test_a_letter_that_was_changed_or_cut_is_refused(made, at):
    whole = bytearray((made.folder / "north.upload").read_bytes())
    whole[at] ^= 1
    for content in (bytes(whole), bytes(whole[:-1]), b"", b"{}\n", b"\n" * 5000):
        (made.folder / "north.upload").write_bytes(content)
        with pytest.raises((InvalidInput, IntegrityError)) as refused:
            added(made, made.joint(), made.folder / "total")
        assert refused.value.code in ("encrypted.no-letter", "encrypted.letter-changed")


def test_letters_of_another_wording_of_the_file_are_refused(made):
    other = made.joint("other.toml", epsilon="19999.0")
    assert other.digest() != made.joint().digest()
    for act in (
        lambda: send(made, other, "north", made.folder / "no"),
        lambda: added(made, other, made.folder / "no"),
    ):
        with pytest.raises(InvalidInput, match="another joint table"):
            act()


def test_no_key_no_opening_and_after_the_last_day_no_sending(made):
    joint = made.joint("late.toml", expires="2020-01-01")
    with made.at("hub"):
        write_letter(made.folder / "total", "total", joint.digest(), b"", signing_key(made.vaults["hub"]))
    with pytest.raises(InvalidInput, match="no key was made here"):
        opened(made, joint, made.folder / "total")
    with made.at("registry"):
        (made.folder / "key").unlink()
        make_key(made.vaults["registry"], joint, made.folder / "key")
    with pytest.raises(InvalidInput, match="last day"):
        send(made, joint, "north", made.folder / "no")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("registry", "hub", "encrypted.one-party"),
        ("east", "north", "encrypted.party-twice"),
        ("honest = 1", "honest = 3", "encrypted.honest"),
        ("honest = 1", "honest = 0", "encrypted.honest"),
        ('"number(stay, 0, 60)"', '"category(stay, 1, 2)"', "study.refused"),
        ('"category(sex, F, M)"', '"number(sex, 0, 1)"', "study.refused"),
        ('"category(sex, F, M)"', '"category(age, 1, 2)"', "study.refused"),
        ("{age = [0, 40, 80, 121]}", "{weight = [0, 1]}", "study.refused"),
        ("{age = [0, 40, 80, 121]}", "{age = [40, 0]}", "encrypted.bounds"),
        ('["age", "stay"]', '["age"]', "study.refused"),
        ('["age", "stay"]', '["age", "sex"]', "encrypted.bounds"),
        ("patients = 1000", "patients = 90000000", "encrypted.sum"),
        ("2099-12-31", "some day", "study.refused"),
        ('requester = "Working group"', 'colour = "red"', "study.unknown-key"),
    ],
)
def test_a_file_that_could_not_be_played_or_would_show_one_sites_figures_is_refused(
    original, tmp_path, old, new, code
):
    keys = original.keys
    text = original.text().replace(keys.get(old, old), keys.get(new, new))
    (tmp_path / "joint.toml").write_text(text)
    with pytest.raises(InvalidInput) as refused:
        load_joint(tmp_path / "joint.toml")
    assert refused.value.code == code


def test_what_is_agreed_on_says_noise_and_price(original):
    told = summary(original.joint())
    assert (told["epsilon"], told["honest"], told["custodian"]) == (20000.0, 1, "custodian")
    assert told["noise"] == original.joint().plan(b"").count_noise()


def test_a_patient_of_many_rows_counts_once_by_that_patients_rows_alone():
    plan = SiteStatistics(
        name="t", measured=(Measured(column="age", low=0, high=100),), key=b"", sites=2, honest=1, patients=100,
        grouped=(Grouped(column="sex", categories=("F", "M")),), epsilon=1.0, delta=1e-9,
    )  # fmt: skip
    frame = pl.DataFrame({
        "_patient": ["a", "b", "a", "a", "c", None, "d", "d"],
        "age": [10.0, None, 1e9, 20.0, float("nan"), 50.0, -5.0, None],
        "sex": ["M", "F", "M", "F", "X", "F", "M", "F"],
    })  # fmt: skip
    found = columns_of(plan, frame)
    np.testing.assert_allclose(found["age"], [(10 + 100 + 20) / 3, np.nan, np.nan, 0.0])
    assert found["sex"].tolist() == ["M", "F", "", "F"]
    for gone in "abcd":
        some = columns_of(plan, frame.filter(pl.col("_patient") != gone))
        at = "abcd".index(gone)
        np.testing.assert_array_equal(some["age"], np.delete(found["age"], at))
        assert some["sex"].tolist() == np.delete(found["sex"], at).tolist()
