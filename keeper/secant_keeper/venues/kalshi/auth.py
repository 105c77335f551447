"""Kalshi request signing: RSA-PSS or Ed25519 over timestamp, method and path."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from secant_keeper.venues.errors import KeyFileError

if TYPE_CHECKING:
    import os

KEY_HEADER = "KALSHI-ACCESS-KEY"
SIGNATURE_HEADER = "KALSHI-ACCESS-SIGNATURE"
TIMESTAMP_HEADER = "KALSHI-ACCESS-TIMESTAMP"


class KalshiSigner:
    """Signs requests with an API key: RSA-PSS (SHA-256, salt as long as the digest) or plain Ed25519."""

    def __init__(self, key_id: str, key: RSAPrivateKey | Ed25519PrivateKey) -> None:
        self._key_id = key_id
        self._key = key

    def __repr__(self) -> str:
        return f"KalshiSigner({self._key_id!r})"

    @classmethod
    def from_pem_file(cls, key_id: str, path: str | os.PathLike[str]) -> KalshiSigner:
        """Load an unencrypted PEM private key.

        Raises:
            KeyFileError: The id is empty, or the file is missing, unreadable, or holds neither an RSA nor an
                Ed25519 key.
        """
        remedy = (
            "Create a key on the venue's API page, save its PEM file, and name both in the configuration."
        )
        if not key_id:
            raise KeyFileError("The Kalshi API key id is empty.", remedy)
        try:
            pem = Path(path).read_bytes()
        except OSError as error:
            raise KeyFileError(
                f"The Kalshi key file {path} cannot be read: {error.strerror}.", remedy
            ) from error
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            # The error's text is left out: it may quote the key.
            problem = f"The Kalshi key file {path} holds no unencrypted PEM private key."
            raise KeyFileError(problem, remedy) from error
        if not isinstance(key, (RSAPrivateKey, Ed25519PrivateKey)):
            raise KeyFileError(f"The key in {path} is neither RSA nor Ed25519.", remedy)
        return cls(key_id, key)

    def headers(self, method: str, path: str, timestamp_ms: int) -> dict[str, str]:
        """The headers of one request.

        Args:
            method: HTTP method, upper case; "GET" for the WebSocket handshake.
            path: Path from `/trade-api/`, without host and query.
            timestamp_ms: Unix milliseconds.
        """
        text = f"{timestamp_ms}{method}{path.partition('?')[0]}".encode()
        if isinstance(self._key, RSAPrivateKey):
            pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)
            signature = self._key.sign(text, pss, hashes.SHA256())
        else:
            signature = self._key.sign(text)
        return {
            KEY_HEADER: self._key_id,
            SIGNATURE_HEADER: base64.b64encode(signature).decode(),
            TIMESTAMP_HEADER: str(timestamp_ms),
        }
