"""Where encrypted computation meets the ledger: decryptions are counted in it, and opened answers are named there.

Guarantee: a decryption is on record before it happens, so a key's use can be read off the ledger after a crash too;
answers about patients that a model outside gave are an entry of kind *not private* of their account (promise 6).
"""

from collections.abc import Callable

from confide.encrypted.client import Client
from confide.encrypted.form import Form
from confide.encrypted.lift import Floats
from confide.ledger.ledger import Ledger

Ask = Callable[[Client, Floats], Floats]  # sends a client's request for these records, returns the answers


def counted_in(ledger: Ledger, *, study: str, form_digest: str) -> Callable[[int], None]:
    """Return what a `Client` or a `Custodian` tells of every decryption: it becomes an entry.

    Args:
        ledger: the institution's.
        study: it belongs to.
        form_digest: of what is decrypted, as hex.
    """

    def count(ciphertexts: int) -> None:
        ledger.record(
            "encrypted-decryption", study=study, details={"form": form_digest, "ciphertexts": ciphertexts}
        )

    return count


def ask_model(
    ledger: Ledger,
    form: Form,
    rows: Floats,
    ask: Ask,
    *,
    study: str,
    account: str,
    enroll: Callable[[Client], None],
) -> Floats:
    """Ask an owner's model about patients of an account, under a new key, and return what it says.

    Guarantee: before the first answer is opened the ledger says that answers of this model about patients of this
    account exist, and how many ciphertexts were decrypted.

    Args:
        rows: shape (records, features).
        ask: sends and reads, such as `Remote.ask`.
        enroll: hands the new public key to the owner, such as `Remote.enroll`.
    """
    client = Client(form, count=counted_in(ledger, study=study, form_digest=form.digest().hex()))
    enroll(client)
    ledger.note_not_private(f"answers of encrypted model {form.name}", study=study, account=account)
    return client.predict(ask(client, rows))
