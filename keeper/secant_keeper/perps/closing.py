"""How much of a position a liquidation takes over: what `programs/engine/src/liquidation.rs` works out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from secant.perp_margin import maintenance_up, unpaid_atoms, value_ticks

if TYPE_CHECKING:
    from secant import exchange
    from secant.perp_margin import Health, Holding, Prices

TARGET_BPS: Final = 11_000
"""What a liquidated account is restored to, in bps of what keeping requires."""

_ALL_BPS: Final = 10_000


def closable_lots(position: Holding, rules: exchange.PerpRules, prices: Prices, health: Health) -> int:
    """How many lots can go without leaving a debt, for which a profit elsewhere stands, with few of them.

    Args:
        position: What the account holds in the market.
        rules: The market's.
        prices: Its prices.
        health: The account's, with all of its positions.
    """
    size = abs(position.lots)
    cost_bps = rules.reward_max_bps + rules.insurance_bps
    cost_atoms = -(-prices.value_atoms(position.lots) * cost_bps // _ALL_BPS)
    cost_atoms = min(cost_atoms, max(health.equity_atoms, 0))
    after = replace(position, quote_atoms=position.quote_atoms - cost_atoms)
    strict_ticks = prices.high_ticks if position.lots < 0 else prices.low_ticks
    own_loss_atoms = min(position.claim_atoms(strict_ticks), 0)
    elsewhere = replace(health, losses_atoms=health.losses_atoms - own_loss_atoms)
    # What the account lacks in all, insurance and the other side bear lot by lot.
    lacking_atoms = max(-health.equity_atoms, 0)
    unpaid = max(unpaid_atoms(after, prices.mark_ticks, elsewhere) - lacking_atoms, 0)
    return max(size - -(-unpaid // prices.mark_ticks), 0)


def closing_lots(position: Holding, rules: exchange.PerpRules, prices: Prices, health: Health) -> int:
    """The least lots whose closing restores an unhealthy account, without their sign; else all that can go.

    Args:
        position: What the account holds in the market.
        rules: The market's.
        prices: Its prices.
        health: The account's, with all of its positions.
    """
    ticks = value_ticks(position.lots, prices.mark_ticks, prices.face_ticks)
    size = abs(position.lots)
    elsewhere_atoms = health.maintenance_atoms - maintenance_up(rules, size * ticks)
    cost_bps = min(_reward_bps(size * ticks, rules, health) + rules.insurance_bps, _ALL_BPS)

    def is_restored_by(lots: int) -> bool:
        left_atoms = health.equity_atoms - -(-lots * ticks * cost_bps // _ALL_BPS)
        required_atoms = elsewhere_atoms + maintenance_up(rules, (size - lots) * ticks)
        return left_atoms >= -(-required_atoms * TARGET_BPS // _ALL_BPS)

    low, high = 0, size
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_restored_by(middle) else (middle, high)
    least = size if (size - high) * ticks < rules.dust_atoms else high
    return min(least, closable_lots(position, rules, prices, health))


def _reward_bps(value_atoms: int, rules: exchange.PerpRules, health: Health) -> int:
    """From the least reward for who has just become unhealthy to the greatest for who is worth nothing."""
    required_atoms, equity_atoms = max(health.maintenance_atoms, 1), max(health.equity_atoms, 0)
    sunk_permille = min(max(required_atoms - equity_atoms, 0) * 1_000 // required_atoms, 1_000)
    ramp_bps = rules.reward_max_bps - rules.reward_bps
    reward_bps = rules.reward_bps + ramp_bps * sunk_permille // 1_000
    if value_atoms < _ALL_BPS:
        return reward_bps
    affordable_bps = equity_atoms // (value_atoms // _ALL_BPS + 1)
    return min(reward_bps, max(affordable_bps, rules.reward_bps))
