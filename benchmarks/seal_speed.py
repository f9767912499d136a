"""Sealing speed per core beside OpenSSL's own speed test, tink-py's streams and age (pyrage), taken in turns.

Claims under test: the stream reaches 0.7 of `openssl speed -evp aes-256-gcm` at 1 MiB; with bytes in memory handed
over in one call, 8 times tink-py's streaming AEAD and 20 times `pyrage.encrypt`; and 2 and 5 times what the two reach
when they are used at their best. Ours hands segments to a sink that keeps nothing, as the vault hands them to the
disk; so does Tink. In one call the rivals lose most of their time to copies and fresh memory, not to their
ciphers: Tink copies what is left of a long write again and again, `pyrage.encrypt` returns its result in memory that the
system has to clear. At their best means writes of 1 MiB to Tink, and `pyrage.encrypt_io` into the same sink.
Speeds are bytes per second of processor time over all threads.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from io import BytesIO

import pyrage
import tink
from bench_seal import openssl_speed
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lines import Line, arguments, line, show
from tink import streaming_aead

from confide.crypto.derive import Fingerprint
from confide.crypto.segments import SEGMENT, TAG
from confide.crypto.stream import decrypt_stream, encrypt_stream
from confide.crypto.suites import SM4

MEGABYTES, ROUNDS = 512, 7
KEY = bytes(32)

Clock = Callable[[], float]
Work = Callable[[bytes], object]


class Sink(BytesIO):
    """Takes everything and keeps nothing."""

    def write(self, data: object, /) -> int:
        """Return how much was taken: all."""
        return len(data)  # type: ignore[arg-type]


def speed(work: Work, plain: bytes, clock: Clock = time.process_time) -> float:
    """Bytes of `plain` per second that `work` takes for it."""
    start = clock()
    work(plain)
    return len(plain) / (clock() - start)


def ours(plain: bytes) -> None:
    encrypt_stream(KEY, plain, Sink(), b"")


def ours_and_fingerprint(plain: bytes) -> None:
    encrypt_stream(KEY, plain, Sink(), b"", seen=Fingerprint(KEY).update)


def ours_into_fresh_memory(plain: bytes) -> None:
    encrypt_stream(KEY, plain, BytesIO(), b"")


def ours_on_two_threads(plain: bytes) -> None:
    encrypt_stream(KEY, plain, Sink(), b"", threads=2)


def fingerprint_on_two_threads(plain: bytes) -> None:
    encrypt_stream(KEY, plain, Sink(), b"", threads=2, seen=Fingerprint(KEY).update)


def ours_with_sm4(plain: bytes) -> None:
    encrypt_stream(KEY, plain, Sink(), b"", suite=SM4)


def bare_cipher(plain: bytes) -> None:
    """Pyca's AES-256-GCM over the same bytes, one call for each MiB, one buffer: nothing can be faster here."""
    cipher, out, data = AESGCM(KEY), memoryview(bytearray(SEGMENT + TAG)), memoryview(plain)
    for start in range(0, len(data), SEGMENT):
        piece = data[start : start + SEGMENT]
        cipher.encrypt_into(bytes(12), piece, None, out[: len(piece) + TAG])


def tink_stream(at_once: int) -> Work:
    """Tink's own stream into the same sink, `at_once` bytes a write."""
    streaming_aead.register()
    template = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB
    primitive = tink.new_keyset_handle(template).primitive(streaming_aead.StreamingAead)

    def encrypt(plain: bytes) -> None:
        data = memoryview(plain)
        with primitive.new_encrypting_stream(Sink(), b"") as stream:
            for start in range(0, len(data), at_once):
                stream.write(data[start : start + at_once])

    return encrypt


def age(plain: bytes) -> None:
    pyrage.encrypt(plain, [_AGE])


def age_into_sink(plain: bytes) -> None:
    pyrage.encrypt_io(BytesIO(plain), Sink(), [_AGE])


_AGE = pyrage.x25519.Identity.generate().to_public()


def in_turns(works: list[Callable[[], float]], rounds: int) -> list[list[float]]:
    """Call every function once a round, after a round that does not count; return a list for each."""
    taken = [[work() for work in works] for _ in range(rounds + 1)]
    return [list(column) for column in zip(*taken[1:], strict=True)]


def ratio(one: list[float], other: list[float]) -> float:
    """The median of what `one` is of `other`, round by round."""
    return statistics.median(a / b for a, b in zip(one, other, strict=True))


def verify_agreement(plain: bytes) -> None:
    """Refuse to time what does not give the bytes back."""
    for threads in (1, 2):
        sealed, back = BytesIO(), BytesIO()
        encrypt_stream(KEY, plain, sealed, b"", threads=threads)
        sealed.seek(0)
        decrypt_stream(KEY, sealed, back, b"", threads=threads)
        if back.getvalue() != plain:
            raise SystemExit("what was sealed is not what was read back")


def seal_lines(*, quick: bool = False, megabytes: int = MEGABYTES) -> Iterator[Line]:
    """Yield the lines `trust.seal.…`, all sides in one run."""
    size = (64 if quick else megabytes) << 20
    plain = os.urandom(1 << 20) * (size >> 20)
    verify_agreement(plain[: 9 << 20])
    tink_whole, tink_best = tink_stream(size), tink_stream(SEGMENT)
    works: dict[str, Callable[[], float]] = {
        "ours": lambda: speed(ours, plain),
        "openssl": openssl_speed,
        "bare": lambda: speed(bare_cipher, plain),
        "tink": lambda: speed(tink_whole, plain),
        "tink_best": lambda: speed(tink_best, plain),
        "age": lambda: speed(age, plain),
        "age_best": lambda: speed(age_into_sink, plain),
        "fresh": lambda: speed(ours_into_fresh_memory, plain),
        "fingerprint": lambda: speed(ours_and_fingerprint, plain),
        "sm4": lambda: speed(ours_with_sm4, plain[: 16 << 20]),
        "one": lambda: speed(ours, plain, time.perf_counter),
        "two": lambda: speed(ours_on_two_threads, plain, time.perf_counter),
        "two, fingerprint": lambda: speed(fingerprint_on_two_threads, plain, time.perf_counter),
    }
    rounds = 3 if quick else ROUNDS
    taken = dict(zip(works, in_turns(list(works.values()), rounds), strict=True))
    found = {name: round(statistics.median(side) / 1e6) for name, side in taken.items()}

    def of(rival: str, name: str = "ours") -> float:
        return ratio(taken[name], taken[rival])

    def against(rival: str, target: str, how: str) -> Line:
        return line(
            f"trust.seal.{rival}", of(rival), target, ours=found["ours"], rival=found[rival], unit="MB/s per core",
            how=f"{size >> 20} MiB from memory to a sink, median of {rounds} turns; {how}",
        )  # fmt: skip

    yield against(
        "openssl", ">= 0.7",
        f"{of('bare'):.2f} of pyca's bare cipher in this process ({found['bare']} MB/s); with the vault's fingerprint "
        f"{of('openssl', 'fingerprint'):.2f} of the rival ({found['fingerprint']} MB/s); by the wall clock two threads "
        f"{of('one', 'two'):.2f} times one, {of('one', 'two, fingerprint'):.2f} with the fingerprint beside; "
        f"SM4-GCM {found['sm4']} MB/s",
    )  # fmt: skip
    yield against("tink", ">= 8", "one write of all bytes; Tink has the same sink")
    yield against("tink_best", ">= 2", "Tink at its best: writes of 1 MiB")
    yield against(
        "age", ">= 20",
        f"pyrage.encrypt, one call, into fresh memory; ours into fresh memory too: {of('age', 'fresh'):.1f} times",
    )  # fmt: skip
    yield against("age_best", ">= 5", "age at its best: pyrage.encrypt_io into the same sink")


if __name__ == "__main__":
    asked = arguments(__doc__, "trust.seal").parse_args()
    show({"trust.seal": lambda: seal_lines(quick=asked.quick)}, asked.only)
