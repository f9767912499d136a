"""The key stream is AES-256-CTR, belongs to one process and one object, and shows nothing."""

import copy
import os
import pickle

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from confide.dp.noise import Noise
from confide.dp.random import BYTES_PER_KEY, Stream
from confide.errors import InvalidInput

KEY = bytes(range(32))


def block(key: bytes, counter: int) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # the oracle for CTR
    return encryptor.update(counter.to_bytes(16, "big"))


def test_the_stream_is_aes_256_in_counter_mode():
    expected = b"".join(block(KEY, i) for i in range(5))
    stream = Stream(KEY)
    assert stream.bytes(7) + stream.bytes(0) + stream.bytes(60) == expected[:67]


def test_two_streams_share_no_bits():
    assert Stream().bytes(64) != Stream().bytes(64)


def test_integers_are_the_bytes_in_little_endian():
    raw = Stream(KEY).bytes(16)
    assert Stream(KEY).uint64(2).tolist() == [
        int.from_bytes(raw[:8], "little"),
        int.from_bytes(raw[8:], "little"),
    ]
    assert Stream(KEY).uint32(1)[0] == int.from_bytes(raw[:4], "little")
    assert Stream(KEY).uint16(1)[0] == int.from_bytes(raw[:2], "little")


def test_a_key_is_replaced_before_it_has_done_too_much():
    stream = Stream(KEY)
    stream._left = 16  # as if 2^36 bytes had been drawn
    assert stream.bytes(16) == block(KEY, 0)
    following = block(KEY, 1) + block(KEY, 2)
    assert stream.bytes(32) == block(following, 0) + block(following, 1)
    assert stream._left == BYTES_PER_KEY - 32


@pytest.mark.parametrize("make", [lambda: Stream(), lambda: Noise(Stream())], ids=["Stream", "Noise"])
def test_it_shows_nothing_and_cannot_be_pickled_or_copied(make):
    secret = make()
    assert repr(secret) == f"<{type(secret).__name__}>"
    assert not hasattr(secret, "__dict__")
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=r"never (pickled|copied)"):
            attempt(secret)


def test_a_closed_stream_refuses():
    stream = Stream()
    noise = Noise(stream)
    noise.close()
    for draw in (
        lambda: stream.bytes(1),
        lambda: noise.discrete_laplace(1.0),
        lambda: noise.bernoulli(0.5, 3),
    ):
        with pytest.raises(InvalidInput) as refused:
            draw()
        assert refused.value.code == "dp.stream-closed"
    noise.close()  # twice does no harm


def test_a_forked_child_draws_nothing():
    stream = Stream()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            stream.bytes(1)
        except InvalidInput as refused:
            code = 0 if refused.code == "dp.stream-forked" else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(stream.bytes(1)) == 1


def test_a_stream_that_finds_itself_in_another_process_refuses():
    stream = Stream()
    stream._process += 1  # as it looks after a fork, without one
    with pytest.raises(InvalidInput) as refused:
        stream.bytes(1)
    assert refused.value.code == "dp.stream-forked"


def test_noise_takes_a_stream_and_nothing_that_looks_like_one():
    class Seeded:
        def bytes(self, n):
            return bytes(n)

    with pytest.raises(TypeError):
        Noise(Seeded())


def test_a_key_of_another_length_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        Stream(b"short")
