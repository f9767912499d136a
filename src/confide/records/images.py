"""Read a source of grey images: stacks in .npz files, or a folder of .png files with a table that says whose each is.

Guarantee: as of `confide.records.load`, whose image it is comes first; images of those who opted out are never decoded.
What stays are 8-bit grey images of one size, or the source is refused. Names of files may hold patient ids: a refusal
names rows of the table. Nothing is unpickled, and a file that claims to unpack to gigabytes is refused unread.
"""

import io
import zipfile
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.errors import InvalidInput
from confide.records.checks import check_columns, check_rows
from confide.records.columns import refuse_rows, typed
from confide.records.load import one_table
from confide.records.naming import checked_names
from confide.records.patients import Crosswalk, assign_patients, columns_of, refuse_two_patients
from confide.records.png import LARGEST_SIDE, read_grey_png
from confide.records.section import SourceSection
from confide.records.tables import plain_cells, read_cells

FILE_COLUMNS = ("file", "文件")  # of the table beside a folder of images
STACK = "images"  # the array of pixels in an .npz, such as `images` or `train_images`
LARGEST_STACK = 1 << 33  # bytes of an .npz, unpacked
_BROKEN = (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, RuntimeError)

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Images:
    """The usable images of a source. Patient data: never printed.

    `frame` has one row per image, in the order of `pixels`: the columns of the source with `_patient`, `_row`, `_file`.
    """

    frame: pl.DataFrame = field(repr=False)
    pixels: Pixels = field(repr=False)  # shape (images, height, width)

    def __len__(self) -> int:
        return len(self.pixels)

    def of(self, keep: pl.Expr) -> "Images":
        """Return the images for which `keep` holds."""
        kept = self.frame.select(keep).to_series()
        return Images(self.frame.filter(kept), self.pixels[kept.to_numpy()])


def load_images(
    section: SourceSection,
    files: Iterable[tuple[str, bytes]],
    *,
    patient: str | None = None,
    crosswalk: Crosswalk | None = None,
    optout: Collection[str] = (),
    consented: Collection[str] | None = None,
    unit: str = "patient",
    text: Collection[str] = (),
) -> Images:
    """Return the usable images of a source; arguments as of `confide.records.load.load_table`.

    Args:
        section: what the study says about the source; `kind` is "images".
        files: name relative to the study folder and whole content.
        patient: the patient column of the study, for a section that names none.
        crosswalk: joins several ids of one person.
        optout: any id of those who opted out.
        consented: any id of those who agreed; None if no list is kept.
        unit: with "row", an .npz may have no patients: each image is then one of its own, and no list can be kept to.
        text: columns to return as they were read.

    Raises:
        InvalidInput: one sentence with file and rows; never a cell, never the name of an image.
    """
    ordered = sorted(files)
    if not ordered or (section.index is not None and section.index not in dict(ordered)):
        raise InvalidInput("records.no-files", source=section.name, path=section.index or section.path)
    if section.index is None:
        stacks = [_npz(data, name) for name, data in ordered]
        rows = one_table([(name, frame) for (name, _), (frame, _) in zip(ordered, stacks, strict=True)])
    else:
        rows = one_table([(section.index, read_cells(dict(ordered)[section.index], section.index))])
        rows = with_names(rows, section.index)
    first = section.index or ordered[0][0]
    check_columns(rows, section, first)
    column = section.patient or patient
    if column is None or (section.patient is None and column not in rows.columns):
        if unit != "row" or optout or consented is not None or crosswalk is not None:
            raise InvalidInput("records.images-of-nobody", source=section.name, column=column or "patient")
        column = None
    usable = assign_patients(
        rows.with_row_index("_image"), column, file=first, crosswalk=crosswalk, optout=optout, consented=consented
    )  # fmt: skip
    kept = usable["_image"].to_numpy()
    pixels = _stacked([stack for _, stack in stacks], kept, section) if section.index is None else (
        _decoded(usable, {name: data for name, data in ordered if name != section.index}, rows, section)
    )  # fmt: skip
    usable = usable.drop("_image", "_image_file", strict=False)
    table = typed(usable, section.name, text=section.text_columns | ({column} if column else set()))
    check_rows(table, section, section.name)
    if column is not None:
        refuse_two_patients(table, section.identifiers, section.name)
    return Images(table.with_columns(usable[name] for name in text if name in usable.columns), pixels)


def with_names(table: pl.DataFrame, index: str) -> pl.DataFrame:
    """Return the table beside a folder of images with `_image_file`: the image's name relative to the study folder.

    Raises:
        InvalidInput: no column names files, a row names none, or two rows name the same one.
    """
    column = next((name for name in FILE_COLUMNS if name in table.columns), None)
    if column is None:
        raise InvalidInput("records.no-column", file=index, column=FILE_COLUMNS[0], columns=columns_of(table))
    for taken in ("_image", "_image_file"):
        if taken in table.columns:
            raise InvalidInput("records.reserved-column", file=index, column=taken)
    folder = PurePosixPath(index).parent
    names = table[column].cast(pl.String).str.strip_chars().str.replace_all("\\", "/", literal=True)
    full = [None if not name else (folder / name).as_posix() for name in names]
    found = table.with_columns(pl.Series("_image_file", full, dtype=pl.String))
    refuse_rows(found, pl.col("_image_file").is_null(), "records.image-unnamed", index)
    refuse_rows(found, pl.col("_image_file").is_duplicated(), "records.image-twice", index)
    return found


def read_stack_table(data: bytes, file: str) -> pl.DataFrame:
    """Return what an .npz says beside its pixels: a row per image, with `_row` from 1. Raises as `load_images`."""
    return _npz(data, file)[0]


def without_images(data: bytes, file: str, rows: Collection[int]) -> bytes:
    """Return an .npz without the images that `read_stack_table` gives these numbers; all others are as they were.

    The bytes follow from the arguments alone: no time stands in them.

    Raises:
        InvalidInput: the file cannot be read.
    """
    arrays, start, left = _arrays(data, file), 0, dict[str, NDArray[np.generic]]()
    for prefix, columns in _splits(arrays, file).items():
        stack = arrays[prefix + STACK]
        keep = np.array([start + place not in rows for place in range(1, len(stack) + 1)], dtype=np.bool_)
        left |= {name: arrays[name][keep] for name in (prefix + STACK, *columns.values())}
        start += len(stack)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, array in left.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            book.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _decoded(
    usable: pl.DataFrame, pictures: Mapping[str, bytes], rows: pl.DataFrame, section: SourceSection
) -> Pixels:
    """Return the images that the usable rows name; every image must be named by some row, or it is nobody's."""
    index = section.index or ""
    absent = ~pl.col("_image_file").is_in(list(pictures))
    refuse_rows(usable, absent, "records.image-absent", index, path=section.path)
    nobody = pictures.keys() - set(rows["_image_file"])
    if nobody:
        raise InvalidInput("records.image-of-nobody", file=index, count=len(nobody))
    read, broken = list[Pixels](), list[bool]()
    for name in usable["_image_file"]:
        try:
            read.append(read_grey_png(pictures[name]))
            broken.append(False)
        except ValueError:
            broken.append(True)
    refuse_rows(usable, pl.Series(broken, dtype=pl.Boolean), "records.image-not-grey", index)
    if not read:
        return np.zeros((0, 1, 1), dtype=np.uint8)
    other = pl.Series([image.shape != read[0].shape for image in read], dtype=pl.Boolean)
    refuse_rows(usable, other, "records.image-sizes", index)
    return np.stack(read)


def _stacked(stacks: Sequence[Sequence[Pixels]], kept: NDArray[np.uint32], section: SourceSection) -> Pixels:
    whole = [part for stack in stacks for part in stack]
    if len({part.shape[1:] for part in whole}) > 1:
        raise InvalidInput("records.image-stack-sizes", source=section.name)
    return np.concatenate(whole)[kept] if len(whole) > 1 else whole[0][kept]


def _npz(data: bytes, file: str) -> tuple[pl.DataFrame, list[Pixels]]:
    """Return the table of an .npz and its stacks of pixels, in the order of the rows."""
    arrays = _arrays(data, file)
    frames, stacks = list[pl.DataFrame](), list[Pixels]()
    for prefix, columns in _splits(arrays, file).items():
        stacks.append(arrays[prefix + STACK].astype(np.uint8, copy=False))
        own = {name: _cells(arrays[whole], name, file) for name, whole in columns.items()}
        frames.append(pl.DataFrame({**own, "": pl.zeros(len(stacks[-1]), dtype=pl.Int8, eager=True)}))
    if any(set(frame.columns) != set(frames[0].columns) for frame in frames):
        raise InvalidInput("records.image-arrays", file=file)
    try:
        table = pl.concat([frame.select(frames[0].columns) for frame in frames], how="vertical_relaxed")
    except pl.exceptions.PolarsError:
        raise InvalidInput("records.image-arrays", file=file) from None
    table = table.drop("")
    checked_names(table.columns, file)
    if "_image" in table.columns:
        raise InvalidInput("records.reserved-column", file=file, column="_image")
    if not sum(map(len, stacks)):
        raise InvalidInput("records.no-rows", file=file)
    if table.width:
        return plain_cells(table, file), stacks
    return pl.DataFrame({"_row": range(1, sum(map(len, stacks)) + 1)}), stacks


def _splits(arrays: Mapping[str, NDArray[np.generic]], file: str) -> dict[str, dict[str, str]]:
    """Return, per stack of pixels, by its prefix (such as `train_`), the arrays that are as long: column -> array.

    Raises:
        InvalidInput: no array is called `images`, one is not 8-bit grey, or an array belongs to none or is of another length.
    """
    prefixes = [name.removesuffix(STACK) for name in arrays if name == STACK or name.endswith(f"_{STACK}")]
    found: dict[str, dict[str, str]] = {prefix: {} for prefix in sorted(prefixes)}
    sides = range(1, LARGEST_SIDE + 1)
    for prefix in prefixes:
        stack = arrays[prefix + STACK]
        if stack.dtype != np.uint8 or stack.ndim != 3 or not all(side in sides for side in stack.shape[1:]):
            raise InvalidInput("records.image-stack", file=file)
    for name, array in arrays.items():
        if name.removesuffix(STACK) in found and name.endswith(STACK):
            continue
        owners = [prefix for prefix in prefixes if name.startswith(prefix)]
        prefix = max(owners, key=len, default="")
        length = len(arrays[prefix + STACK]) if owners else -1
        if array.shape not in ((length,), (length, 1)):
            raise InvalidInput("records.image-arrays", file=file)
        found[prefix][name.removeprefix(prefix)] = name
    if not found:
        raise InvalidInput("records.image-stack", file=file)
    return found


def _cells(array: NDArray[np.generic], name: str, file: str) -> pl.Series:
    """Return an array as a column of texts, whole numbers, numbers or booleans."""
    if array.dtype.kind not in "iufbU":
        raise InvalidInput("records.column-kind", file=file, column=name, found=str(array.dtype.name))
    return pl.Series(name, array.reshape(-1).tolist(), strict=False)


def _arrays(data: bytes, file: str) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of an .npz; what each claims to be is compared with its size before it is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            members = book.infolist()
            if sum(each.file_size for each in members) > LARGEST_STACK:
                raise InvalidInput("records.image-too-large", file=file, most=LARGEST_STACK >> 30)
            return {each.filename.removesuffix(".npy"): _array(book, each) for each in members}
    except (*_BROKEN, NotImplementedError, MemoryError):
        raise InvalidInput("records.unreadable", file=file, kind="NumPy .npz") from None


def _array(book: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[np.generic]:
    with book.open(member) as content:
        version = np.lib.format.read_magic(content)
        header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[
            version
        ]
        shape, _, dtype = header(content)  # a literal: nothing is run
        size = int(np.prod([int(side) for side in shape], dtype=object)) * dtype.itemsize
        if dtype.hasobject or any(side < 0 for side in shape) or size != member.file_size - content.tell():
            raise ValueError("not an array of this size")
    with book.open(member) as content:
        return np.lib.format.read_array(content, allow_pickle=False)
