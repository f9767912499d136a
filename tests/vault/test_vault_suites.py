"""Both suites, ranges, threads and memory: what a file looks like is what the docs say, whoever sealed it."""

import io
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives import hashes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from passphrase import PASSPHRASE
from second_reader import file_id, read
from second_vault import SecondVault

from confide.crypto.suites import AES, SM4, Suite
from confide.errors import IntegrityError, InvalidInput
from confide.vault import seal as sealing
from confide.vault.seal import header_of, new_header
from confide.vault.vault import create_vault, open_vault


class Sm5(hashes.HashAlgorithm):
    """A hash that no OpenSSL has."""

    name, digest_size, block_size = "sm5", 32, 64


@pytest.fixture
def commercial(tmp_path, cheap):
    made, _ = create_vault(tmp_path / "vault", PASSPHRASE, cost=cheap, suite="sm4")
    return made


def test_a_file_of_either_suite_is_opened_by_a_second_reader_written_from_the_docs(
    commercial, tmp_path, original
):
    aes = open_vault(commercial.folder, passphrase=PASSPHRASE)
    commercial.seal(original, tmp_path / "s")
    aes.seal(original, tmp_path / "a")
    assert [(tmp_path / name).read_bytes()[9] for name in "as"] == [1, 2]
    second = SecondVault(commercial.folder / "vault.sqlite", passphrase=PASSPHRASE)
    for name in "as":
        data = (tmp_path / name).read_bytes()
        assert read(data, second.data_key(file_id(data))) == original.read_bytes()
        assert aes.read(tmp_path / name) == commercial.read(tmp_path / name) == original.read_bytes()


def test_an_original_is_sealed_anew_when_the_suite_is_another_and_keeps_its_suite_when_its_content_changes(
    commercial, tmp_path, original
):
    aes = open_vault(commercial.folder, passphrase=PASSPHRASE)
    first = aes.seal(original, tmp_path / "n")
    assert not aes.seal(original, tmp_path / "n").written
    assert commercial.seal(original, tmp_path / "n").written
    assert header_of(tmp_path / "n").suite is SM4
    assert aes.read(tmp_path / f"n.{first.file_id[:8]}") == original.read_bytes()
    aes.reseal(tmp_path / "n", b"less")
    assert header_of(tmp_path / "n").suite is SM4
    assert aes.read(tmp_path / "n") == b"less"


def test_one_flipped_bit_in_a_file_of_the_second_suite_is_found(commercial, tmp_path, original):
    path = commercial.seal(original, tmp_path / "n").path
    whole = path.read_bytes()
    for byte in (9, 30, 60, 64, 70, 500_000, -1):
        broken = bytearray(whole)
        broken[byte] ^= 1
        path.write_bytes(broken)
        with pytest.raises(IntegrityError):
            commercial.read(path)


def test_the_suite_in_the_header_cannot_be_exchanged_for_the_other(vault, tmp_path):
    path = vault.seal_bytes(b"plain", tmp_path / "a").path
    header = header_of(path)
    forged = sealing.Header(file_id=header.file_id, commitment=header.commitment, suite=SM4).to_bytes()
    path.write_bytes(forged + path.read_bytes()[len(forged) :])
    with pytest.raises(IntegrityError):
        vault.read(path)


def test_a_suite_that_is_unknown_or_that_openssl_lacks_is_refused(vault, tmp_path, cheap, monkeypatch):
    with pytest.raises(InvalidInput) as caught:
        create_vault(tmp_path / "new", PASSPHRASE, cost=cheap, suite="des")
    assert caught.value.code == "vault.suite"
    no_such = Suite(name="SM4-SM5", cipher=AES.cipher, digest=Sm5, key_size=32)
    monkeypatch.setitem(sealing.SUITES, 3, no_such)
    with pytest.raises(InvalidInput) as caught:
        new_header(bytes(32), no_such)
    assert (caught.value.code, caught.value.public) == ("crypto.no-suite", {"suite": "SM4-SM5"})


SIZE = 2_500_000  # three segments


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_range_is_the_same_bytes_as_the_slice_of_the_whole(ranged, data):
    vault, path, plain = ranged()
    start = data.draw(st.integers(0, SIZE))
    stop = data.draw(st.integers(start, SIZE))
    assert vault.read_range(path, start, stop) == plain[start:stop]


@pytest.fixture(scope="module", params=["aes", "sm4"])
def ranged(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranged")
    vault, _ = create_vault(folder, PASSPHRASE, suite=request.param)
    plain = bytes(range(250)) * (SIZE // 250)
    kept = vault, vault.seal_bytes(plain, folder / "a").path, plain
    return lambda: kept  # a function, so that a failure does not print it all


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (4, 3), (0, SIZE + 1), (SIZE + 1, SIZE + 1)])
def test_a_range_outside_the_file_is_refused(ranged, start, stop):
    vault, path, _ = ranged()
    with pytest.raises(InvalidInput) as caught:
        vault.read_range(path, start, stop)
    assert caught.value.code == "vault.range"


def test_a_range_of_a_file_that_was_cut_lengthened_or_changed_there_is_refused(ranged, tmp_path):
    vault, path, _ = ranged()
    whole = path.read_bytes()
    for broken in (whole[:-1], whole[: 64 + (1 << 20)], whole + b"x", whole[:200] + b"\0\0\0" + whole[203:]):
        copy = tmp_path / "copy"
        copy.write_bytes(broken)
        with pytest.raises(IntegrityError, match="copy"):
            vault.read_range(copy, 0, 300)


def test_a_reader_reads_and_seeks_as_in_the_plain_file_and_refuses_what_was_changed(ranged, tmp_path):
    vault, path, plain = ranged()
    with vault.reader(path) as sealed, io.BytesIO(plain) as open_file:
        for offset, whence, size in (
            (0, 0, 10),
            (-5, 2, 9),
            (100, 0, SIZE),
            (-7, 1, 3),
            (SIZE + 9, 0, 4),
            (3, 0, -1),
        ):
            assert sealed.seek(offset, whence) == open_file.seek(offset, whence)
            parts, wanted = b"", open_file.read(size)
            while len(parts) < len(wanted):
                parts += sealed.read(len(wanted) - len(parts))
            assert parts == wanted
            assert sealed.tell() == open_file.tell()
        assert "hidden" in repr(sealed)
    with vault.reader(path) as sealed:
        for offset in (SIZE - 5, 100, SIZE - 9):  # back to before what it holds
            sealed.seek(offset)
            assert sealed.read(5) == plain[offset : offset + 5]
    copy = tmp_path / "copy"
    copy.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IntegrityError), vault.reader(copy) as sealed:
        sealed.read(1)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 72, (8 << 20) + 5, 13 << 20])
def test_a_file_that_several_threads_sealed_is_like_one_that_a_single_one_sealed(
    vault, tmp_path, monkeypatch, size, threads
):
    monkeypatch.setattr(sealing, "_threads_for", lambda size: threads)
    plain = (b"%d " % size).ljust(1000, b"x") * (size // 1000 + 1)
    (tmp_path / "raw").write_bytes(plain[:size])
    told = []
    sealed = vault.seal(tmp_path / "raw", tmp_path / "s", progress=lambda done, total: told.append(done))
    assert told == sorted(told)
    assert vault.read(tmp_path / "s") == plain[:size]
    second = SecondVault(vault.folder / "vault.sqlite", passphrase=PASSPHRASE)
    data = (tmp_path / "s").read_bytes()
    assert read(data, second.data_key(file_id(data))) == plain[:size]
    assert second.digest(plain[:size]) == sealed.digest
    vault.verify(tmp_path / "s", tmp_path / "raw")


def test_large_files_get_several_threads_where_there_are_cores_and_small_ones_one(monkeypatch):
    assert sealing._threads_for(sealing.PARALLEL - 1) == 1
    cores = {0, 1, 2}
    monkeypatch.setattr(sealing.os, "sched_getaffinity", lambda _: cores)
    assert sealing._threads_for(sealing.PARALLEL) == 3
    cores |= set(range(64))
    assert sealing._threads_for(1 << 40) == 4


def test_sealing_reading_back_and_opening_a_large_file_stays_within_a_limit_of_memory(tmp_path):
    """300 MB under an address space that has room for 160 MB more than the interpreter takes."""
    child = """
import resource, sys
from pathlib import Path
from confide.vault import seal
from confide.vault.custody import Cost
from confide.vault.vault import create_vault
seal._threads_for = lambda size: 2
folder = Path(sys.argv[1])
vault, _ = create_vault(folder / "vault", "eleven green bicycles", cost=Cost(memory_kib=64, passes=1, lanes=1))
with (folder / "raw").open("wb") as file:
    file.truncate(300 << 20)
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (160 << 20),) * 2)
sealed = vault.seal(folder / "raw", folder / "s").path
vault.verify(sealed, folder / "raw")
print(len(vault.read_range(sealed, 200 << 20, (200 << 20) + 5)))
try:
    vault.read(sealed)
except MemoryError:
    print("all of it at once is too much")
"""
    command = [sys.executable, "-c", child, tmp_path]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.stdout == "5\nall of it at once is too much\n", ran.stderr[-1500:]
