"""Encrypt a code into another code of the same length and letters: FF1 format-preserving encryption.

For columns whose form must survive (a record number of nine digits stays nine digits). Deterministic, so equal
values stay equal, and nothing tells a changed code from a true one. Works on columns in memory, knows no file;
keys come from `confide.vault`, a tweak for each column. AES is pyca's, the rounds are ours.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from confide.errors import InvalidInput

DIGITS = "0123456789"
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
SMALLEST = 1_000_000  # possible codes; SP 800-38G r1 asks for this many, as fewer can be tried out
_ROUNDS = 10

Halves = list[tuple[int, int]]


def encrypt_column(key: bytes, codes: Sequence[str], tweak: bytes, *, alphabet: str = DIGITS) -> list[str]:
    """Replace every code by one of the same length over the same alphabet.

    Guarantee: for one key, tweak and length the codes are permuted: no two share a result, and `decrypt_column`
    gives them back. Without the key the permutation cannot be told from a random one.

    Args:
        key: 16, 24 or 32 bytes.
        codes: texts over `alphabet`; lengths may differ, and those of one length are permuted among themselves.
        tweak: names the column; two columns with two tweaks do not show which codes they share.
        alphabet: 2 to 65536 distinct characters, in the order of their values.

    Raises:
        InvalidInput: a code has characters outside the alphabet, or is so short that there are fewer than a
            million codes of its length; the alphabet repeats a character.

    Source: NIST SP 800-38G Revision 1 (draft 2019), Algorithm 7 (FF1.Encrypt) and section 5 (the million).

    >>> encrypt_column(bytes(32), ["00012345", "00012346"], b"record number")
    ['73997431', '62506065']
    """
    return _column(key, codes, tweak, alphabet, permute)


def decrypt_column(key: bytes, codes: Sequence[str], tweak: bytes, *, alphabet: str = DIGITS) -> list[str]:
    """Return what `encrypt_column` was given; raises as it does. A changed code gives another code.

    Source: NIST SP 800-38G Revision 1 (draft 2019), Algorithm 8 (FF1.Decrypt).
    """
    return _column(key, codes, tweak, alphabet, unpermute)


Permutation = Callable[[bytes, bytes, int, int, Halves], Halves]


def _column(key: bytes, codes: Sequence[str], tweak: bytes, alphabet: str, change: Permutation) -> list[str]:
    """Apply `change` to the codes, length by length."""
    value_of = {letter: value for value, letter in enumerate(alphabet)}
    if len(value_of) != len(alphabet) or not 2 <= len(alphabet) <= 1 << 16:
        raise InvalidInput("crypto.alphabet")
    rows_of = defaultdict(list)
    for row, code in enumerate(codes):
        if not value_of.keys() >= set(code):
            raise InvalidInput("crypto.code", row=row + 1)
        rows_of[len(code)].append(row)
    radix, result = len(alphabet), [""] * len(codes)
    for length, rows in rows_of.items():
        if radix**length < SMALLEST:
            raise InvalidInput("crypto.small-domain", row=rows[0] + 1, length=length, radix=radix)
        u = length // 2
        halves = [(_number(codes[row][:u], value_of), _number(codes[row][u:], value_of)) for row in rows]
        for row, (a, b) in zip(rows, change(key, tweak, radix, length, halves), strict=True):
            result[row] = _text(a, u, alphabet) + _text(b, length - u, alphabet)
    return result


def permute(key: bytes, tweak: bytes, radix: int, length: int, codes: Halves) -> Halves:
    """Run FF1 forwards on codes given as two numbers each: the first `length // 2` numerals, and the rest.

    No check of the number of possible codes: that is `encrypt_column`'s. `length` is at least 2.
    """
    rounds = _rounds(key, tweak, radix, length)
    u = length // 2
    for number in range(_ROUNDS):
        modulus = radix ** (u if number % 2 == 0 else length - u)
        masks = rounds(number, [b for _, b in codes])
        codes = [(b, (a + mask) % modulus) for (a, b), mask in zip(codes, masks, strict=True)]
    return codes


def unpermute(key: bytes, tweak: bytes, radix: int, length: int, codes: Halves) -> Halves:
    """Undo `permute`."""
    rounds = _rounds(key, tweak, radix, length)
    u = length // 2
    for number in reversed(range(_ROUNDS)):
        modulus = radix ** (u if number % 2 == 0 else length - u)
        masks = rounds(number, [a for a, _ in codes])
        codes = [((b - mask) % modulus, a) for (a, b), mask in zip(codes, masks, strict=True)]
    return codes


def _rounds(key: bytes, tweak: bytes, radix: int, length: int) -> Callable[[int, Iterable[int]], list[int]]:
    """Return the round function of FF1 (steps 3 to 6.iv of Algorithm 7) for a whole column at a time.

    Only the last block of its input depends on the half, unless that is longer than a block; all blocks
    before are encrypted once.
    """
    aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305, a bare block is what FF1 takes
    u = length // 2
    b = -(-((radix ** (length - u) - 1).bit_length()) // 8)  # ceil(ceil(v log2 radix) / 8), step 3
    d = 4 * -(-b // 4) + 4
    p = (
        bytes([1, 2, 1]) + radix.to_bytes(3, "big") + bytes([_ROUNDS, u % 256])
        + length.to_bytes(4, "big") + len(tweak).to_bytes(4, "big")
    )  # fmt: skip
    before = p + tweak + bytes((-len(tweak) - b - 1) % 16)
    whole = len(before) // 16 * 16
    chained = 0
    for start in range(0, whole, 16):
        chained = int.from_bytes(aes.update((chained ^ _block(before, start)).to_bytes(16, "big")), "big")

    def masks(number: int, halves: Iterable[int]) -> list[int]:
        head = before[whole:] + bytes([number])
        inputs = [head + half.to_bytes(b, "big") for half in halves]
        states = [chained] * len(inputs)
        for start in range(0, len(head) + b, 16):
            mixed = [
                (state ^ _block(text, start)).to_bytes(16, "big")
                for state, text in zip(states, inputs, strict=True)
            ]
            states = _blocks(aes.update(b"".join(mixed)))
        streams = [state.to_bytes(16, "big") for state in states]
        for block in range(1, -(-d // 16)):
            more = aes.update(b"".join((state ^ block).to_bytes(16, "big") for state in states))
            streams = [stream + more[16 * n : 16 * n + 16] for n, stream in enumerate(streams)]
        return [int.from_bytes(stream[:d], "big") for stream in streams]

    return masks


def _block(data: bytes, start: int) -> int:
    return int.from_bytes(data[start : start + 16], "big")


def _blocks(data: bytes) -> list[int]:
    return [_block(data, start) for start in range(0, len(data), 16)]


def _number(text: str, value_of: dict[str, int]) -> int:
    number = 0
    for letter in text:
        number = number * len(value_of) + value_of[letter]
    return number


def _text(number: int, length: int, alphabet: str) -> str:
    letters = []
    for _ in range(length):
        number, value = divmod(number, len(alphabet))
        letters.append(alphabet[value])
    return "".join(reversed(letters))
