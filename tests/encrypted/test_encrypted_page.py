"""The Python of the pages on encrypted computation runs as it stands, in both languages."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["encrypted.md", "encrypted.zh-CN.md"])
def test_the_python_of_the_page_on_encrypted_computation_runs(page):
    found = re.findall(
        r"^```python\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert found
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(found)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
