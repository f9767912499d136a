"""What the tests of handing over share: two institutions, each with a home, a vault and a ledger."""

from erasing import CHEAP, make_sealed
from small import PASSPHRASE, STUDY

from confide.ledger.home import open_ledger
from confide.study import handover, received
from confide.study.index import read_index
from confide.study.workplace import open_workplace
from confide.vault.boxes import fingerprint, signing_key
from confide.vault.vault import create_vault, open_vault

BASIS = STUDY.replace('optout = "optout.csv"', 'optout = "optout.csv"\nconsented = "agreed.csv"')


class Place:
    """Two institutions: A has a study, B asks for it. Each has a home, a vault and a ledger of its own."""

    def __init__(self, folder, monkeypatch, text=STUDY, before=lambda folder: None):
        self.folder, self.patch = folder, monkeypatch
        self.study, self.into = folder / "study", folder / "b-study"
        self.at("a")
        make_sealed(self.study, text=text, before=before)
        self.at("b")
        create_vault(folder / "home-b" / "vault", PASSPHRASE, cost=CHEAP)
        self.b = open_vault(folder / "home-b" / "vault", passphrase=PASSPHRASE)
        self.a = open_vault(folder / "home-a" / "vault", passphrase=PASSPHRASE)

    def at(self, who):
        self.patch.setenv("CONFIDE_HOME", str(self.folder / f"home-{who}"))
        return (
            open_ledger(self.folder / f"home-{who}")
            if who in "ab" and (self.folder / f"home-{who}").exists()
            else None
        )

    def request(self, name="request.json", **other):
        key = other.get("sender_key", signing_key(self.a).public)
        said = {"institution": "Hospital B", "sender_key": key, "heard": fingerprint(key), "study": "readmission",
                "what": "visits", "why": "a trial", "algorithm": "hpke-x25519"} | other  # fmt: skip
        with self.at("b") as ledger:
            (self.folder / name).write_bytes(received.make_request(self.b, ledger, **said).to_bytes())
        return self.folder / name

    def offer(self, file, sources=("visits", "notes"), basis="public health act", heard=None):
        self.at("a")
        with open_workplace(self.study) as place:
            asked = handover.read_request(file, place.vault)
            heard = fingerprint(signing_key(self.b).public) if heard is None else heard
            return handover.offer(
                place, asked, heard=heard, sources=sources, basis=basis, sender="Hospital A"
            )

    def pack(self, file, offered, name="package"):
        self.at("a")
        with open_workplace(self.study) as place:
            asked = handover.read_request(file, place.vault)
            return handover.pack(place, asked, offered, self.folder / name)

    def receive(self, name="package", receipt="receipt.json", **more):
        with self.at("b") as ledger:
            return received.receive(
                self.b, ledger, self.folder / name, self.into, self.folder / receipt, **more
            )

    def take_receipt(self, receipt="receipt.json"):
        with self.at("a") as ledger:
            return handover.take_receipt(self.a, ledger, self.folder / receipt)

    def packed(self, **other):
        file = self.request(**other)
        self.pack(file, self.offer(file))
        return file

    def records(self, who):
        with self.at(who) as ledger:
            return [e.body for e in ledger.store.all(kind="record")]


def taken_in(two):
    """Return (source, name) -> plain bytes of what B took in."""
    index = read_index(two.into / "sealed", two.b)
    return {(s, n): two.b.read(two.into / "sealed" / t) for s, f in index.files.items() for n, t in f.items()}
