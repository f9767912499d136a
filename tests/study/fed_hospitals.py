"""The invented hospitals of the demo, played by threads of this process: a hub and sites with vault, ledger and assent each."""

import contextlib
import threading
import time

from confide.demo.federation import HUB, SITES
from confide.demo.walk import institution
from confide.ledger.home import home, open_ledger
from confide.study import assent
from confide.study.hosting import host
from confide.study.joining import join, site_folder
from confide.study.keys import vault_folder
from confide.study.places import HOME, Way, line_to, lines_at
from confide.study.workplace import open_workplace
from confide.vault.boxes import signing_key
from confide.vault.vault import open_vault

LOCK = threading.Lock()  # which institution is at home is a matter of the whole process


def approve_all(made, agreed):
    """Have the officer of each hospital approve what the file says now."""
    for name in SITES:
        with institution(made / name / HOME), open_ledger(home()) as ledger:
            assent.give(ledger, agreed, heard=agreed.digest())


def play_here(made, agreed, source, *, base=None, then=lambda place: None):
    """Have all approve, play hub and sites; return what the hub signed, and what `then` made of each site's place."""
    approve_all(made, agreed)
    with institution(made / HUB / HOME):
        secret = (made / HUB / "passphrase.txt").read_text().strip()
        key = signing_key(open_vault(vault_folder(), passphrase=secret))
    done = {}

    def site(name):
        with contextlib.ExitStack() as stack:
            with LOCK, institution(made / name / HOME):
                place = stack.enter_context(open_workplace(made / name))
            line = line_to(agreed, Way(), site_folder(made / name, agreed))
            joined = join(place, agreed, source, line, base=base)
            done[name] = joined, then(place)

    sites = [threading.Thread(target=site, args=(name,), daemon=True) for name in SITES]
    for each in sites:
        each.start()
    signed = host(made / HUB, agreed, key, lines_at(agreed, Way(), made / HUB), wait=60.0)
    until = time.monotonic() + 30
    for each in sites:
        each.join(max(0.0, until - time.monotonic()))
    assert {name: joined.has_model for name, (joined, _) in done.items()} == dict.fromkeys(SITES, True)
    return signed, {name: made_of for name, (_, made_of) in done.items()}
