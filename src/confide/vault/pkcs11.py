"""Custody by a hardware security module, through PKCS#11: an AES key that is made in it and never leaves it.

The HSM is given a fresh wrapping key to encrypt (CKM_AES_GCM), never the vault's root key nor anything of
a patient. The module is a library of the HSM's maker and runs in our process: name one you trust.
"""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confide.errors import AccessDenied, InvalidInput
from confide.vault.custody import read_secret, stored_settings

_NONCE, _TAG_BITS = 12, 128
_BELONGING = b"confide wrapping key"
_one_at_a_time = threading.Lock()  # a token knows one login per process


@dataclass(frozen=True, slots=True, kw_only=True)
class Pkcs11Settings:
    """Which key of which token is ours. Public, all but what stands in `pin_file`."""

    module: Path  # the maker's library, such as /usr/lib/softhsm/libsofthsm2.so
    token_label: str
    pin_file: Path
    key: str = "confide"  # label of the key


class Hsm:
    """The guard that `Pkcs11Settings` names; the PIN is read from its file for each call."""

    kind = "pkcs11"

    def __init__(self, settings: Pkcs11Settings) -> None:
        self._named = settings

    def settings(self) -> str:
        """Return labels and mechanism as JSON; where the module lies differs between machines."""
        named = {"key": self._named.key, "mechanism": "CKM_AES_GCM", "token": self._named.token_label}
        return json.dumps(named)

    def verify_settings(self, settings: str) -> None:
        """Raise InvalidInput if the record was made with another key or token than is named here."""
        stored = stored_settings(settings, "key", "mechanism", "token")
        if stored != json.loads(self.settings()):
            raise InvalidInput("vault.pkcs11-settings", key=stored["key"], token=stored["token"])

    def make_key(self) -> None:
        """Make the key in the HSM: AES-256, for ever sensitive and not extractable.

        Raises:
            InvalidInput: there is a key of this label already, or the HSM is not there.
            AccessDenied: wrong PIN.
        """
        with self._session(writing=True) as session:
            import pkcs11

            if list(session.get_objects({pkcs11.Attribute.LABEL: self._named.key})):
                raise InvalidInput("vault.pkcs11-key-exists", key=self._named.key)
            session.generate_key(
                pkcs11.KeyType.AES,
                256,
                label=self._named.key,
                id=os.urandom(16),
                store=True,
                capabilities=pkcs11.MechanismFlag.ENCRYPT | pkcs11.MechanismFlag.DECRYPT,
                template={pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False},
            )

    def encrypt(self, secret: bytes) -> bytes:
        """Return nonce || ciphertext || tag.

        Raises:
            InvalidInput: the HSM is not there, or the key could be taken out of it.
            AccessDenied: wrong PIN, or no such key.
        """
        nonce = os.urandom(_NONCE)
        with self._key() as key:
            import pkcs11

            if key[pkcs11.Attribute.EXTRACTABLE] or not key[pkcs11.Attribute.SENSITIVE]:
                raise InvalidInput("vault.pkcs11-extractable", key=self._named.key)
            sealed: bytes = key.encrypt(secret, **_gcm(nonce))
        return nonce + sealed

    def decrypt(self, guarded: bytes) -> bytes:
        """Return what `encrypt` was given.

        Raises:
            InvalidInput: the HSM is not there.
            AccessDenied: wrong PIN, no such key, or another key of the same label.
        """
        with self._key() as key:
            import pkcs11

            try:
                secret: bytes = key.decrypt(guarded[_NONCE:], **_gcm(guarded[:_NONCE]))
            except pkcs11.PKCS11Error:  # modules differ in what they call a wrong tag
                raise AccessDenied("vault.pkcs11-other-key") from None
        return secret

    @contextmanager
    def _key(self) -> Iterator[Any]:
        with self._session(writing=False) as session:
            import pkcs11

            attributes = pkcs11.Attribute
            wanted = {attributes.LABEL: self._named.key, attributes.KEY_TYPE: pkcs11.KeyType.AES}
            keys = list(session.get_objects({attributes.CLASS: pkcs11.ObjectClass.SECRET_KEY, **wanted}))
            if not keys:
                raise pkcs11.NoSuchKey
            if len(keys) > 1:
                raise pkcs11.MultipleObjectsReturned
            if not (isinstance(keys[0], pkcs11.EncryptMixin) and isinstance(keys[0], pkcs11.DecryptMixin)):
                raise pkcs11.FunctionNotSupported
            yield keys[0]

    @contextmanager
    def _session(self, *, writing: bool) -> Iterator[Any]:
        """Yield a session that is logged in; turn what the module says into one sentence."""
        try:
            import pkcs11
        except ImportError:
            raise InvalidInput("vault.no-extra", custody="pkcs11") from None
        pin = read_secret(self._named.pin_file).strip()
        label, key = self._named.token_label, self._named.key
        with _one_at_a_time:
            try:
                token = _library(self._named.module).get_token(token_label=label)
                with token.open(user_pin=pin, rw=writing) as session:
                    yield session
            except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange):
                raise AccessDenied("vault.pkcs11-pin", token=label) from None
            except (pkcs11.PinLocked, pkcs11.PinExpired):
                raise AccessDenied("vault.pkcs11-locked", token=label) from None
            except pkcs11.NoSuchToken:
                raise InvalidInput("vault.pkcs11-no-token", token=label) from None
            except pkcs11.NoSuchKey:
                raise AccessDenied("vault.pkcs11-no-key", key=key, token=label) from None
            except (pkcs11.MultipleObjectsReturned, pkcs11.MultipleTokensReturned):
                raise InvalidInput("vault.pkcs11-two", key=key, token=label) from None
            except pkcs11.PKCS11Error as error:
                raise InvalidInput("vault.pkcs11-failed", token=label, reason=type(error).__name__) from None


def _library(module: Path) -> Any:
    import pkcs11

    try:
        return pkcs11.lib(str(module))
    except (pkcs11.PKCS11Error, RuntimeError):
        raise InvalidInput("vault.pkcs11-module", file=module.name) from None


def _gcm(nonce: bytes) -> dict[str, Any]:
    import pkcs11

    parameters = pkcs11.GCMParams(nonce, _BELONGING, _TAG_BITS)
    return {"mechanism": pkcs11.Mechanism.AES_GCM, "mechanism_param": parameters}
