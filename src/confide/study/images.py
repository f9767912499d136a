"""Hand a study's images to plans, and write a release of images: as a table, as pictures, as files that leave.

Guarantee: an image of somebody who opted out is not among those that are handed out; what is written is a function of
the release alone.
"""

import base64
import hashlib
import json
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.engines.polars import read_text
from confide.records.images import Images
from confide.stats.images import ImagePlan, ImageStack
from confide.stats.images_section import ALL
from confide.stats.png import grey_png
from confide.study.outgoing import Output
from confide.types import Json

NUMBER, LEVELS = "images", "grey_levels(level)"  # what a release of images measures, as a table says it
_WIDE = 224  # pixels that a picture is enlarged to, about
_GAP = 1  # pixels between two images of a picture, before it is enlarged


def stack_of(images: Images, units: pl.DataFrame, by: str) -> ImageStack:
    """Return the images of a source with whose each is and its group, as plans take them.

    Args:
        images: of the source.
        units: its rows with what the study protects as `_patient` (`Records.units`).
        by: the column of the groups; none where all are one.
    """
    groups = read_text(images.frame[by]).to_list() if by else [ALL] * len(images)
    return ImageStack(
        pixels=images.pixels, patients=units["_patient"].cast(pl.String).to_list(), groups=groups
    )


def pixel_texts(pixels: NDArray[np.uint8]) -> pl.Series:
    """Return what tells images apart where each row is protected by itself: digests of them, which stay in memory."""
    texts = [hashlib.blake2b(each.tobytes(), digest_size=32).hexdigest() for each in pixels]
    return pl.Series("_pixels", texts, dtype=pl.String)


def as_table(plan: ImagePlan, release: Json) -> Json:
    """Return a release of images in the form of a table of statistics, with the mean images as pictures beside it."""
    keys = {plan.by: list(plan.groups)} if plan.by else {}
    measures = [NUMBER] + ([LEVELS] if plan.edges else [])
    rows, pictures = list[Json](), list[Json]()
    for row in release["rows"]:
        figures = {NUMBER: row["images"]} | ({LEVELS: row["histogram"]} if plan.edges else {})
        rows.append(dict.fromkeys(keys, row["group"]) | figures)
        if plan.mean:
            said = row["mean"] is not None
            png = base64.b64encode(grey_png(_pixels(row["mean"]))).decode() if said else None
            pictures.append({"group": row["group"], "half_width": row["half_width"], "png": png})
    public = ("name", "source", "epsilon", "delta", "confidence", "relation")
    notes: list[Json] = [{"key": "images.note-weights", "max_rows": plan.max_images}]
    return {
        **{key: release[key] for key in public},
        "kind": "images",
        "by": keys,
        "columns": [*keys, *measures],
        "rows": rows,
        "max_rows": plan.max_images,
        "notes": notes + ([{"key": "images.note-pixels"}] if plan.mean else []),
        "pictures": pictures,
    }


def expected_error(plan: ImagePlan, images: int = 1000) -> dict[str, float]:
    """Return half the width of the 95 % interval of each measure, before anything is paid; see `StatsPlan.expected_error`."""
    shares = plan.expected_share_error(images) if plan.edges else None
    return {NUMBER: plan.count_error()} | ({LEVELS: 0.5 if shares is None else shares} if plan.edges else {})


def other_files(plan: ImagePlan, release: Json) -> list[Output]:
    """Return the release with all its figures, and its mean images side by side, in the order of the groups."""
    content = json.dumps(release, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"
    files = [("json", content)]
    if plan.mean:
        files.append(("png", _side_by_side(plan, release)))
    return [
        Output(
            file=f"statistics/{plan.name}.{suffix}",
            kind="statistics",
            status="dp",
            rows=len(plan.groups),
            records=[(None, each)],
        )
        for suffix, each in files
    ]


def _side_by_side(plan: ImagePlan, release: Json) -> bytes:
    """Draw the mean images in one row; a chequered one stands where the noise lets none be said."""
    height, width = plan.size
    chequered = (np.indices((height, width)).sum(axis=0) % 2 * 255).astype(np.uint8)
    between = np.full((height, _GAP), 255, dtype=np.uint8)
    parts = list[NDArray[np.uint8]]()
    for row in release["rows"]:
        parts += [between, chequered if row["mean"] is None else _pixels(row["mean"])]
    return grey_png(np.concatenate(parts[1:], axis=1), enlarge=max(1, _WIDE // max(height, width)))


def _pixels(mean: Any) -> NDArray[np.uint8]:
    return np.rint(np.asarray(mean, dtype=np.float64)).astype(np.uint8)
