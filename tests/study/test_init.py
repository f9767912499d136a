"""`confide init`: what it writes can be read, says where it guessed, and loses no key and no file."""

import pytest

from confide.errors import InvalidInput
from confide.study.config import load_study
from confide.study.init import init_study
from confide.words import say, speaking

TABLES = {
    "en": ("visits.csv", "visit_id,patient_id,name,sex,stay_days\nv1001,p2001,Harriet Lindqvist,F,6\n"),
    "zh": ("就诊.csv", "就诊号,患者编号,姓名,性别,住院天数\nV1001,P2001,王秀英,女,6\n"),
}


def folder_with_a_table(place, language):
    raw = place / "study" / "raw"
    raw.mkdir(parents=True)
    name, text = TABLES[language]
    (raw / name).write_text(text, encoding="utf-8")
    return place / "study"


def init(folder, **settings):
    asked = {"name": None, "language": None, "passphrase_file": None, "recovery_file": None} | settings
    return init_study(folder, ask=lambda: "correct horse battery staple", **asked)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_written_is_a_study_with_sources_named_after_their_files(tmp_path, language):
    folder = folder_with_a_table(tmp_path, language)
    made = init(folder, language=language)
    study = load_study(folder)
    assert [source.name for source in study.source] == [TABLES[language][0].removesuffix(".csv")]
    with speaking(language):
        assert study.account.name == say("study.file.account-name") in made.account_command
        assert made.guesses == (folder / "study.toml").read_text(encoding="utf-8").count(made.mark + ":") > 3


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path):
    folder = folder_with_a_table(tmp_path, "en")
    (folder / "raw" / "scan.csv").write_bytes(b"a,b\n\x00\x01\n")
    init(folder)
    text = (folder / "study.toml").read_text(encoding="utf-8")
    assert "# raw/scan.csv was not read: " in text
    assert [source.path for source in load_study(folder).source] == ["raw/visits.csv"]


def test_no_vault_is_made_whose_recovery_key_has_no_place_to_go(tmp_path):
    folder = folder_with_a_table(tmp_path, "en")
    (folder / "recovery-key.txt").write_text("an older key\n")
    with pytest.raises(InvalidInput, match="is there already, and the vault"):
        init(folder)
    made = init(folder, recovery_file=tmp_path / "key.txt")
    assert made.recovery_file == tmp_path / "key.txt"
    assert (folder / "recovery-key.txt").read_text() == "an older key\n"


def test_a_study_file_that_is_there_is_never_overwritten(tmp_path):
    folder = folder_with_a_table(tmp_path, "en")
    (folder / "study.toml").write_text("mine")
    with pytest.raises(InvalidInput, match="is there already"):
        init(folder)
    assert (folder / "study.toml").read_text() == "mine"


def test_a_folder_that_is_not_there_or_holds_nothing_readable_is_told_apart_from_an_empty_one(tmp_path):
    with pytest.raises(InvalidInput) as gone:
        init(tmp_path / "gone")
    (tmp_path / "raw").mkdir()
    with pytest.raises(InvalidInput) as empty:
        init(tmp_path / "raw")
    (tmp_path / "raw" / "visits.csv").write_text("patient_id,sex\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"visits\.csv") as unread:
        init(tmp_path / "raw")
    assert [e.value.code for e in (gone, empty, unread)] == [
        "study.no-folder", "study.no-records", "study.only-unread",
    ]  # fmt: skip
