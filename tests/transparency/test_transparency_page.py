"""docs/transparency.md: its commands run, its formats are enough for a second verifier, its figures are those of the code."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import second_verifier
from cryptography.exceptions import InvalidSignature
from hypothesis import given
from hypothesis import strategies as st
from logs import MemoryLog

from confide.crypto.note import cosigned, new_signer, parse_checkpoint, verify_signature
from confide.transparency.proof import prove
from confide.transparency.request import LONGEST_REQUEST
from confide.transparency.serve import _STATUS
from test_docs import ROOT, walk

PAGE = (ROOT / "docs" / "transparency.md").read_text(encoding="utf-8")
NORTH = new_signer("north.example/witness")
LOG = MemoryLog(21)


@pytest.mark.slow
def test_the_walk_of_the_page_runs_and_a_second_verifier_accepts_its_proof(tmp_path):
    keep = '```sh\necho "$LOG" > log; echo "$WITNESS" > witness\n```\n\n'
    before, after = PAGE.split("## Change the log's key")
    done = walk(before + keep + "## Change the log's key" + after, tmp_path)
    assert done.returncode == 0, f"{done.stderr}\n{done.stdout}"
    assert "north.example/witness cosigned the first 3 entries on 20" in done.stdout
    assert "entries that no witness has seen: 1" in done.stdout
    keys = [(tmp_path / name).read_text(encoding="utf-8").strip() for name in ("log", "witness")]
    second = subprocess.run(
        [sys.executable, second_verifier.__file__, tmp_path / "proof.json", *keys],
        capture_output=True,
        text=True,
    )
    assert second.returncode == 0, second.stderr
    assert "inpatients" in second.stdout


@given(
    index=st.integers(0, 20), field=st.sampled_from(["entry", "salt", "sequence", "inclusion", "checkpoint"])
)
def test_a_second_verifier_from_the_page_agrees_on_good_and_bad_proofs(index, field):
    note = cosigned(LOG.checkpoint(), NORTH, 7)
    proof = prove(LOG, index, entry=LOG.entries[index], salt=LOG.salts[index], note=note)
    keys = LOG.signer.verifier.to_text(), [NORTH.cosigner.to_text()]
    assert second_verifier.check(proof, *keys) == (LOG.entries[index], [7])
    other = (index + 1) % 21
    bad = prove(LOG, other, entry=LOG.entries[other], salt=LOG.salts[other], note=LOG.checkpoint_of(21))
    with pytest.raises((ValueError, InvalidSignature, IndexError)):
        second_verifier.check(proof | {field: bad[field]}, *keys)


def test_the_second_verifier_imports_nothing_of_ours():
    assert "confide" not in re.findall(
        r"^(?:from|import) (\w+)", Path(second_verifier.__file__).read_text(encoding="utf-8"), re.MULTILINE
    )


def test_the_example_checkpoint_of_the_page_is_real():
    note = next(block for block in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL) if "\n\n—" in block)
    keys = dict.fromkeys(re.findall(r"^verifier key: (.*)$", PAGE, re.MULTILINE))
    times = [second_verifier.verify_note(note, key) for key in keys]
    assert times[0] == 0
    assert times[1] > 1_700_000_000
    checkpoint = parse_checkpoint(note)
    assert checkpoint.root.hex() in PAGE
    with pytest.raises(Exception, match="stranger"):
        verify_signature(checkpoint, new_signer("stranger").cosigner)


def test_the_numbers_of_the_page_are_those_of_the_code():
    assert f"{LONGEST_REQUEST:,} bytes" in PAGE
    assert all(f" {status} (" in PAGE for status in {400, *_STATUS.values()})


def test_the_proof_has_the_fields_of_the_page():
    proof = prove(LOG, 3, entry=LOG.entries[3], salt=LOG.salts[3], note=LOG.checkpoint())
    named = re.search(r"\*\*Proof\*\* of an entry.*", PAGE).group()
    assert all(f"`{name}`" in named for name in json.loads(json.dumps(proof)))
