"""The demo: Kalshi's 2024 presidential market and markets on its price, from quotes to redeemed tokens."""
