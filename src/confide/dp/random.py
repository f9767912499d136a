"""The one source of protecting randomness: an AES-256-CTR key stream under a key from the operating system.

Never seeded outside tests, never stored, copied, pickled or resumed; refused in a forked child, where
parent and child would draw the same bits. `confide.dp.noise` shapes the bits; only the ledger opens a stream.
"""

import os
import threading
from typing import Any, NoReturn, final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from numpy.typing import NDArray

from confide.errors import InvalidInput

KEY_BYTES = 32
BYTES_PER_KEY = 1 << 36  # then the stream replaces its key: 2^32 blocks stay far from the birthday bound


@final
class Stream:
    """Bits that nobody outside this process can predict or draw a second time.

    Guarantee: no two calls, streams or processes share a bit of key stream. A stream that was closed, or
    that finds itself in a forked child, refuses to answer. Nothing of its state is shown, copied or pickled.
    (Python cannot wipe a key from memory: `close` forgets it, it does not overwrite it.)

    Args:
        key: 32 bytes, only ever passed by a test. None takes a fresh key from `os.urandom`.

    Source: NIST SP 800-38A, CTR mode, over pyca's AES; keys replaced as in Bernstein 2017, "Fast-key-erasure
    random-number generators".
    """

    __slots__ = ("_encryptor", "_left", "_lock", "_process")

    def __init__(self, key: bytes | None = None) -> None:
        if key is not None and len(key) != KEY_BYTES:
            raise ValueError("a key has 32 bytes")
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._encryptor: CipherContext | None = None
        self._open(os.urandom(KEY_BYTES) if key is None else key)

    def _open(self, key: bytes) -> None:
        self._encryptor = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
        self._left = BYTES_PER_KEY

    def bytes(self, n: int) -> bytes:
        """Return the next `n` bytes of the stream.

        Raises:
            InvalidInput: the stream is closed, or this process is a fork of the one that opened it.

        >>> len(Stream().bytes(5))
        5
        """
        if os.getpid() != self._process:
            raise InvalidInput("dp.stream-forked")
        with self._lock:
            if self._encryptor is None:
                raise InvalidInput("dp.stream-closed")
            if n > self._left:
                self._open(self._encryptor.update(bytes(KEY_BYTES)))
            self._left -= n
            return self._encryptor.update(bytes(n))

    def uint16(self, size: int) -> NDArray[np.uint16]:
        """Return `size` independent integers, uniform on 0 .. 2^16 - 1."""
        return np.frombuffer(self.bytes(2 * size), dtype="<u2")

    def uint32(self, size: int) -> NDArray[np.uint32]:
        """Return `size` independent integers, uniform on 0 .. 2^32 - 1."""
        return np.frombuffer(self.bytes(4 * size), dtype="<u4")

    def uint64(self, size: int) -> NDArray[np.uint64]:
        """Return `size` independent integers, uniform on 0 .. 2^64 - 1."""
        return np.frombuffer(self.bytes(8 * size), dtype="<u8")

    def close(self) -> None:
        """Forget the key; every later call is refused."""
        with self._lock:
            self._encryptor = None

    def __repr__(self) -> str:
        return "<Stream>"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Stream is never pickled: a second copy would draw the same noise")

    def __copy__(self) -> NoReturn:
        raise TypeError("a Stream is never copied: a second copy would draw the same noise")

    def __deepcopy__(self, memo: Any) -> NoReturn:
        raise TypeError("a Stream is never copied: a second copy would draw the same noise")
