//! 128-bit integer libcalls for programs built with upstream LLVM's BPF back end.
//!
//! LLVM 23 returns a 128-bit value in r0:r2; rustc 1.96 still returns it through a pointer, so its own
//! `__multi3` and friends are called with the wrong convention and compute garbage. These definitions are
//! strong symbols with the right one. rustc 1.99 and Solana's own compiler need none of this: there the
//! crate is empty.
#![cfg_attr(not(test), no_std)]
#![cfg_attr(target_arch = "bpf", feature(asm_experimental_arch))]

/// `a * b mod 2^128`, on (low, high) words.
#[inline(always)]
pub fn mul(al: u64, ah: u64, bl: u64, bh: u64) -> (u64, u64) {
    let (a0, a1, b0, b1) = (al & 0xffff_ffff, al >> 32, bl & 0xffff_ffff, bl >> 32);
    let low = a0.wrapping_mul(b0);
    let mid = a1.wrapping_mul(b0).wrapping_add(low >> 32);
    let mid2 = a0.wrapping_mul(b1).wrapping_add(mid & 0xffff_ffff);
    let high = a1
        .wrapping_mul(b1)
        .wrapping_add(mid >> 32)
        .wrapping_add(mid2 >> 32);
    (
        (mid2 << 32) | (low & 0xffff_ffff),
        high.wrapping_add(al.wrapping_mul(bh))
            .wrapping_add(ah.wrapping_mul(bl)),
    )
}

/// `(u1·2^64 + u0) / v` and the remainder, for `u1 < v` (Knuth's algorithm D in base 2^32).
#[inline(always)]
fn div_2by1(u1: u64, u0: u64, v: u64) -> (u64, u64) {
    let s = v.leading_zeros();
    let v = v << s;
    let (v1, v0) = (v >> 32, v & 0xffff_ffff);
    let u32s = if s == 0 { u1 } else { (u1 << s) | (u0 >> (64 - s)) };
    let u10 = u0 << s;
    let (un1, un0) = (u10 >> 32, u10 & 0xffff_ffff);
    let mut q1 = u32s / v1;
    let mut r = u32s - q1 * v1;
    while q1 >> 32 != 0 || q1.wrapping_mul(v0) > ((r << 32) | un1) {
        q1 -= 1;
        r += v1;
        if r >> 32 != 0 {
            break;
        }
    }
    let u21 = (u32s << 32).wrapping_add(un1).wrapping_sub(q1.wrapping_mul(v));
    let mut q0 = u21 / v1;
    let mut r = u21 - q0 * v1;
    while q0 >> 32 != 0 || q0.wrapping_mul(v0) > ((r << 32) | un0) {
        q0 -= 1;
        r += v1;
        if r >> 32 != 0 {
            break;
        }
    }
    let rem = (u21 << 32).wrapping_add(un0).wrapping_sub(q0.wrapping_mul(v)) >> s;
    ((q1 << 32).wrapping_add(q0), rem)
}

/// Quotient and remainder of (nl, nh) by (dl, dh), each as (low, high) words. Divides by zero as u64 does.
#[inline(always)]
pub fn div_rem(nl: u64, nh: u64, dl: u64, dh: u64) -> ((u64, u64), (u64, u64)) {
    if dh == 0 {
        if nh == 0 {
            return ((nl / dl, 0), (nl % dl, 0));
        }
        let (qh, r) = (nh / dl, nh % dl);
        let (ql, r) = div_2by1(r, nl, dl);
        return ((ql, qh), (r, 0));
    }
    if (nh, nl) < (dh, dl) {
        return ((0, 0), (nl, nh));
    }
    let s = dh.leading_zeros();
    let v1 = if s == 0 { dh } else { (dh << s) | (dl >> (64 - s)) };
    let (u1h, u1l) = (nh >> 1, (nh << 63) | (nl >> 1));
    let (q1, _) = div_2by1(u1h, u1l, v1);
    let mut q = (q1 >> (63 - s)).saturating_sub(1); // at most one too small
    let sub = |q: u64| {
        let (pl, ph) = mul(q, 0, dl, dh);
        let (rl, borrow) = nl.overflowing_sub(pl);
        (rl, nh.wrapping_sub(ph).wrapping_sub(borrow as u64))
    };
    let (rl, rh) = sub(q);
    if (rh, rl) >= (dh, dl) {
        q += 1;
    }
    ((q, 0), sub(q))
}

#[inline(always)]
fn neg(l: u64, h: u64) -> (u64, u64) {
    let (l, carry) = (!l).overflowing_add(1);
    (l, (!h).wrapping_add(carry as u64))
}

/// Signed quotient and remainder, truncating, as Rust's `/` and `%` on i128.
#[inline(always)]
pub fn signed_div_rem(nl: u64, nh: u64, dl: u64, dh: u64) -> ((u64, u64), (u64, u64)) {
    let (nneg, dneg) = (nh >> 63 != 0, dh >> 63 != 0);
    let (nl, nh) = if nneg { neg(nl, nh) } else { (nl, nh) };
    let (dl, dh) = if dneg { neg(dl, dh) } else { (dl, dh) };
    let (q, r) = div_rem(nl, nh, dl, dh);
    (
        if nneg != dneg { neg(q.0, q.1) } else { q },
        if nneg { neg(r.0, r.1) } else { r },
    )
}

#[cfg(target_arch = "bpf")]
mod libcalls {
    use core::arch::asm;

    macro_rules! libcall {
        ($name:ident, $words:expr) => {
            /// # Safety
            /// Called by the compiler alone, with the operands' words in r1..r4.
            #[no_mangle]
            #[inline(never)]
            pub unsafe extern "C" fn $name(al: u64, ah: u64, bl: u64, bh: u64) -> u64 {
                let words: fn(u64, u64, u64, u64) -> (u64, u64) = $words;
                let (low, high) = words(al, ah, bl, bh);
                let result;
                // The high word must be in r2 when the function returns.
                asm!("", inlateout("r0") low => result, in("r2") high, options(nostack, preserves_flags));
                result
            }
        };
    }
    libcall!(__multi3, super::mul);
    libcall!(__udivti3, |al, ah, bl, bh| super::div_rem(al, ah, bl, bh).0);
    libcall!(__umodti3, |al, ah, bl, bh| super::div_rem(al, ah, bl, bh).1);
    libcall!(__divti3, |al, ah, bl, bh| super::signed_div_rem(al, ah, bl, bh).0);
    libcall!(__modti3, |al, ah, bl, bh| super::signed_div_rem(al, ah, bl, bh).1);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(x: u128) -> (u64, u64) {
        (x as u64, (x >> 64) as u64)
    }

    #[test]
    fn agrees_with_the_host() {
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for _ in 0..2_000_000 {
            let shift_a = next() % 128;
            let shift_b = next() % 128;
            let a = (((next() as u128) << 64) | next() as u128) >> shift_a;
            let b = ((((next() as u128) << 64) | next() as u128) >> shift_b).max(1);
            let ((al, ah), (bl, bh)) = (words(a), words(b));
            assert_eq!(mul(al, ah, bl, bh), words(a.wrapping_mul(b)));
            assert_eq!(div_rem(al, ah, bl, bh), (words(a / b), words(a % b)), "{a} / {b}");
            let (sa, sb) = (a as i128, b as i128);
            if sb != 0 && !(sa == i128::MIN && sb == -1) {
                let (q, r) = (sa / sb, sa % sb);
                assert_eq!(
                    signed_div_rem(al, ah, bl, bh),
                    (words(q as u128), words(r as u128))
                );
            }
        }
    }
}
