"""Images are read as they are written, whose they are comes first, and foreign bytes are refused in one sentence."""

import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.errors import InvalidInput
from confide.records.images import load_images, read_stack_table, without_images
from confide.records.patients import Crosswalk, read_crosswalk
from confide.records.png import read_grey_png
from confide.records.section import SourceSection
from confide.stats.png import grey_png

STACKS = SourceSection(name="chest", kind="images", path="raw/*.npz")
FOLDER = SourceSection(name="chest", kind="images", path="raw/chest/*.png", index="raw/chest.csv")
NOBODY = Crosswalk()


def npz(**arrays):
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def pixels(n, height=4, width=6, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, height, width), dtype=np.uint8)


def png(image, kinds):
    """Write a PNG whose lines have these filters, as the specification says and not as the reader undoes them."""
    height, width = image.shape
    wide = np.zeros((height + 1, width + 1), dtype=int)
    wide[1:, 1:] = image
    left, up, corner = wide[1:, :-1], wide[:-1, 1:], wide[:-1, :-1]

    def paeth(a, b, c):
        guess = a + b - c
        return min((abs(guess - a), 0, a), (abs(guess - b), 1, b), (abs(guess - c), 2, c))[2]

    lines = b""
    for row, kind in enumerate(kinds):
        guesses = [
            (0, a, b, (a + b) // 2, paeth(a, b, c))[kind]
            for a, b, c in zip(left[row], up[row], corner[row], strict=True)
        ]
        lines += bytes([kind]) + bytes(
            (int(x) - int(g)) % 256 for x, g in zip(image[row], guesses, strict=True)
        )
    return packed(width, height, lines)


def packed(width, height, lines, settings=(8, 0, 0, 0, 0), cut=0):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, *settings)
    body = zlib.compress(lines)
    whole = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return whole + chunk(b"IDAT", body[: len(body) - cut]) + chunk(b"IEND", b"")


@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 2**32), st.data())
@settings(deadline=None, max_examples=80)
def test_every_filter_of_png_is_undone(height, width, seed, data):
    image = pixels(1, height, width, seed)[0]
    kinds = data.draw(st.lists(st.integers(0, 4), min_size=height, max_size=height))
    assert (read_grey_png(png(image, kinds)) == image).all()
    assert (read_grey_png(grey_png(image)) == image).all()


def test_what_another_program_writes_is_read_as_that_program_reads_it():
    pillow = pytest.importorskip("PIL.Image")
    smooth = (np.add.outer(np.arange(80), np.arange(70)) + pixels(1, 80, 70)[0] % 9).astype(np.uint8)
    out = io.BytesIO()
    pillow.fromarray(smooth).save(out, format="PNG", optimize=True)
    assert (read_grey_png(out.getvalue()) == smooth).all()


@given(st.binary(max_size=200), st.integers(0, 10**6))
@settings(max_examples=200)
def test_whatever_the_bytes_are_they_are_an_image_or_no_image(data, at):
    good = bytearray(png(pixels(1)[0], [4] * 4))
    good[at % len(good)] ^= 1 + at % 255
    for foreign in (data, b"\x89PNG\r\n\x1a\n" + data, bytes(good), packed(6, 4, data)):
        with pytest.raises(ValueError, match=r".+"):
            read_grey_png(foreign)


@pytest.mark.parametrize(
    "foreign",
    [
        packed(6, 4, bytes(28), (16, 0, 0, 0, 0)), packed(6, 4, bytes(28), (8, 2, 0, 0, 0)),
        packed(6, 4, bytes(28), (8, 0, 0, 0, 1)), packed(6, 4, bytes(27)), packed(6, 4, bytes(29)),
        packed(6, 4, b"\x05" + bytes(27)), packed(10**9, 10**9, bytes(28)), packed(6, 4, bytes(28), cut=3),
        packed(6, 4, bytes(10**6)), packed(0, 0, b""),
    ],
)  # fmt: skip
def test_another_kind_or_size_of_png_is_refused(foreign):
    with pytest.raises(ValueError, match=r".+"):
        read_grey_png(foreign)


def stacks(**changes):
    arrays = {
        "train_images": pixels(5), "train_labels": np.array([[0], [1], [1], [0], [1]], dtype=np.uint8),
        "train_patient_id": np.array(["a", "b", "b", "c", "d"]),
        "val_images": pixels(2, seed=1), "val_labels": np.array([[1], [0]], dtype=np.uint8),
        "val_patient_id": np.array(["e", "a"]),
    }  # fmt: skip
    return arrays | changes


def loaded(section, files, **told):
    return load_images(section, files, **({"patient": "patient_id"} | told))


def test_stacks_are_read_in_order_each_image_with_its_patient_and_its_columns():
    found = loaded(STACKS, [("raw/a.npz", npz(**stacks()))])
    assert (found.pixels == np.concatenate([pixels(5), pixels(2, seed=1)])).all()
    assert found.frame["_patient"].to_list() == ["a", "b", "b", "c", "d", "e", "a"]
    assert found.frame["labels"].to_list() == [0, 1, 1, 0, 1, 1, 0]
    assert found.frame["_row"].to_list() == [1, 2, 3, 4, 5, 6, 7]
    assert "a" not in repr(found).replace("Images", "").replace("array", "")


def test_images_of_who_opted_out_under_any_id_are_gone():
    crosswalk = read_crosswalk(b"id,patient\nold-b,b\n", "ids.csv")
    told = {"optout": {"old-b"}, "crosswalk": crosswalk}
    found = loaded(STACKS, [("raw/a.npz", npz(**stacks()))], **told)
    assert found.frame["_patient"].to_list() == ["a", "c", "d", "e", "a"]
    assert (found.pixels == np.concatenate([pixels(5)[[0, 3, 4]], pixels(2, seed=1)])).all()
    found = loaded(STACKS, [("raw/a.npz", npz(**stacks()))], consented={"d"})
    assert (found.pixels == pixels(5)[[4]]).all()


def folder(n=3, **changes):
    files = {f"raw/chest/{k}.png": grey_png(pixels(n)[k]) for k in range(n)}
    rows = [f"chest/{k}.png,p{k},{'well' if k else 'ill'}" for k in range(n)]
    files["raw/chest.csv"] = "\n".join(["file,patient_id,finding", *rows]).encode()
    return list((files | changes).items())


def test_a_folder_is_read_by_its_table():
    found = loaded(FOLDER, folder())
    assert (found.pixels == pixels(3)).all()
    assert found.frame["finding"].to_list() == ["ill", "well", "well"]


def test_an_image_of_who_opted_out_is_not_even_decoded():
    files = folder(**{"raw/chest/1.png": b"broken"})
    found = loaded(FOLDER, files, optout={"p1"})
    assert (found.pixels == pixels(3)[[0, 2]]).all()
    with pytest.raises(InvalidInput) as refused:
        loaded(FOLDER, files)
    assert refused.value.code == "records.image-not-grey"
    assert "1.png" not in str(refused.value)
    assert "rows name" in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"raw/chest.csv": b"file,patient_id\nchest/0.png,a\nchest/1.png,b\n"}, "image-of-nobody"),
        ({"raw/chest.csv": b"file,patient_id\n" + b"".join(b"chest/%d.png,a\n" % k for k in range(4))}, "image-absent"),
        ({"raw/chest.csv": b"file,patient_id\n" + b"chest/0.png,a\n" * 2}, "image-twice"),
        ({"raw/chest.csv": b"file,patient_id\n,a\n"}, "image-unnamed"),
        ({"raw/chest.csv": b"image,patient_id\nchest/0.png,a\n"}, "no-column"),
        ({"raw/chest/2.png": grey_png(pixels(1, 5, 6)[0])}, "image-sizes"),
        ({"raw/chest.csv": b"file,patient_id,_image\nchest/0.png,a,1\n"}, "reserved-column"),
        ({"raw/chest.csv": b"file,who\n" + b"".join(b"chest/%d.png,a\n" % k for k in range(3))}, "images-of-nobody"),
    ],
)  # fmt: skip
def test_a_table_that_does_not_fit_its_images_is_refused(changes, code):
    with pytest.raises(InvalidInput) as refused:
        loaded(FOLDER, folder(**changes))
    assert refused.value.code == f"records.{code}"


def huge(images=99_999_999_999, behind=9):
    """An array that says it has so many images, and has so many bytes."""
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (%d, 28, 28), }" % images
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(behind)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("images.npy", content)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"no zip", npz(images=pixels(2))[:-9], huge(), huge(1, 785), npz(images=np.array([None, {}], dtype=object)),
        npz(images=pixels(2).astype(np.float64)), npz(images=pixels(2)[0]), npz(pictures=pixels(2)),
        npz(images=np.zeros((2, 4, 6, 3), dtype=np.uint8)), npz(images=np.zeros((2, 0, 6), dtype=np.uint8)),
        npz(**stacks(train_labels=np.zeros(4))), npz(**stacks(other=np.zeros(5))),
        npz(**stacks(val_images=pixels(2, 5, 6))), npz(**{k: v for k, v in stacks().items() if k != "val_labels"}),
        npz(**stacks(train_labels=np.zeros(5, dtype=complex))), npz(images=pixels(2)),
        npz(**stacks(train_patient_id=np.array(["a", "b", "b", "", "d"]))), npz(**stacks(train__row=np.zeros(5), val__row=np.zeros(2))),
    ],
)  # fmt: skip
def test_a_stack_that_is_none_is_refused_in_one_sentence(data):
    with pytest.raises(InvalidInput):
        loaded(STACKS, [("raw/a.npz", data)])
    if data in (huge(), huge(1, 785)):  # not only for want of patients
        with pytest.raises(InvalidInput) as refused:
            loaded(STACKS, [("raw/a.npz", data)], unit="row")
        assert refused.value.code == "records.unreadable"


def test_images_of_nobody_are_read_only_where_each_row_is_protected_by_itself_and_no_list_is_kept():
    files = [("raw/a.npz", npz(train_images=pixels(3), train_labels=np.zeros((3, 1), dtype=np.uint8)))]
    assert loaded(STACKS, files, unit="row").frame["_patient"].n_unique() == 3
    for told in (
        {},
        {"unit": "row", "optout": {"x"}},
        {"unit": "row", "consented": frozenset()},
        {"unit": "row", "crosswalk": NOBODY},
    ):
        with pytest.raises(InvalidInput) as refused:
            loaded(STACKS, files, **told)
        assert refused.value.code == "records.images-of-nobody"


def test_a_stack_without_some_images_is_otherwise_as_it_was_and_always_the_same_bytes():
    data = npz(**stacks())
    left = without_images(data, "a.npz", {2, 3, 7})
    assert left == without_images(data, "a.npz", {2, 3, 7})
    assert read_stack_table(left, "a.npz")["patient_id"].to_list() == ["a", "c", "d", "e"]
    with np.load(io.BytesIO(left)) as arrays:
        assert (arrays["train_images"] == pixels(5)[[0, 3, 4]]).all()
        assert (arrays["val_labels"] == [[1]]).all()


@pytest.mark.parametrize(
    "fields",
    [
        {"path": "a.jpg"}, {"path": "a.png"}, {"path": "a.npz", "index": "a.csv"}, {"path": "a.png", "index": "../a.csv"},
        {"path": "a.npz", "text": "note"}, {"path": "a.csv", "kind": "table", "index": "b.csv"}, {"path": "a.png", "index": ""},
    ],
)  # fmt: skip
def test_a_section_of_images_that_could_not_be_read_is_refused(fields):
    with pytest.raises(InvalidInput):
        SourceSection(**{"name": "chest", "kind": "images"} | fields)
