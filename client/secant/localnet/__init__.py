"""The localnet: a Solana cluster of one in this process, for clients of any language.

``Ledger`` is the cluster without sockets, synchronous and fast; ``Localnet`` serves one over JSON-RPC and
WebSocket as a validator does. What differs from a cluster:

- processed, confirmed and finalized are one and the same moment;
- each landed transaction closes its slot, unless slots are timed (``slot_ms``);
- the clock follows the wall clock until it is driven (``localnet_setClock``), which replays need, and
  again after ``localnet_runClock``, as far ahead as it was set: it never goes back by running;
- the faucet holds 500 million SOL, and ``localnet_setAccount`` writes what no transaction could;
- the SlotHashes sysvar is brought up to date for lookup table instructions only.

Needs the extra ``localnet``.
"""

from .errors import LocalnetError, RpcError
from .ledger import Ledger
from .outcome import Outcome, Simulation
from .persistence import dump, forget, load
from .server import DEFAULT_PORT, Localnet, serve

__all__ = [
    "DEFAULT_PORT",
    "Ledger",
    "Localnet",
    "LocalnetError",
    "Outcome",
    "RpcError",
    "Simulation",
    "dump",
    "forget",
    "load",
    "serve",
]
