"""Draw a released graph: entities on a circle, a line per pair, the thicker the more patients. Post-processing alone.

The largest figures only, so that it can be read; the files of triples hold them all.
"""

import math

from confide.charts.shapes import COLOURS, LINE, SOFT, label, path, shortened, svg
from confide.types import Json

MOST_NODES, MOST_EDGES = 30, 60
_SIZE, _RADIUS, _MARGIN = 620.0, 180.0, 120.0


def graph_svg(release: Json) -> str:
    """Return the picture of a release of `confide.tasks.mapped`, as a file of its own."""
    edges = release["edges"][:MOST_EDGES]
    wanted = [
        *(place for edge in edges for place in (edge["from"], edge["to"])),
        *range(len(release["nodes"])),
    ]
    shown = sorted(
        list(dict.fromkeys(wanted))[:MOST_NODES], key=lambda at: (release["nodes"][at]["type"], at)
    )
    types = sorted({release["nodes"][at]["type"] for at in shown})
    turn = {at: 2 * math.pi * place / max(1, len(shown)) for place, at in enumerate(shown)}
    middle = _SIZE / 2

    def spot(at: int, radius: float) -> tuple[float, float]:
        return middle + radius * math.cos(turn[at]), middle + radius * math.sin(turn[at])

    body = []
    most = max((edge["patients"] for edge in edges), default=1)
    for edge in edges:
        if edge["from"] in turn and edge["to"] in turn:
            (x1, y1), (x2, y2) = spot(edge["from"], _RADIUS), spot(edge["to"], _RADIUS)
            bend = f"M{x1:.1f} {y1:.1f}Q{middle:.1f} {middle:.1f} {x2:.1f} {y2:.1f}"
            body.append(
                path(
                    bend,
                    stroke=SOFT if edge["patients"] * 2 > most else LINE,
                    width=1 + 5 * edge["patients"] / most,
                )
            )
    for at in shown:
        node, (x, y), (left, base) = release["nodes"][at], spot(at, _RADIUS), spot(at, _RADIUS + 12)
        colour = COLOURS[types.index(node["type"]) % len(COLOURS)]
        body.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour}"/>')
        count = "" if node["patients"] is None else f" {node['patients']}"
        anchor = "start" if math.cos(turn[at]) >= 0 else "end"
        body.append(label(left, base + 4, shortened(node["term"], _MARGIN - 30) + count, anchor=anchor))
    for place, name in enumerate(types):
        body.append(label(10, 20 + 16 * place, name, fill=COLOURS[place % len(COLOURS)]))
    title = f"{release['name']}, ε = {release['epsilon']:g}"
    return svg(_SIZE, _SIZE, body, title=title, alone=True)
