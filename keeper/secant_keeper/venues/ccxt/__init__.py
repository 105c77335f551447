"""Crypto exchanges through the library ccxt, an extra of its own (`crypto`). A series is a market and a kind.

Live it is "exchange:symbol" with ccxt's ids and unified symbols, and one of `LIVE_KINDS` after an @ (the
quote without one): "binanceusdm:BTC/USDT:USDT@mark". Prices are in the market's quote currency. Recordings
are read without the library.
"""

from secant_keeper.venues.ccxt.recorded import FORMATS
from secant_keeper.venues.ccxt.stream import CcxtStream

__all__ = ["FORMATS", "CcxtStream"]
