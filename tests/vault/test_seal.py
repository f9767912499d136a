"""A sealed file is opened by a reader written from the docs, and no change to it goes unseen."""

import hashlib
import inspect
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
import second_reader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from confide.crypto.stream import encrypt_stream
from confide.errors import IntegrityError, InvalidInput
from confide.vault.seal import (
    MAGIC,
    SIZE,
    Header,
    header_of,
    new_data_key,
    new_header,
    opened_sealed,
    parse_header,
    verify_sealed,
    write_sealed,
)

KEY = bytes(range(32))
same_folder = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def nothing():
    """Record nothing."""


def sealed(folder, plain, key=KEY):
    path = folder / "a.sealed"
    write_sealed(BytesIO(plain), len(plain), path, key, new_header(key), record=nothing)
    return path


def opened(path, key=KEY):
    with opened_sealed(path, lambda header: key) as segments:
        return b"".join(bytes(segment) for segment in segments)


@same_folder
@given(
    plain=st.one_of(st.binary(max_size=200), st.integers(0, 3 << 20).map(bytes)),
    key=st.binary(min_size=32, max_size=32),
)
def test_a_second_reader_written_from_the_docs_opens_every_sealed_file(tmp_path, plain, key):
    path = sealed(tmp_path, plain, key)
    assert second_reader.read(path.read_bytes(), key) == plain
    assert opened(path, key) == plain


def test_the_second_reader_is_short_and_imports_nothing_of_confide(tmp_path):
    source = inspect.getsource(second_reader)
    assert len(source.splitlines()) <= 80
    assert "import confide" not in source
    assert "from confide" not in source
    path = sealed(tmp_path, b"plain")
    ran = subprocess.run(
        [sys.executable, second_reader.__file__, path],
        input=KEY.hex().encode(),
        capture_output=True,
        check=True,
    )
    assert ran.stdout == b"plain"


@same_folder
@given(size=st.sampled_from([0, 1, 5000, (1 << 20) + 5]), data=st.data())
def test_one_flipped_bit_anywhere_in_a_sealed_file_is_an_integrity_error_that_names_the_file(
    tmp_path, size, data
):
    path = sealed(tmp_path, bytes(size))
    bytes_ = bytearray(path.read_bytes())
    bit = data.draw(st.one_of(st.integers(0, 8 * SIZE - 1), st.integers(0, 8 * len(bytes_) - 1)))
    bytes_[bit // 8] ^= 1 << bit % 8
    path.write_bytes(bytes_)
    with pytest.raises(IntegrityError, match=r"a\.sealed"):
        opened(path)


@same_folder
@given(size=st.sampled_from([0, 1, 5000, (1 << 20) + 5]), data=st.data())
def test_a_sealed_file_cut_anywhere_is_an_integrity_error(tmp_path, size, data):
    path = sealed(tmp_path, bytes(size))
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(len(MAGIC), len(whole) - 1))])
    with pytest.raises(IntegrityError, match=r"a\.sealed"):
        opened(path)


@given(data=st.binary(max_size=2 * SIZE))
def test_bytes_that_are_no_sealed_file_are_refused_as_input_and_never_crash(data):
    with pytest.raises(IntegrityError if data.startswith(MAGIC) else InvalidInput):
        parse_header(data[:SIZE], "a.csv")


def test_another_data_key_is_found_by_the_commitment_before_anything_is_decrypted(tmp_path):
    path = sealed(tmp_path, b"plain")
    assert path.read_bytes()[:SIZE] == header_of(path).to_bytes()
    with pytest.raises(IntegrityError), opened_sealed(path, lambda header: bytes(32)):
        pytest.fail("no segment was asked for, and yet it opened")


def test_one_file_never_opens_under_two_keys_even_if_made_for_it(tmp_path):
    """The stream alone would accept any key that its maker wanted; the commitment names one."""
    path = sealed(tmp_path, b"plain")
    other = bytes(32)
    forged = Header(file_id=header_of(path).file_id, commitment=bytes(32)).to_bytes()
    stream = BytesIO()
    encrypt_stream(other, BytesIO(b"forged"), stream, forged)
    path.write_bytes(forged + stream.getvalue())
    with pytest.raises(IntegrityError):
        opened(path, other)
    with pytest.raises(ValueError, match="not the key"):
        second_reader.read(path.read_bytes(), other)


def test_a_later_format_is_refused_by_its_number(tmp_path):
    header = bytearray(sealed(tmp_path, b"").read_bytes()[:SIZE])
    header[8] = 9
    header[58:] = hashlib.sha256(header[:58]).digest()[:6]
    with pytest.raises(InvalidInput, match="format 9"):
        parse_header(bytes(header), "a.sealed")


def test_verify_finds_other_bytes_missing_bytes_and_further_bytes(tmp_path):
    path = sealed(tmp_path, b"plain text")
    verify_sealed(path, lambda header: KEY, BytesIO(b"plain text"))
    for other in (b"plain tex", b"plain texT", b"plain text.", b""):
        with pytest.raises(IntegrityError, match="same bytes"):
            verify_sealed(path, lambda header: KEY, BytesIO(other))


def test_a_target_is_untouched_and_no_part_is_left_when_sealing_fails(tmp_path):
    path = sealed(tmp_path, b"before")
    before = path.read_bytes()

    def refuse():
        assert [p for p in tmp_path.iterdir() if p.suffix == ".part"]  # the guard has something to guard
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sealed(BytesIO(b"after"), 5, path, KEY, new_header(KEY), record=refuse)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.sealed"]


def test_a_sealed_file_is_for_its_owner_only(tmp_path):
    assert sealed(tmp_path, b"plain").stat().st_mode & 0o777 == 0o600


def test_data_keys_and_file_ids_are_fresh():
    assert new_data_key() != new_data_key()
    assert new_header(KEY).file_id != new_header(KEY).file_id


@pytest.mark.parametrize("expected", [4 << 20, 0])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, expected):
    """Found before the work where the size is known, in the middle where it was not. The limit on file sizes stands for the full disk: the write fails with EFBIG in the middle."""
    child = """
import resource, sys
from io import BytesIO
from pathlib import Path
from confide.crypto.stream import encrypt_stream
from confide.errors import InvalidInput
from confide.vault.seal import new_header, write_sealed
resource.setrlimit(resource.RLIMIT_FSIZE, (1500000, 1500000))
try:
    write_sealed(BytesIO(bytes(4 << 20)), int(sys.argv[2]), Path(sys.argv[1]), bytes(32), new_header(bytes(32)), record=lambda: None)
except InvalidInput as error:
    print(error.code)
"""
    ran = subprocess.run(
        [sys.executable, "-c", child, tmp_path / "a.sealed", str(expected)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "vault.disk-full\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "code"), [("missing", "vault.no-file"), (".", "vault.not-a-file")])
def test_what_is_not_there_or_not_a_file_is_refused(tmp_path, name, code):
    with pytest.raises(InvalidInput) as caught:
        header_of(Path(tmp_path / name))
    assert caught.value.code == code
