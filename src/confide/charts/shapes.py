"""The few elements of SVG that our charts use, with the arithmetic of axes and of text that must fit.

Guarantee: every text is escaped; no element runs a script, fetches anything or names a font that must be there.
"""

import html
import math
import re
from collections.abc import Iterable

INK, SOFT, LINE, PAPER = "#1c2530", "#525d6b", "#d5dbe2", "#ffffff"
# Okabe and Ito 2008, "Color Universal Design": told apart by every common kind of colour vision. Each with a dash.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#AA4499")
DASHES = ("", "7 3", "2 2.5", "8 3 2 3")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def written(text: str) -> str:
    r"""Return a text as it may stand in XML and in HTML.

    >>> written('a < "b"\x00')
    'a &lt; &quot;b&quot;�'
    """
    return html.escape(_FORBIDDEN.sub("\ufffd", text))


def label(
    x: float, y: float, text: str, *, size: int = 12, fill: str = INK, anchor: str = "start", more: str = ""
) -> str:
    """Return one line of text."""
    place = f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}"{more}>'
    return f"{place}{written(text)}</text>"


def path(d: str, *, stroke: str = INK, width: float = 1, more: str = "") -> str:
    """Return a line that is not filled."""
    return f'<path d="{d}" stroke="{stroke}" stroke-width="{width:g}" fill="none"{more}/>'


def svg(width: float, height: float, body: Iterable[str], *, title: str, alone: bool) -> str:
    """Return a picture, white behind.

    Args:
        width: of the drawing, in CSS pixels; it shrinks with a narrow page and is never blown up.
        height: of the drawing.
        body: its elements.
        title: what a screen reader says.
        alone: whether it is a file of its own; a part of an HTML page names no address.
    """
    space = ' xmlns="http://www.w3.org/2000/svg"' if alone else ""
    return (
        f'<svg{space} viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="img"'
        f' style="max-width:100%;height:auto" font-family="sans-serif"><title>{written(title)}</title>'
        f'<rect width="{width:g}" height="{height:g}" fill="{PAPER}"/>{"".join(body)}</svg>'
    )


def width_of(text: str, size: int = 12) -> float:
    """Return about how wide a text is: Chinese characters are square."""
    return sum(size * (1.0 if ord(each) >= 0x2E80 else 0.58) for each in text)


def shortened(text: str, room: float, size: int = 12) -> str:
    """Return the text, its end cut off where it is wider than `room`.

    >>> shortened("cardiology", 50), shortened("心血管内科", 50), shortened("ENT", 50)
    ('cardio…', '心血管…', 'ENT')
    """
    if width_of(text, size) <= room:
        return text
    while text and width_of(text + "…", size) > room:
        text = text[:-1]
    return text + "…"


def lines_of(text: str, room: float, size: int = 12) -> list[str]:
    """Break a text into lines that fit; between words, and anywhere between Chinese characters."""
    lines = [""]
    for word in re.findall(r"[^\s\u2e80-\uffef]+\s*|[\u2e80-\uffef]\s*|\s+", text):
        if lines[-1] and width_of(lines[-1] + word.rstrip(), size) > room:
            lines.append("")
        lines[-1] += word
    return [line.strip() for line in lines]


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return round numbers from `low` on to `high`, at most `most` of them.

    >>> ticks(0, 1234), ticks(0.91, 0.98, 3)
    ([0.0, 250.0, 500.0, 750.0, 1000.0], [0.925, 0.95, 0.975])
    """
    wide = (high - low) / most
    power = 10.0 ** math.floor(math.log10(wide))
    for step in (power, 2 * power, 2.5 * power, 5 * power, 10 * power, 20 * power):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [float(f"{k * step:.12g}") for k in range(first, last + 1)]
    return []


def number(value: float, half: float | None = None) -> str:
    """Return a number with as many digits as its half interval is worth, at least none behind the point.

    >>> number(1234.56, 20), number(0.12345, 0.03), number(-3.0), number(2.5e9)
    ('1,235', '0.123', '−3', '2.5e+09')
    """
    if value != 0 and not 1e-4 <= abs(value) < 1e9:
        return f"{value:.2g}".replace("-", "−")
    if half is not None and half > 0:
        text = f"{value:,.{min(max(1 - math.floor(math.log10(half)), 0), 6)}f}"
    else:
        text = f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    return text.replace("-", "−")
