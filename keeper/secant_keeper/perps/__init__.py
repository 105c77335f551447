"""The keeper's mirror of the margin of perpetuals: which of many accounts the program would liquidate.

Every formula is the engine's (`programs/engine/src/margin.rs`, `funding.rs`), in 64-bit integers over arrays
instead of one account at a time, and equal to it bit for bit within the bounds of `bounds.py`. What leaves
them is never computed wrong in silence: its row is marked as unknown, and the program must be asked. The
mirror picks; the program decides.

| module | what |
| --- | --- |
| `market` | what a market says: prices, indices, leverage tiers |
| `columns` | the accounts and their legs as standing columns |
| `margin` | the formulas |
| `at_risk` | one pass over all accounts, or over some: who is liquidatable |
| `near_risk` | the few that can become so before prices leave a band, marked anew at every tick |
| `standing` | those few, marked again only where a market moved |
| `health` | all of an account's health, and the price at which each leg would bring it down |

Around it stands what the jobs for perpetuals share.

| module | what |
| --- | --- |
| `task` | what the jobs are told: whose perpetuals, whose account takes over |
| `sample`, `foresight`, `prices` | what a feed says, and what the next instruction will make of it |
| `watch` | the mirror kept beside the state, with what seats hold and nobody has drawn |
| `account`, `closing`, `room` | one account in exact integers, what is closed of it, what a taker affords |
| `overdue` | which accounts stay at risk, and what keeps anybody from taking them over |
| `audit`, `auditor` | whether an exchange holds what it owes, and a read of it in one slot, on a clock |
"""
