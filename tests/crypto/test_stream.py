"""The stream is Tink's AES256-GCM-HKDF-1MB, and no change to it goes unseen."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tink import cleartext_keyset_handle, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from confide.crypto.segments import HEADER, SEGMENT, TAG, sealed_size
from confide.crypto.stream import decrypt_stream, encrypt_stream
from confide.errors import IntegrityError

FIRST, REST = SEGMENT - HEADER - TAG, SEGMENT - TAG
EDGES = [0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + REST - 1, FIRST + REST, FIRST + REST + 1]
KEY = bytes(range(32))
BLOCK = bytes(i * 89 % 251 for i in range(997))  # 997 is prime: no two segments are alike

sizes = st.one_of(st.sampled_from(EDGES), st.integers(0, 3 * SEGMENT))
keys = st.binary(min_size=32, max_size=32)


def text(size):
    return (BLOCK * (size // len(BLOCK) + 1))[:size]


def encrypted(plain, key=KEY, associated=b"header"):
    out = BytesIO()
    assert encrypt_stream(key, BytesIO(plain), out, associated) == len(plain)
    return out.getvalue()


def decrypted(sealed, key=KEY, associated=b"header"):
    out = BytesIO()
    decrypt_stream(key, BytesIO(sealed), out, associated)
    return out.getvalue()


def tink_stream(key):
    """Return Tink's own primitive over our key, with the parameters of AES256_GCM_HKDF_1MB."""
    streaming_aead.register()
    material = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(key_value=key)
    material.params.ciphertext_segment_size = SEGMENT
    material.params.derived_key_size = 32
    material.params.hkdf_hash_type = common_pb2.SHA256
    keyset = tink_pb2.Keyset(primary_key_id=1)
    entry = keyset.key.add(key_id=1, status=tink_pb2.ENABLED, output_prefix_type=tink_pb2.RAW)
    entry.key_data.type_url = "type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey"
    entry.key_data.value = material.SerializeToString()
    entry.key_data.key_material_type = tink_pb2.KeyData.SYMMETRIC
    return cleartext_keyset_handle.from_keyset(keyset).primitive(streaming_aead.StreamingAead)


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
    with pytest.raises(ValueError, match="32 bytes"):
        encrypt_stream(b"short", BytesIO(b""), BytesIO(), b"")
