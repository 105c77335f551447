//! Every formula of secant, none of its accounts: values in, values out, all functions total.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`fixed`] | the only module that rounds: `mul_div`, `sqrt`, `ln`, `exp`, Φ, φ, Φ⁻¹ |
//! | [`quantity`] | newtypes in motion: [`quantity::Atoms`], [`quantity::Lots`], [`quantity::Bps`] |
//! | [`lmsr`], [`pm_amm`] | cost functions of the two pools |
//! | [`fee`] | what a trade pays |
//! | [`margin`] | what reduces a position, and what positions require |
//! | [`mark`], [`funding`] | what a perpetual's positions are worth, and what longs pay shorts |
//! | [`liquidation`], [`loss`] | how much of a position is closed, and who bears what is missing |
//! | [`outflow`] | how fast profits leave a market |
//! | [`quality`] | what each action tolerates of its oracle |
//! | [`matching`] | price-time priority, whatever rests |
//! | [`routing`] | one order between a book and a pool |
//! | [`feed`] | from k-of-n readings to one sample |
//! | [`statistic`] | what a record computes from samples of a feed |
//! | [`payout`] | from a statistic to a payout vector |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod fee;
pub mod feed;
pub mod fixed;
pub mod funding;
pub mod liquidation;
pub mod lmsr;
pub mod loss;
pub mod margin;
pub mod mark;
pub mod matching;
pub mod outflow;
pub mod payout;
pub mod pm_amm;
pub mod quality;
pub mod quantity;
pub mod routing;
pub mod statistic;

/// Why a computation has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A result does not fit its integer type.
    Overflow,
    /// An argument lies outside the function's stated domain.
    Domain,
}
