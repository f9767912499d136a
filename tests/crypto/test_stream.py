"""The stream is Tink's AES256-GCM-HKDF-1MB, and no change to it goes unseen; so with SM4, by range, on threads."""

import hashlib
import hmac
import threading
import tracemalloc
from contextlib import suppress
from io import BytesIO
from typing import ClassVar

import pytest
from cryptography.hazmat.decrepit.ciphers.modes import CFB8
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st
from tink import cleartext_keyset_handle, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from confide.crypto.segments import HEADER, SEGMENT, TAG, plain_size, sealed_size, write_all
from confide.crypto.stream import (
    AT_ONCE,
    decrypt_range,
    decrypt_segments,
    decrypt_stream,
    encrypt_segments,
    encrypt_stream,
)
from confide.crypto.suites import AES, SM4, Suite
from confide.errors import IntegrityError, InvalidInput

FIRST, REST = SEGMENT - HEADER - TAG, SEGMENT - TAG
EDGES = [0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + REST - 1, FIRST + REST, FIRST + REST + 1]
KEY = bytes(range(32))
BLOCK = bytes(i * 89 % 251 for i in range(997))  # 997 is prime: no two segments are alike

sizes = st.one_of(st.sampled_from(EDGES), st.integers(0, 3 * SEGMENT))
keys = st.binary(min_size=32, max_size=32)


def text(size):
    return (BLOCK * (size // len(BLOCK) + 1))[:size]


def encrypted(plain, key=KEY, associated=b"header", **options):
    out = BytesIO()
    assert encrypt_stream(key, BytesIO(plain), out, associated, **options) == len(plain)
    return out.getvalue()


def decrypted(sealed, key=KEY, associated=b"header", **options):
    out = BytesIO()
    assert decrypt_stream(key, BytesIO(sealed), out, associated, **options) == len(out.getvalue())
    return out.getvalue()


def ranged(sealed, start, stop, size=None, key=KEY, associated=b"header", **options):
    source = BytesIO(b"before" + sealed)
    source.seek(6)
    size = len(sealed) if size is None else size
    pieces = decrypt_range(key, source, size, associated, start, stop, **options)
    return b"".join(bytes(piece) for piece in pieces)


def hkdf(key, salt, info, size, digest):
    """RFC 5869 written out, for the second implementation."""
    secret, block, out = hmac.digest(salt, key, digest), b"", b""
    for number in range(1, 3):
        block = hmac.digest(secret, block + info + bytes([number]), digest)
        out += block
    return out[:size]


def written_out(plain, key, associated, header, suite):
    """The stream as docs/sealed-format.md describes it, serially, with the salt and prefix of `header`."""
    salt, prefix = header[1:33], header[33:40]
    if suite is AES:
        seal = AESGCM(hkdf(key, salt, associated, 32, "sha256")).encrypt
    else:
        derived = hkdf(key, salt, associated, 16, "sm3")

        def seal(nonce, data, _):
            cipher = Cipher(algorithms.SM4(derived), modes.GCM(nonce)).encryptor()
            return cipher.update(data) + cipher.finalize() + cipher.tag

    ends = [*range(FIRST, len(plain), REST), len(plain)]
    parts = [header]
    for index, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        nonce = prefix + index.to_bytes(4, "big") + bytes([end == len(plain)])
        parts.append(seal(nonce, plain[start:end], None))
    return b"".join(parts)


def tink_stream(key):
    """Return Tink's own primitive over our key, with the parameters of AES256_GCM_HKDF_1MB."""
    streaming_aead.register()
    material = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(key_value=key)
    material.params.ciphertext_segment_size = 1048576
    material.params.derived_key_size = 32
    material.params.hkdf_hash_type = common_pb2.SHA256
    keyset = tink_pb2.Keyset(primary_key_id=1)
    entry = keyset.key.add(key_id=1, status=tink_pb2.ENABLED, output_prefix_type=tink_pb2.RAW)
    entry.key_data.type_url = "type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey"
    entry.key_data.value = material.SerializeToString()
    entry.key_data.key_material_type = tink_pb2.KeyData.SYMMETRIC
    return cleartext_keyset_handle.from_keyset(keyset).primitive(streaming_aead.StreamingAead)


class Places(BytesIO):
    """Remembers which bytes were read."""

    def __init__(self, data):
        super().__init__(data)
        self.read_bytes = set()

    def readinto(self, buffer):
        start = self.tell()
        got = super().readinto(buffer)
        self.read_bytes |= set(range(start // 64, -(-(start + got) // 64)))
        return got


class Trickle(BytesIO):
    """A source that hands out at most 777 bytes at a time, as a pipe may."""

    def readinto(self, buffer):
        return super().readinto(buffer[:777])


@settings(max_examples=25, deadline=None)
@given(size=sizes, key=keys, associated=st.binary(max_size=80))
def test_tink_opens_what_we_encrypt(size, key, associated):
    sealed = BytesIO(encrypted(text(size), key, associated))
    with tink_stream(key).new_decrypting_stream(sealed, associated) as stream:
        assert stream.read() == text(size)


@settings(max_examples=25, deadline=None)
@given(size=sizes, key=keys, associated=st.binary(max_size=80))
def test_we_open_what_tink_encrypts(size, key, associated):
    class Kept(BytesIO):
        def close(self):  # Tink closes its target
            self.kept = self.getvalue()

    sealed = Kept()
    with tink_stream(key).new_encrypting_stream(sealed, associated) as stream:
        stream.write(text(size))
    assert decrypted(sealed.kept, key, associated) == text(size)
    assert len(sealed.kept) == sealed_size(size)


@settings(max_examples=60, deadline=None)
@given(size=sizes, data=st.data())
def test_one_flipped_bit_anywhere_is_found(size, data):
    sealed = bytearray(encrypted(text(size)))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(IntegrityError):
        decrypted(bytes(sealed))


@settings(max_examples=60, deadline=None)
@given(size=sizes, data=st.data())
def test_a_stream_cut_anywhere_is_found(size, data):
    sealed = encrypted(text(size))
    borders = [*range(0, len(sealed), SEGMENT), HEADER, len(sealed) - 1, len(sealed) - TAG]
    cut = data.draw(st.one_of(st.integers(0, len(sealed) - 1), st.sampled_from(borders)))
    with pytest.raises(IntegrityError):
        decrypted(sealed[:cut])


@settings(max_examples=40, deadline=None)
@given(size=sizes, more=st.one_of(st.binary(min_size=1, max_size=64), st.just(bytes(SEGMENT))))
def test_a_lengthened_stream_is_found(size, more):
    with pytest.raises(IntegrityError):
        decrypted(encrypted(text(size)) + more)


@pytest.mark.parametrize(("one", "other"), [(0, 1), (1, 2), (0, 2), (2, 3)])
def test_segments_in_another_order_are_found(one, other):
    sealed = encrypted(bytes(4 * REST))  # all plain segments alike, so that only the order differs
    parts = [sealed[n : n + SEGMENT] for n in range(0, len(sealed), SEGMENT)]
    header, parts[0] = parts[0][:HEADER], parts[0][HEADER:]
    parts[one], parts[other] = parts[other], parts[one]
    with pytest.raises(IntegrityError):
        decrypted(header + b"".join(parts))


def test_a_segment_left_out_or_taken_from_another_stream_is_found():
    one, two = encrypted(bytes(3 * REST)), encrypted(bytes(3 * REST))
    with pytest.raises(IntegrityError):
        decrypted(one[:SEGMENT] + one[2 * SEGMENT :])
    with pytest.raises(IntegrityError):
        decrypted(one[:SEGMENT] + two[SEGMENT : 2 * SEGMENT] + one[2 * SEGMENT :])


@given(
    other=keys.filter(lambda key: key != KEY),
    associated=st.binary(max_size=20).filter(lambda a: a != b"header"),
)
def test_another_key_or_other_associated_bytes_do_not_open(other, associated):
    sealed = encrypted(b"plain")
    with pytest.raises(IntegrityError):
        decrypted(sealed, key=other)
    with pytest.raises(IntegrityError):
        decrypted(sealed, associated=associated)


def test_two_encryptions_of_the_same_bytes_share_no_segment():
    assert encrypted(b"same")[:HEADER] != encrypted(b"same")[:HEADER]
    assert encrypted(b"same")[HEADER:] != encrypted(b"same")[HEADER:]


@pytest.mark.parametrize("size", EDGES)
def test_a_source_that_comes_in_small_pieces_gives_the_same_plain_text(size):
    out = BytesIO()
    encrypt_stream(KEY, Trickle(text(size)), out, b"header")
    assert decrypted(out.getvalue()) == text(size)
    assert len(out.getvalue()) == sealed_size(size)


def test_what_is_seen_is_every_plain_byte_once_and_in_order():
    pieces = []
    encrypt_stream(
        KEY, BytesIO(text(2 * SEGMENT)), BytesIO(), b"", seen=lambda plain: pieces.append(bytes(plain))
    )
    assert b"".join(pieces) == text(2 * SEGMENT)


def test_a_key_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"^the key of a stream has 32 bytes$"):
        encrypt_stream(b"short", BytesIO(b""), BytesIO(), b"")


@settings(max_examples=15, deadline=None)
@given(
    size=st.one_of(sizes, st.integers(0, 20 * SEGMENT)),
    key=keys,
    suite=st.sampled_from([AES, SM4]),
    threads=st.sampled_from([1, 2, 3]),
)
def test_any_number_of_threads_gives_the_bytes_that_the_format_describes(size, key, suite, threads):
    size //= 8 if suite is SM4 else 1  # SM4 is slow
    sealed = encrypted(text(size), key, suite=suite, threads=threads)
    assert sealed == written_out(text(size), key, b"header", sealed[:HEADER], suite)
    assert decrypted(sealed, key, suite=suite, threads=threads) == text(size)
    assert len(sealed) == sealed_size(size)
    assert plain_size(len(sealed)) == size


@settings(max_examples=10, deadline=None)
@given(size=sizes, kind=st.sampled_from([bytes, bytearray, memoryview]))
def test_bytes_in_memory_give_the_stream_that_a_file_of_them_gives(size, kind):
    out = BytesIO()
    assert encrypt_stream(KEY, kind(text(size)), out, b"header", threads=2) == size
    sealed = out.getvalue()
    assert sealed == written_out(text(size), KEY, b"header", sealed[:HEADER], AES)


def test_memory_of_wider_items_is_taken_as_its_bytes():
    out = BytesIO()
    encrypt_stream(KEY, memoryview(text(8 * 200_000)).cast("d"), out, b"header")
    assert decrypted(out.getvalue()) == text(8 * 200_000)


@settings(max_examples=25, deadline=None)
@given(size=st.one_of(sizes, st.integers(8 * SEGMENT, 12 * SEGMENT)), data=st.data())
def test_on_threads_one_flipped_bit_or_a_cut_anywhere_is_found(size, data):
    sealed = bytearray(encrypted(text(size), threads=2))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    with pytest.raises(IntegrityError):
        decrypted(sealed[: bit // 8], threads=2)
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(IntegrityError):
        decrypted(bytes(sealed), threads=2)


def test_on_threads_the_first_changed_segment_is_named():
    sealed = bytearray(encrypted(text(12 * REST), threads=2))
    for segment in (9, 5, 6):
        sealed[segment * SEGMENT + 100] ^= 1
    with pytest.raises(IntegrityError) as told:
        decrypted(bytes(sealed), threads=2)
    assert told.value.public == {"segment": 5}


@pytest.mark.parametrize("threads", [1, 2])
def test_what_is_yielded_before_a_changed_segment_is_a_true_beginning(threads):
    plain, got = text(20 * REST), b""
    sealed = bytearray(encrypted(plain))
    sealed[18 * SEGMENT] ^= 1
    pieces = decrypt_segments(KEY, BytesIO(sealed), b"header", threads=threads)
    with suppress(IntegrityError):
        for piece in pieces:
            got += piece
        pytest.fail("the change went unseen")
    assert got
    assert plain.startswith(got)


def test_on_threads_every_plain_byte_is_seen_once_and_in_order():
    pieces = []
    plain = text(9 * SEGMENT + 5)
    encrypt_stream(KEY, plain, BytesIO(), b"", seen=lambda piece: pieces.append(bytes(piece)), threads=2)
    assert b"".join(pieces) == plain
    assert {len(piece) for piece in pieces[1:-1]} == {REST}


@pytest.mark.parametrize(("threads", "most"), [(1, SEGMENT), (2, 2 * AT_ONCE * SEGMENT)])
def test_room_is_never_asked_for_more_than_is_said(threads, most):
    asked = []

    def room(size):
        asked.append(size)
        return memoryview(bytearray(size))

    sealed = b"".join(encrypt_segments(KEY, text(20 * SEGMENT), b"header", room, threads=threads))
    assert max(asked) <= most
    assert sum(asked) == len(sealed)
    assert decrypted(sealed) == text(20 * SEGMENT)


@pytest.mark.parametrize(("threads", "segments"), [(1, 2), (2, 2 * 2 * AT_ONCE)])
def test_memory_does_not_grow_with_the_length(threads, segments):
    class Zeros:
        def __init__(self, size):
            self.left = size

        def readinto(self, buffer):
            got = min(len(buffer), self.left)
            self.left -= got
            return got

    class Nowhere:
        def write(self, data):
            return len(data)

    tracemalloc.start()
    encrypt_stream(KEY, Zeros(100 << 20), Nowhere(), b"", threads=threads)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < (segments + 0.5) * SEGMENT


@pytest.mark.parametrize("threads", [0, -1])
def test_no_thread_at_all_is_refused(threads):
    with pytest.raises(ValueError, match=r"^at least one thread is wanted$"):
        encrypted(b"", threads=threads)


def test_a_failure_of_the_one_who_sees_ends_the_stream():
    def angry(plain):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encrypt_stream(KEY, text(9 * SEGMENT), BytesIO(), b"", seen=angry, threads=2)


def test_a_target_that_takes_nothing_is_an_error():
    class Full:
        def write(self, data):
            return 0

    with pytest.raises(OSError, match="nothing"):
        write_all(Full(), memoryview(b"ab"))


@pytest.mark.parametrize(("written", "read"), [(AES, SM4), (SM4, AES)])
def test_a_stream_does_not_open_in_the_other_suite(written, read):
    sealed = encrypted(text(100), suite=written)
    with pytest.raises(IntegrityError):
        decrypted(sealed, suite=read)
    with pytest.raises(IntegrityError):
        ranged(sealed, 0, 0, suite=read)


def test_a_suite_that_openssl_lacks_is_refused_by_name():
    def lacking(key):
        return Cipher(algorithms.SM4(key), CFB8(bytes(16))).encryptor()

    suite = Suite(name="SM4-CFB8", cipher=lacking, digest=SM4.digest, key_size=16)
    with pytest.raises(InvalidInput, match="no SM4-CFB8"):
        encrypted(b"", suite=suite)


BORDERS = [0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + REST, FIRST + REST + 1]


@settings(max_examples=60, deadline=None)
@given(size=sizes, suite=st.sampled_from([AES, AES, AES, SM4]), data=st.data())
def test_a_range_is_the_bytes_of_the_plain_text_at_its_place(size, suite, data):
    places = st.one_of(st.integers(0, size), st.sampled_from([b for b in [*BORDERS, size] if b <= size]))
    start, stop = sorted((data.draw(places), data.draw(places)))
    sealed = encrypted(text(size), suite=suite)
    assert ranged(sealed, start, stop, suite=suite) == text(size)[start:stop]


@settings(max_examples=40, deadline=None)
@given(size=st.integers(0, 3 * SEGMENT), cut=st.integers(1, 3 * SEGMENT), data=st.data())
def test_a_range_of_a_stream_cut_or_lengthened_anywhere_is_refused(size, cut, data):
    sealed = encrypted(text(size))
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))
    shorter, longer = sealed[:-cut], sealed + bytes(cut)
    for stream, told in [
        (shorter, len(sealed)),  # the size is known from elsewhere
        (longer, len(sealed)),
        (sealed, len(sealed) - cut),  # or it is wrong
        (sealed, len(sealed) + cut),
        (shorter, len(shorter)),  # or it is that of the changed file
        (longer, len(longer)),
    ]:
        most = max(0, plain_size(told))
        with pytest.raises(IntegrityError):
            ranged(stream, min(start, most), min(stop, most), size=told)


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_range_in_the_first_segment_of_a_stream_cut_at_a_border_is_refused(cut):
    sealed = encrypted(text(4 * REST - HEADER))
    with pytest.raises(IntegrityError):
        ranged(sealed[: cut * SEGMENT], 0, 10)
    assert ranged(sealed, 0, 10) == text(10)


def test_a_changed_segment_shows_when_the_range_touches_it_and_only_then():
    sealed = bytearray(encrypted(text(4 * SEGMENT)))
    sealed[SEGMENT + 7] ^= 1
    assert ranged(bytes(sealed), 10, FIRST) == text(FIRST)[10:]
    assert ranged(bytes(sealed), FIRST + REST, 3 * SEGMENT) == text(3 * SEGMENT)[FIRST + REST :]
    for start, stop in [(10, FIRST + 1), (FIRST + REST - 1, FIRST + REST), (0, 4 * SEGMENT)]:
        with pytest.raises(IntegrityError):
            ranged(bytes(sealed), start, stop)


def test_a_range_in_swapped_segments_or_under_another_key_is_refused():
    sealed = encrypted(bytes(4 * REST))
    swapped = sealed[:SEGMENT] + sealed[2 * SEGMENT : 3 * SEGMENT] + sealed[SEGMENT : 2 * SEGMENT]
    swapped += sealed[3 * SEGMENT :]
    with pytest.raises(IntegrityError):
        ranged(swapped, SEGMENT, SEGMENT + 1)
    with pytest.raises(IntegrityError):
        ranged(sealed, 0, 1, key=bytes(32))
    with pytest.raises(IntegrityError):
        ranged(sealed, 0, 1, associated=b"other")


def test_a_range_reads_its_own_segments_the_last_one_and_the_header():
    sealed = encrypted(text(10 * SEGMENT))
    source = Places(sealed)
    got = b"".join(decrypt_range(KEY, source, len(sealed), b"header", 4 * REST, 4 * REST + 100))
    assert got == text(4 * REST + 100)[4 * REST :]
    touched = {place * 64 // SEGMENT for place in source.read_bytes if place * 64 % SEGMENT > 64}
    assert touched == {4, 10}


@pytest.mark.parametrize(("start", "stop"), [(-1, 1), (2, 1), (0, 101), (101, 101), (0, 102)])
def test_a_range_outside_the_stream_is_refused(start, stop):
    with pytest.raises(ValueError, match=r"^the range does not lie in a stream of this size$"):
        ranged(encrypted(text(100)), start, stop)


@pytest.mark.parametrize("size", [0, 10, HEADER, HEADER + TAG - 1, SEGMENT + 5])
def test_a_size_that_no_stream_has_is_refused(size):
    with pytest.raises(IntegrityError) as caught:
        ranged(encrypted(text(100)), 0, 0, size=size)
    assert (caught.value.code, caught.value.public) == ("crypto.stream", {"segment": size // SEGMENT})
    with pytest.raises(ValueError, match=r"^the range does not lie"):
        ranged(encrypted(b""), 0, 1)
    with pytest.raises(ValueError, match=r"^the range does not lie"):
        ranged(encrypted(b""), 0, 1, size=0)


def pieces_of(size):
    """A stream of `size` plain bytes, as its header and its segments."""
    sealed = encrypted(text(size))
    return [
        sealed[:HEADER],
        *(sealed[max(HEADER, at) : at + SEGMENT] for at in range(0, len(sealed), SEGMENT)),
    ]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("broken", [0, 1, 2])
def test_the_segment_that_was_changed_is_named(threads, broken):
    header, *segments = pieces_of(2 * REST + 5)
    segments[broken] = bytes([segments[broken][0] ^ 1]) + segments[broken][1:]
    with pytest.raises(IntegrityError) as caught:
        decrypted(b"".join([header, *segments]), threads=threads)
    assert (caught.value.code, caught.value.public) == ("crypto.stream", {"segment": broken})
    assert str(caught.value)


@pytest.mark.parametrize(
    "sealed", [b"", bytes(39), bytes(40), bytes(100), b"\x29" + bytes(99), b"\x27" + bytes(99)]
)
def test_what_does_not_begin_as_a_stream_is_refused_at_its_first_segment(sealed):
    for read in (decrypted, lambda sealed: ranged(sealed, 0, 0)):
        with pytest.raises(IntegrityError) as caught:
            read(sealed)
        assert (caught.value.code, caught.value.public) == ("crypto.stream", {"segment": 0})


@pytest.mark.parametrize("left", [0, 1, TAG - 1])
def test_a_last_segment_without_room_for_its_tag_is_refused_by_its_number(left):
    header, first, second, third = pieces_of(2 * REST + 5)
    with pytest.raises(IntegrityError) as caught:
        decrypted(header + first + second + third[:left])
    number = 2 if left else 1  # cut at the border: the second one was not the last
    assert (caught.value.code, caught.value.public) == ("crypto.stream", {"segment": number})


@pytest.mark.parametrize("size", EDGES)
@pytest.mark.parametrize("threads", [1, 2])
def test_at_every_border_bytes_in_memory_and_a_file_give_the_stream_of_the_format(size, threads):
    for source in (text(size), BytesIO(text(size))):
        out = BytesIO()
        assert encrypt_stream(KEY, source, out, b"header", threads=threads) == size
        sealed = out.getvalue()
        assert sealed == written_out(text(size), KEY, b"header", sealed[:HEADER], AES)


class Witnessed:
    """AES-256-GCM that remembers which threads asked for it."""

    threads: ClassVar[set[int]] = set()

    def __init__(self, key):
        self.cipher = AESGCM(key)

    def encrypt_into(self, *arguments):
        self.threads.add(threading.get_ident())
        return self.cipher.encrypt_into(*arguments)

    def decrypt_into(self, *arguments):
        self.threads.add(threading.get_ident())
        return self.cipher.decrypt_into(*arguments)


def test_threads_are_started_when_they_are_asked_for_and_only_then():
    watched = Suite(name="watched", cipher=Witnessed, digest=AES.digest, key_size=32)
    plain, mine = text(9 * SEGMENT), {threading.get_ident()}
    for options, several in (({}, False), ({"threads": 1}, False), ({"threads": 2}, True)):
        Witnessed.threads.clear()
        sealed = encrypted(plain, suite=watched, **options)
        encrypting = set(Witnessed.threads)
        Witnessed.threads.clear()
        assert decrypted(sealed, suite=watched, **options) == plain
        assert (encrypting != mine, Witnessed.threads != mine) == (several, several)
    Witnessed.threads.clear()
    list(decrypt_segments(KEY, BytesIO(sealed), b"header", suite=watched))
    list(encrypt_segments(KEY, plain, b"header", lambda size: memoryview(bytearray(size)), suite=watched))
    assert Witnessed.threads == mine


@pytest.mark.parametrize("threads", [1, 2])
def test_tink_opens_what_threads_encrypt(threads):
    plain = text(10 * SEGMENT + 3)
    sealed = BytesIO(encrypted(plain, threads=threads))
    with tink_stream(KEY).new_decrypting_stream(sealed, b"header") as stream:
        assert stream.read() == plain


def test_the_second_hash_is_sm3():
    assert SM4.digest().name == "sm3"
    assert hashlib.new("sm3", b"abc").hexdigest().startswith("66c7f0f4")  # GB/T 32905-2016, annex A
