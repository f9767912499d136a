"""Write a release of statistics as files: a table as CSV and as Parquet, and its picture as SVG and Vega-Lite.

Guarantee: each file is a function of the release and of the language alone; it holds no figure that was not charged.
"""

import csv
import io
import json

from confide.charts.draw import release_svg
from confide.charts.vega import vega_lite
from confide.stats.frame import to_frame
from confide.study.outgoing import Output
from confide.study.pictures import in_words
from confide.types import Json


def statistics_output(release: Json) -> Output:
    """Return the table that leaves for one release of statistics, one row per cell.

    Where a measure gives a list of figures (a histogram, a curve), the table is the long one of `to_frame`.
    """
    n_keys = len(release["by"])  # the release comes from the ledger, where keys are sorted and lists are not
    keys, measures = release["columns"][:n_keys], release["columns"][n_keys:]
    if any("at" in row[measure] for row in release["rows"] for measure in measures):
        return _output(release, "csv", to_frame(release).write_csv().encode())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    header = [column for measure in measures for column in (measure, f"{measure} low", f"{measure} high")]
    writer.writerow([*keys, *header])
    for row in release["rows"]:
        cells = [row[measure][part] for measure in measures for part in ("value", "low", "high")]
        writer.writerow([*(row[key] for key in keys), *cells])
    return _output(release, "csv", text.getvalue().encode())


def other_editions(release: Json) -> list[Output]:
    """Return the same release as Parquet, as a picture, and as a specification of that picture."""
    parquet = io.BytesIO()
    to_frame(release).write_parquet(
        parquet, compression="uncompressed"
    )  # so that the byte search can read it
    spec = json.dumps(vega_lite(release), ensure_ascii=False, separators=(",", ":"))
    return [
        _output(release, "parquet", parquet.getvalue()),
        _output(release, "svg", release_svg(release, titles=in_words).encode()),
        _output(release, "vl.json", spec.encode()),
    ]


def _output(release: Json, suffix: str, content: bytes) -> Output:
    return Output(
        file=f"statistics/{release['name']}.{suffix}",
        kind="statistics",
        status="dp",
        rows=len(release["rows"]),
        records=[(None, content)],
    )
