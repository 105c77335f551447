"""Prediction markets, derivatives of their prices, and perpetuals under one margin account on Solana."""
