"""Base58 of byte strings of any length, in the alphabet Solana shares with Bitcoin.

Addresses, hashes and signatures have their own types; this is for instruction data, account data and filters.
"""

from __future__ import annotations

from typing import Final

ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGIT: Final = {character: digit for digit, character in enumerate(ALPHABET)}


def encode(data: bytes) -> str:
    """Encode bytes; a leading zero byte becomes a leading ``1``."""
    number = int.from_bytes(data, "big")
    characters: list[str] = []
    while number:
        number, digit = divmod(number, 58)
        characters.append(ALPHABET[digit])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(characters))


def decode(text: str) -> bytes:
    """Decode base58 text.

    Raises:
        ValueError: A character is not of the alphabet.
    """
    number = 0
    for position, character in enumerate(text):
        digit = _DIGIT.get(character)
        if digit is None:
            raise ValueError(f"character {character!r} at {position} is not base58")
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
