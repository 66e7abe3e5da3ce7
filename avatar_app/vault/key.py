"""Keys: every file has its own, the master wraps them, the passphrase wraps the master.

So a passphrase can change without touching a file, and a file is forgotten for good
when its wrapped key is. Argon2id makes each guess at the passphrase cost a third of a
second and 64 MiB (RFC 9106, the low-memory choice).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
import unicodedata
from dataclasses import asdict, dataclass

from argon2.low_level import Type, hash_secret_raw
from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from avatar_app.errors import FileTorn, ShortPassphrase, VaultLocked, WrongPassphrase

KEY_BYTES = 32
SHORTEST_PASSPHRASE = 10
_NONCE = int(sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess at the passphrase costs.

    Attributes:
        passes: Over the memory.
        memory_kib: Memory to fill.
        lanes: Threads that may share the work.
    """

    passes: int = 3
    memory_kib: int = 64 * 1024
    lanes: int = 4

    def __post_init__(self) -> None:
        # A forged key file must not be able to ask for all memory there is.
        if not (
            1 <= self.passes <= 64
            and 8 * self.lanes <= self.memory_kib <= 1024 * 1024
            and 1 <= self.lanes <= 16
        ):
            raise ValueError(f"out of bounds: {self}")


class MasterKey:
    """The key that wraps all others, in memory only while the vault is unlocked."""

    def __init__(self, content: bytes) -> None:
        self._content = bytearray(content)

    @classmethod
    def fresh(cls) -> MasterKey:
        """Draw a new one."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @property
    def is_gone(self) -> bool:
        """Whether it was wiped."""
        return not self._content

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Seal a key so that it opens only for the same context."""
        return _seal(key, self._use(), context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Open a wrapped key; CryptoError when anything about it was altered."""
        return _unseal(wrapped, self._use(), context)

    def sealed_by(self, wrapping: bytes, context: bytes) -> bytes:
        """Seal the master itself, by the key that a passphrase gave."""
        return _seal(self._use(), wrapping, context)

    def derive(self, purpose: bytes) -> bytes:
        """Make a key for one other purpose."""
        return hashlib.blake2b(
            digest_size=KEY_BYTES, key=self._use(), person=purpose[:16]
        ).digest()

    def wipe(self) -> None:
        """Overwrite it. Copies that Python made on the way are beyond our reach."""
        self._content[:] = bytes(len(self._content))
        self._content.clear()

    def _use(self) -> bytes:
        if self.is_gone:
            raise VaultLocked
        return bytes(self._content)


def lock_up(master: MasterKey, passphrase: str, cost: Cost | None = None) -> bytes:
    """Write a key file: the master, wrapped by a passphrase.

    Raises:
        ShortPassphrase: It has fewer than ten characters.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise ShortPassphrase(SHORTEST_PASSPHRASE)
    cost = cost or Cost()
    salt = secrets.token_bytes(16)
    body: dict[str, object] = {
        "version": _VERSION,
        "cost": asdict(cost),
        "salt": _text(salt),
    }
    wrapping = _stretch(passphrase, salt, cost)
    body["wrapped"] = _text(master.sealed_by(wrapping, _canonical(body)))
    # The digest tells a damaged file from a wrong passphrase; it guards nothing.
    body["digest"] = hashlib.sha256(_canonical(body)).hexdigest()
    return _canonical(body)


def unlock(content: bytes, passphrase: str, name: str) -> MasterKey:
    """Open a key file.

    Args:
        content: As ``lock_up`` wrote it.
        passphrase: The person's.
        name: What to call the file when it is torn.

    Raises:
        WrongPassphrase: The passphrase does not open it.
        FileTorn: The key file was cut or altered.
    """
    try:
        body = json.loads(content)
        is_as_written = _canonical(body) == content
        digest = body.pop("digest")
        if not is_as_written or hashlib.sha256(_canonical(body)).hexdigest() != digest:
            raise FileTorn(name)
        wrapped = base64.b64decode(body.pop("wrapped"), validate=True)
        cost = Cost(**body["cost"])
        salt = base64.b64decode(body["salt"], validate=True)
        if body["version"] != _VERSION or len(salt) != 16:
            raise FileTorn(name)
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error) as error:
        raise FileTorn(name) from error
    try:
        return MasterKey(
            _unseal(wrapped, _stretch(passphrase, salt, cost), _canonical(body))
        )
    except CryptoError as error:
        raise WrongPassphrase from error


def _stretch(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    # NFKC: the same passphrase typed on another keyboard has the same bytes.
    return hash_secret_raw(
        unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass"),
        salt,
        time_cost=cost.passes,
        memory_cost=cost.memory_kib,
        parallelism=cost.lanes,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )


def _seal(plain: bytes, key: bytes, context: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
        plain, context, nonce, key
    )


def _unseal(sealed: bytes, key: bytes, context: bytes) -> bytes:
    if len(sealed) <= _NONCE:
        raise CryptoError("too short to be sealed")
    return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
        sealed[_NONCE:], context, sealed[:_NONCE], key
    )


def _canonical(body: dict[str, object]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
