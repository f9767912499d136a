"""Codes keep their form and are permuted; FF1 is that of the standard, and domains that can be tried out are refused."""

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.crypto import ff1
from confide.crypto.ff1 import DIGITS, LETTERS, decrypt_column, encrypt_column
from confide.errors import InvalidInput

KEY = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
WEEKDAYS = "一二三四五六日"

keys = st.sampled_from([16, 24, 32]).flatmap(lambda n: st.binary(min_size=n, max_size=n))
tweaks = st.binary(max_size=40)


@st.composite
def columns(draw):
    """An alphabet, and codes over it of lengths that are long enough."""
    alphabet = draw(
        st.sampled_from(["01", DIGITS, LETTERS, WEEKDAYS, "".join(map(chr, range(0x4E00, 0x4E00 + 300)))])
    )
    least = next(n for n in range(99) if len(alphabet) ** n >= ff1.SMALLEST)
    codes = st.text(alphabet=alphabet, min_size=least, max_size=draw(st.integers(least, least + 40)))
    return alphabet, draw(st.lists(codes, max_size=6))


def written_out(key, numerals, tweak, radix):
    """FF1.Encrypt line by line from SP 800-38G, Algorithm 7, with CBC for PRF: the second implementation."""

    def num(x):
        return sum(value * radix**place for place, value in enumerate(reversed(x)))

    def text(number, length):
        return [number // radix**place % radix for place in reversed(range(length))]

    def aes(mode, data):
        return Cipher(algorithms.AES(key), mode).encryptor().update(data)

    n, t = len(numerals), len(tweak)
    u, v = n // 2, n - n // 2
    a, b = numerals[:u], numerals[u:]
    bits = 0
    while 2**bits < radix**v:
        bits += 1
    width = -(-bits // 8)
    d = 4 * -(-width // 4) + 4
    p = (
        bytes([1, 2, 1, 0, radix >> 8, radix & 255, 10, u % 256])
        + n.to_bytes(4, "big")
        + t.to_bytes(4, "big")
    )
    for i in range(10):
        q = tweak + bytes((-t - width - 1) % 16) + bytes([i]) + num(b).to_bytes(width, "big")
        r = aes(modes.CBC(bytes(16)), p + q)[-16:]
        s = r
        for j in range(1, 1 + d // 16):
            s += aes(modes.ECB(), bytes(x ^ y for x, y in zip(r, j.to_bytes(16, "big"), strict=True)))
        m = u if i % 2 == 0 else v
        a, b = b, text((num(a) + int.from_bytes(s[:d], "big")) % radix**m, m)
    return a + b


def check_against_the_standard(alphabet, codes, key, tweak):
    expected = [
        "".join(
            alphabet[value]
            for value in written_out(key, [alphabet.index(c) for c in code], tweak, len(alphabet))
        )
        for code in codes
    ]
    assert encrypt_column(key, codes, tweak, alphabet=alphabet) == expected
    assert decrypt_column(key, expected, tweak, alphabet=alphabet) == codes


@settings(deadline=None)
@given(column=columns(), key=keys, tweak=tweaks)
def test_it_is_ff1_as_the_standard_writes_it_down(column, key, tweak):
    alphabet, codes = column
    check_against_the_standard(alphabet, codes, key, tweak)


@pytest.mark.parametrize("length", [20, 21, 64, 76, 77, 129, 196, 200, 301, 520, 1024])
@pytest.mark.parametrize("alphabet", ["01", LETTERS])
def test_it_is_ff1_for_long_codes_too_whose_halves_fill_several_blocks(alphabet, length):
    codes = [(alphabet * length)[place : place + length] for place in range(3)]
    for tweak in (b"", bytes(range(33))):
        check_against_the_standard(alphabet, codes, KEY, tweak)


@pytest.mark.parametrize(
    ("alphabet", "tweak", "code", "expected"),
    [
        (DIGITS, "", "0123456789", "2433477484"),
        (DIGITS, "39383736353433323130", "0123456789", "6124200773"),
        (LETTERS, "3737373770717273373737", "0123456789abcdefghi", "a9tv40mll9kdu509eum"),
    ],
)
def test_the_samples_of_nist_are_met(alphabet, tweak, code, expected):
    assert encrypt_column(KEY, [code], bytes.fromhex(tweak), alphabet=alphabet) == [expected]
    assert decrypt_column(KEY, [expected], bytes.fromhex(tweak), alphabet=alphabet) == [code]


def test_codes_of_many_lengths_and_repeats_stay_in_their_rows():
    codes = ["1234567", "123456789012345678", "1234567", "7654321", "0" * 60]
    sealed = encrypt_column(KEY, codes, b"")
    assert [len(code) for code in sealed] == [len(code) for code in codes]
    assert sealed[0] == sealed[2] != sealed[3]
    assert sealed == [encrypt_column(KEY, [code], b"")[0] for code in codes]
    assert decrypt_column(KEY, sealed, b"") == codes


def test_no_two_codes_share_a_result():
    codes = [f"{n:06}" for n in range(5000)]
    sealed = encrypt_column(KEY, codes, b"")
    assert len(set(sealed)) == 5000
    assert set("".join(sealed)) <= set(DIGITS)


@given(one=tweaks, other=tweaks)
def test_two_columns_with_two_tweaks_have_two_results(one, other):
    codes = [str(10**11 + n) for n in range(3)]
    assert (encrypt_column(KEY, codes, one) == encrypt_column(KEY, codes, other)) == (one == other)


def test_a_column_of_the_same_codes_in_another_order_gives_the_same_results():
    codes = ["1234567", "7654321", "0000000"]
    assert encrypt_column(KEY, codes[::-1], b"") == encrypt_column(KEY, codes, b"")[::-1]


def test_no_codes_give_no_codes():
    assert encrypt_column(KEY, [], b"") == []


@pytest.mark.parametrize(
    ("alphabet", "least"), [("01", 20), (DIGITS, 6), (LETTERS, 4), ("".join(map(chr, range(1000))), 2)]
)
def test_codes_of_fewer_than_a_million_are_refused_with_the_row(alphabet, least):
    good, short = alphabet[1] * least, alphabet[1] * (least - 1)
    assert len(encrypt_column(KEY, [good], b"", alphabet=alphabet)[0]) == least
    for change in (encrypt_column, decrypt_column):
        with pytest.raises(InvalidInput) as told:
            change(KEY, [good, short, short], b"", alphabet=alphabet)
        assert told.value.public == {"row": 2, "length": least - 1, "radix": len(alphabet)}
        assert "fewer than a million" in str(told.value)


@pytest.mark.parametrize("code", ["", "1"])
def test_no_alphabet_is_large_enough_for_codes_of_one_character(code):
    with pytest.raises(InvalidInput, match="too short"):
        encrypt_column(KEY, [code], b"")


@pytest.mark.parametrize("code", ["12345678x", "１２３４５６７８", " 12345678", "-12345678", "1234_5678"])
def test_a_code_with_characters_outside_the_alphabet_is_refused_by_its_row_alone(code):
    with pytest.raises(InvalidInput) as told:
        encrypt_column(KEY, ["123456789", code], b"")
    assert told.value.public == {"row": 2}
    assert code not in str(told.value)


@pytest.mark.parametrize("alphabet", ["", "0", "0120", "".join(map(chr, range(0x10000, 0x20001)))])
def test_an_alphabet_that_repeats_or_is_too_small_or_too_large_is_refused(alphabet):
    with pytest.raises(InvalidInput) as told:
        encrypt_column(KEY, [alphabet[:1] * 30], b"", alphabet=alphabet)
    assert told.value.code == "crypto.alphabet"


def test_the_largest_alphabet_is_taken():
    alphabet = "".join(map(chr, range(0x10000, 0x20000)))
    assert len(alphabet) == 1 << 16
    [sealed] = encrypt_column(KEY, [alphabet[:3]], b"", alphabet=alphabet)
    assert decrypt_column(KEY, [sealed], b"", alphabet=alphabet) == [alphabet[:3]]


def test_a_key_that_aes_does_not_take_is_refused():
    with pytest.raises(ValueError, match="key size"):
        encrypt_column(bytes(15), ["1234567"], b"")


def test_a_half_of_one_byte_and_a_bit_takes_two_bytes():
    """257 - 1 = 2**8: where the width of a half in bytes turns."""
    first, second = written_out(KEY, [255, 256], b"tweak", 257)
    assert ff1.permute(KEY, b"tweak", 257, 2, [(255, 256)]) == [(first, second)]
    assert ff1.unpermute(KEY, b"tweak", 257, 2, [(first, second)]) == [(255, 256)]
