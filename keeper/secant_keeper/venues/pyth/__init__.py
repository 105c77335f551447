"""The Pyth adapter: prices with a confidence, from Hermes. A series is a price feed id in hexadecimal.

The keeper believes what Hermes states. Guardians' signatures and Merkle proofs are neither read nor verified
here: that is the part of a program that takes updates from anyone.
"""

from secant_keeper.venues.pyth.recorded import FORMATS
from secant_keeper.venues.pyth.rest import PythRest
from secant_keeper.venues.pyth.stream import PythStream

__all__ = ["FORMATS", "PythRest", "PythStream"]
