from client.conftest import client, market, taker

__all__ = ["client", "market", "taker"]
