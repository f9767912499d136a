"""Write a release of statistics as CSV: one row per cell, each measure with its interval."""

import csv
import io

from confide.study.outgoing import Output
from confide.types import Json


def statistics_output(release: Json) -> Output:
    """Return the file that leaves for one release of statistics."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    n_keys = len(release["by"])  # the release comes from the ledger, where keys are sorted and lists are not
    keys, measures = release["columns"][:n_keys], release["columns"][n_keys:]
    header = [column for measure in measures for column in (measure, f"{measure} low", f"{measure} high")]
    writer.writerow([*keys, *header])
    for row in release["rows"]:
        cells = [row[measure][part] for measure in measures for part in ("value", "low", "high")]
        writer.writerow([*(row[key] for key in keys), *cells])
    content = text.getvalue().encode()
    return Output(
        file=f"statistics/{release['name']}.csv",
        kind="statistics",
        status="dp",
        rows=len(release["rows"]),
        records=[(None, content)],
    )
