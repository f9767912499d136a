"""Hide the middle of a value, as hospitals write it: 张*, 138****1234. Knows no policy."""

from confide.deid.classes import NAME_CLASSES


def mask(kind: str, value: str) -> str:
    """Hide the middle of a value.

    >>> mask("name", "张伟"), mask("phone", "13800138000"), mask("resident-id", "11010519491231002X")
    ('张*', '138****8000', '1****************X')
    """
    if kind in NAME_CLASSES:
        return "".join(
            c if i == 0 or not c.isalnum() or (c.isascii() and not value[i - 1].isalnum()) else "*"
            for i, c in enumerate(value)
        )
    places = [i for i, c in enumerate(value) if c.isalnum()]
    n = len(places)
    front, back = (
        (3, 4) if kind == "phone" and n >= 11 else (0, 2) if kind == "phone" else (1, 1) if n >= 8 else (0, 0)
    )
    hidden = set(places[front : n - back])
    return "".join("*" if i in hidden else c for i, c in enumerate(value))
