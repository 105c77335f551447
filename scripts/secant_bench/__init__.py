"""`scripts/bench`: compute units of every instruction, and rates, on a chain in this process."""
