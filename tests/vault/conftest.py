"""A vault whose passphrase is cheap to try: the cost of a guess is passed in, as a test may."""

import pytest
from passphrase import PASSPHRASE

from confide.vault.custody import Cost
from confide.vault.vault import create_vault


@pytest.fixture
def cheap():
    return Cost(memory_kib=64, passes=1, lanes=1)


@pytest.fixture
def vault(tmp_path, cheap):
    made, _ = create_vault(tmp_path / "vault", PASSPHRASE, cost=cheap)
    return made


@pytest.fixture
def original(tmp_path):
    path = tmp_path / "notes.jsonl"
    path.write_bytes(b'{"note": "made up"}\n' * 60_000)  # 1.2 MB: two segments
    return path
