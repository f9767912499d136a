"""An invented number is nobody's: none of the numbers of the people in the records."""

from dataclasses import dataclass, field

from confide.deid.deidentify import Deidentifier


@dataclass(frozen=True)
class Note:
    id: str
    patient: str
    text: str
    fields: dict = field(default_factory=dict)


def surrogate(number, taken):
    deid = Deidentifier(policy="gbt37964-research", key=bytes(32), language="en", taken=taken)
    [note] = deid.patient([Note("n", "p", f"MRN: {number}")], {"record-number": (number,)})
    return note.text.removeprefix("MRN: ")


def test_an_invented_number_never_equals_one_of_another_patient():
    first = surrogate("471189", ())
    assert first != "471189"
    second = surrogate("471189", (first,))
    assert second not in ("471189", first)


def test_where_every_number_is_taken_a_tag_stands_instead():
    everything = [f"{n:04d}" for n in range(10_000)]
    assert not surrogate("4711", everything).isdigit()


def test_no_invented_number_holds_somebodys_number_as_a_piece_of_its_own():
    first = surrogate("v126-1", ())
    letters = first.rsplit("-", 1)[0]
    assert surrogate("v126-1", {letters.upper()}) not in (first, "v126-1")
    assert surrogate("v126-1", {first}) != first
    assert surrogate("v126-1", {letters[:-1]}) == first  # inside a longer word, it is nobody's
