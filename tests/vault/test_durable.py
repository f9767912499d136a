"""A file takes its name at once, whole, and never in the place of something that it must not replace."""

import pytest

from confide.errors import InvalidInput
from confide.vault.durable import placing


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path):
    target = tmp_path / "plain"
    with pytest.raises(InvalidInput) as caught, placing(target, replace=False):
        target.write_bytes(b"theirs")
    assert caught.value.code == "vault.taken"
    assert target.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [target]


def test_the_name_appears_only_when_all_is_written(tmp_path):
    target = tmp_path / "plain"
    with placing(target, replace=True) as file:
        file.write(b"half")
        assert not target.exists()
        file.write(b" and half")
    assert target.read_bytes() == b"half and half"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_is_not_there_or_a_file_in_its_place_is_one_sentence(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for target in (tmp_path / "missing/name", tmp_path / "file/name"):
        with pytest.raises(InvalidInput) as caught, placing(target, replace=True):
            pytest.fail("there is no place to write to")
        assert caught.value.code == "vault.cannot-write"
