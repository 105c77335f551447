"""The Polymarket adapter: outcome tokens quoted in dollars a share. A live series is a token id."""

from secant_keeper.venues.polymarket.recorded import FORMATS
from secant_keeper.venues.polymarket.rest import PolymarketRest
from secant_keeper.venues.polymarket.stream import PolymarketStream

__all__ = ["FORMATS", "PolymarketRest", "PolymarketStream"]
