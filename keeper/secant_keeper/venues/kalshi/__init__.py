"""The Kalshi adapter: binary event contracts, quoted in dollars a contract. A series is a market ticker."""

from secant_keeper.venues.kalshi.auth import KalshiSigner
from secant_keeper.venues.kalshi.book import NoPriceScale
from secant_keeper.venues.kalshi.recorded import FORMATS
from secant_keeper.venues.kalshi.rest import KalshiRest
from secant_keeper.venues.kalshi.stream import KalshiStream

__all__ = ["FORMATS", "KalshiRest", "KalshiSigner", "KalshiStream", "NoPriceScale"]
