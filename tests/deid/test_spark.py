"""Spark gives the rows that one machine gives, keeps the key where the vault is, and writes nothing plain."""

import base64
import os
import pickle
import shutil
import sys
from datetime import date
from functools import partial
from pathlib import Path

import polars as pl
import pytest

import confide
from confide.deid.deidentify import Deidentifier
from confide.errors import AccessDenied, InvalidInput
from confide.ledger.home import home, open_ledger
from confide.study.files import Release, deidentify_files
from confide.study.inputs import inputs_from
from confide.study.keys import Opener, nobody_types, opened_by, vault_folder
from confide.vault.custody import Cost
from confide.vault.pseudonyms import study_key
from confide.vault.vault import create_vault, open_vault

pytest.importorskip("pyspark", reason="Spark is not installed: pip install confide[spark]")
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("Spark needs Java: apt-get install default-jre-headless", allow_module_level=True)

from confide.deid.spark import deidentify_frame
from confide.engines.spark import ENCRYPTED, ON_THE_WIRE, verify_session
from confide.study.spark import deidentify_with_spark

pytestmark = pytest.mark.slow

PASSPHRASE = "seven grey herons"
CANARY = "qzxwvkjhgfpmnbtrdslc"
NAMES = ["张建国", "Zebulon Ashworth", "欧阳明月", "Marigold Birkworth", "王小丽"]
FRAME = pl.DataFrame(
    [
        {
            "patient_id": n % 11,
            "name": NAMES[n % 11 % 5],
            "note": f"患者{NAMES[n % 11 % 5]}，3月{n % 28 + 1}日复诊。Seen {date(2024, 3, n % 28 + 1)}, {CANARY}, Parkinson disease.",
            "seen": date(2024, 3, n % 28 + 1),
            "stay": None if n % 9 == 0 else n,
            "hb": n / 7,
            "again": n % 2 == 0,
        }
        for n in range(80)
    ]
)
COLUMNS = {"text": "note", "patient": "patient_id", "identifiers": {"name": "name", "seen": "date"}}
SETTINGS = {
    "spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2", "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1", "spark.sql.execution.arrow.maxRecordsPerBatch": "40",
    "spark.shuffle.compress": "false", "spark.shuffle.spill.compress": "false", "spark.rdd.compress": "false",
    "spark.sql.inMemoryColumnarStorage.compressed": "false", "spark.default.parallelism": "2", "spark.log.level": "OFF",
}  # fmt: skip


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spark")
    (folder / "local").mkdir()
    (folder / "events").mkdir()
    return folder


@pytest.fixture(scope="module")
def session(places):
    """One real Spark on two threads, as encrypted as ours must be, with a log of events to look through."""
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYTHONPATH", str(Path(confide.__file__).parents[1]))
        builder = SparkSession.builder.master("local[2]").appName("confide")
        logged = {
            "spark.local.dir": str(places / "local"),  # no SPARK_LOCAL_DIRS, which the JVM of an earlier module would keep
            "spark.eventLog.enabled": "true", "spark.eventLog.dir": f"file://{places / 'events'}",
            "spark.eventLog.compress": "false",
        }  # fmt: skip
        for name, value in (SETTINGS | ENCRYPTED | logged).items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        yield session
        session.stop()


@pytest.fixture(scope="module")
def secret(places):
    """An institution whose vault opens quickly, with the file of its passphrase."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONFIDE_HOME", str(places / "home"))
        home().mkdir(mode=0o700)
        create_vault(vault_folder(), PASSPHRASE, cost=Cost(memory_kib=64, passes=1, lanes=1))
        path = places / "passphrase.txt"
        path.write_text(PASSPHRASE)
        path.chmod(0o600)
        yield path


made = partial(Deidentifier, policy="gbt37964-research", key=b"k" * 32, language="zh", today=date(2026, 1, 1))


@pytest.fixture(scope="module")
def spread(session, places):
    """Make a Spark frame: the rows in another order, over several partitions."""

    def make(frame=FRAME):
        file = places / f"{sum(1 for _ in places.iterdir())}.parquet"
        frame.sample(fraction=1, shuffle=True, seed=7).write_parquet(file)
        return session.read.parquet(str(file)).repartition(2)

    return make


def rows_of(frame):
    return sorted((tuple(row) for row in frame.collect()), key=repr)


@pytest.fixture(scope="module")
def both(spread, secret, places):
    """The same rows through files and through Spark: (frame of files, rows of Spark, frame of Spark)."""
    FRAME.write_parquet(places / "in.parquet")
    release = Release(policy="gbt37964-research", out=places / "out", language="zh")
    opener = Opener(passphrase_file=secret)
    inputs = inputs_from([places / "in.parquet"], identifiers=COLUMNS["identifiers"])
    with opened_by(opener, nobody_types) as (vault, ledger):
        deidentify_files(inputs, release, vault, ledger)
    cleaned = deidentify_with_spark(spread(), release, opener, **COLUMNS)
    return pl.read_parquet(places / "out/0001.parquet"), rows_of(cleaned), cleaned


def test_the_rows_are_those_that_confide_deid_gives_and_so_are_their_types(both):
    local, rows, cleaned = both
    assert rows == sorted(local.rows(), key=repr)
    assert local["patient_id"].n_unique() == 11
    assert all(each.startswith("P-") for each in local["patient_id"])
    assert not any(name in str(rows) for name in NAMES)
    assert [name for name, kind in cleaned.dtypes if kind == "string"] == [
        "patient_id",
        "name",
        "note",
        "seen",
    ]
    assert local.schema == pl.DataFrame(rows, schema=local.schema, orient="row").schema


def test_the_ledger_names_what_leaves_by_spark(both):
    with open_ledger(home()) as ledger:
        told = [each.body for each in ledger.store.all(kind="record")]
    assert [each["what"] for each in told] == ["deid-files", "deid-spark"]
    assert told[1]["details"]["policy"] == "gbt37964-research"


def test_without_a_column_of_patients_each_row_is_its_own_on_spark_as_well(spread):
    frame = FRAME.select("name", "note").head(20)
    rows = spread(frame)
    cleaned = rows_of(deidentify_frame(rows, made, text="note", patient=None, identifiers={"name": "name"}))
    assert len(cleaned) == 20
    assert not any(name in str(cleaned) for name in NAMES)
    assert cleaned == rows_of(
        deidentify_frame(rows.coalesce(1), made, text="note", patient=None, identifiers={"name": "name"})
    )


def test_what_goes_to_the_executors_holds_no_key_and_no_passphrase(both, secret, places, capsys):
    key = study_key(open_vault(vault_folder(), passphrase=PASSPHRASE), "files")
    forms = [key, key.hex().encode(), base64.b64encode(key), PASSPHRASE.encode()]
    both[2].explain(mode="extended")
    sent = pickle.dumps(partial(_sent, Opener(passphrase_file=secret), Release(policy="pipl", out=Path("x"))))
    for place in (capsys.readouterr().out.encode(), sent):
        assert len(place) > 100
        assert not any(form in place for form in forms)
    events = b"".join(path.read_bytes() for path in (places / "events").rglob("*") if path.is_file())
    assert len(events) > 10_000
    assert not any(form in events for form in (*forms, CANARY.encode(), "张建国".encode(), b"Ashworth"))


def _sent(opener, release):
    from confide.study.spark import _on_executor

    return _on_executor(opener, release, date(2026, 1, 1))


@pytest.mark.parametrize("what", ["deidentifier", "vault"])
def test_a_key_that_would_travel_is_refused_on_the_driver(what, spread, secret):
    held = made() if what == "deidentifier" else open_vault(vault_folder(), passphrase=PASSPHRASE)
    with pytest.raises((InvalidInput, TypeError), match="pickled"):
        deidentify_frame(spread(), partial(_from, held), **COLUMNS)


def _from(held):
    return held


def test_a_vault_that_does_not_open_without_a_person_is_refused_on_the_driver(both, spread, tmp_path):
    release = Release(policy="pipl", out=Path("x"))
    with pytest.raises(InvalidInput):
        deidentify_with_spark(spread(), release, Opener(), **COLUMNS)
    secret = tmp_path / "another.txt"
    secret.write_text("another passphrase")
    secret.chmod(0o600)
    with pytest.raises(AccessDenied):
        deidentify_with_spark(spread(), release, Opener(passphrase_file=secret), **COLUMNS)
    with open_ledger(home()) as ledger:
        assert len(list(ledger.store.all(kind="record"))) == 2


def test_shuffles_and_cached_rows_lie_on_the_disk_encrypted(session, spread, places):
    from pyspark import StorageLevel

    assert session.sparkContext.getConf().get("spark.io.encryption.keySizeBits") == "256"
    verify_session(session)
    cleaned = deidentify_frame(spread().repartition(2).persist(StorageLevel.DISK_ONLY), made, **COLUMNS)
    assert cleaned.count() == 80
    found = [path for path in (places / "local").rglob("*") if path.is_file()]
    assert any(path.name.startswith("shuffle") for path in found)
    assert sum(path.stat().st_size for path in found) > 1_000
    for path in found:
        content = path.read_bytes()
        assert CANARY.encode() not in content, path.name
        assert b"Parkinson" not in content, path.name
        assert "建国".encode() not in content, path.name


class _Conf:
    """What `verify_session` looks at, with the settings of a session that nobody should start."""

    def __init__(self, settings):
        self.sparkContext, self.getConf, self.get = self, lambda: self, settings.get


@pytest.mark.parametrize("name", [*ENCRYPTED, *ON_THE_WIRE])
def test_a_session_that_is_not_encrypted_is_refused(name):
    whole = {"spark.master": "spark://hub:7077", **ENCRYPTED, **ON_THE_WIRE}
    verify_session(_Conf(whole))
    for settings in ({**whole, name: "false"}, {key: value for key, value in whole.items() if key != name}):
        with pytest.raises(InvalidInput) as refused:
            verify_session(_Conf(settings))
        assert name in str(refused.value)
    alone = {"spark.master": "local[2]", **ENCRYPTED}
    verify_session(_Conf(alone))


def test_a_row_of_nobody_ends_the_job_without_showing_a_cell(spread):
    frame = spread(FRAME.with_columns(pl.lit(None, pl.Int64).alias("patient_id")))
    with pytest.raises(Exception, match="has no patient in column patient_id") as failed:
        deidentify_frame(frame, made, **COLUMNS).collect()
    assert not any(name in str(failed.value) for name in (*NAMES, CANARY))


@pytest.mark.parametrize(
    "wrong",
    [{"text": "nix"}, {"patient": "nix"}, {"identifiers": {"nix": "name"}}, {"identifiers": {"name": "nix"}}],
)
def test_a_column_or_class_that_is_not_there_is_refused_before_anything_runs(wrong, spread):
    with pytest.raises(InvalidInput, match="nix"):
        deidentify_frame(spread(), made, **(COLUMNS | wrong))
