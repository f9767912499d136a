"""Where real data lie, beside the project; tests that need them skip where they are not."""

from pathlib import Path

SHARED = Path(__file__).parents[2] / "shared"
