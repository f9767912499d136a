"""Wait, for a while, for others who hold what one needs.

For what does not wait by itself: SQLite's change to a write-ahead log. Of two that make it at once SQLite refuses one
without waiting, as each holds a reader's lock that the other would wait for; the refused one has let go of it.
"""

import time
from collections.abc import Callable


def once_free(act: Callable[[], object], is_busy: Callable[[Exception], bool], seconds: float) -> None:
    """Do `act`, again and again while it is refused because others are busy.

    Args:
        act: what is to be done.
        is_busy: says of what `act` raised whether it may succeed later.
        seconds: after which its refusal is raised.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            act()
            return
        except Exception as error:
            if not is_busy(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)
