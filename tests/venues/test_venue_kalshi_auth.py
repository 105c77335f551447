from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from secant_keeper.venues import KalshiSigner, KeyFileError

if TYPE_CHECKING:
    from pathlib import Path

PATH = "/trade-api/ws/v2"


def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def test_an_rsa_key_signs_by_pss_over_time_method_and_path(tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    (tmp_path / "key.pem").write_bytes(pem(key))
    signer = KalshiSigner.from_pem_file("id", tmp_path / "key.pem")
    headers = signer.headers("GET", f"{PATH}?limit=5", 1_700_000_000_123)
    assert (headers["KALSHI-ACCESS-KEY"], headers["KALSHI-ACCESS-TIMESTAMP"]) == ("id", "1700000000123")
    signature = base64.b64decode(headers["KALSHI-ACCESS-SIGNATURE"])
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    key.public_key().verify(signature, f"1700000000123GET{PATH}".encode(), pss, hashes.SHA256())
    with pytest.raises(InvalidSignature):
        key.public_key().verify(signature, f"1700000000123POST{PATH}".encode(), pss, hashes.SHA256())


def test_an_ed25519_key_signs_plainly(tmp_path: Path) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    (tmp_path / "key.pem").write_bytes(pem(key))
    headers = KalshiSigner.from_pem_file("id", tmp_path / "key.pem").headers("GET", PATH, 5)
    key.public_key().verify(base64.b64decode(headers["KALSHI-ACCESS-SIGNATURE"]), f"5GET{PATH}".encode())


def test_bad_key_files_are_named_with_a_remedy_and_never_quoted(tmp_path: Path) -> None:
    secret = tmp_path / "secret.pem"
    secret.write_text("my secret, not a PEM")
    curve = tmp_path / "curve.pem"
    curve.write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
    for path, problem in (
        (tmp_path / "missing.pem", "cannot be read"),
        (tmp_path, "cannot be read"),
        (secret, "holds no unencrypted PEM"),
        (curve, "neither RSA nor Ed25519"),
    ):
        with pytest.raises(KeyFileError, match=problem) as caught:
            KalshiSigner.from_pem_file("id", path)
        assert caught.value.remedy
        assert "my secret" not in str(caught.value)
    with pytest.raises(KeyFileError, match="id is empty"):
        KalshiSigner.from_pem_file("", secret)


def test_a_signer_does_not_show_its_key() -> None:
    assert repr(KalshiSigner("id", ed25519.Ed25519PrivateKey.generate())) == "KalshiSigner('id')"
