//! The three token moves, with their accounts on the stack: a third of the CU of the general builders.
use {
    anchor_lang::{pinocchio::instruction::InstructionAccount, prelude::*, unchecked_invoke_signed_fixed},
    anchor_spl::token::{Mint, TokenAccount},
};

const TRANSFER: u8 = 3;
const MINT_TO: u8 = 7;
const BURN: u8 = 8;

/// Seeds that sign for a program address; empty where the authority signed the transaction.
pub type SignerSeeds<'a> = &'a [&'a [&'a [u8]]];

/// Moves `amount` tokens of one mint.
pub fn transfer(
    from: &mut Account<TokenAccount>,
    to: &mut Account<TokenAccount>,
    authority: CpiHandle,
    seeds: SignerSeeds,
    amount: u64,
) {
    invoke(
        TRANSFER,
        from.cpi_handle_mut().into(),
        to.cpi_handle_mut().into(),
        authority,
        seeds,
        amount,
    );
}

/// Creates `amount` tokens.
pub fn mint_to(
    mint: &mut Account<Mint>,
    to: &mut Account<TokenAccount>,
    authority: CpiHandle,
    seeds: SignerSeeds,
    amount: u64,
) {
    invoke(
        MINT_TO,
        mint.cpi_handle_mut().into(),
        to.cpi_handle_mut().into(),
        authority,
        seeds,
        amount,
    );
}

/// Destroys `amount` tokens.
pub fn burn(from: &mut Account<TokenAccount>, mint: &mut Account<Mint>, authority: CpiHandle, amount: u64) {
    invoke(
        BURN,
        from.cpi_handle_mut().into(),
        mint.cpi_handle_mut().into(),
        authority,
        &[],
        amount,
    );
}

/// All three take two writable accounts, a signing authority and an amount. A refusal by the token
/// program aborts the transaction, so there is nothing to return.
#[inline(always)]
fn invoke(
    tag: u8,
    first: CpiHandle,
    second: CpiHandle,
    authority: CpiHandle,
    seeds: SignerSeeds,
    amount: u64,
) {
    let mut data = [tag; 9];
    data[1..].copy_from_slice(&amount.to_le_bytes());
    let accounts = [
        InstructionAccount::writable(first.address()),
        InstructionAccount::writable(second.address()),
        InstructionAccount::readonly_signer(authority.address()),
    ];
    unchecked_invoke_signed_fixed(&Token::id(), &data, &accounts, &[first, second, authority], seeds);
}
