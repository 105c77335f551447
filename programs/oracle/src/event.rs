//! What happened, for indexers.
use {
    anchor_lang::{event::sol_log_data, prelude::*, Event},
    bytemuck::{Pod, Zeroable},
};

/// A feed exists.
#[event]
pub struct FeedCreated {
    pub feed: Address,
    pub authority: Address,
    pub feed_id: [u8; 32],
}

/// A feed is gone.
#[event]
pub struct FeedClosed {
    pub feed: Address,
}

/// A record exists.
#[event]
pub struct RecordCreated {
    pub record: Address,
    pub feed: Address,
}

/// A record is decided, for good.
#[event(bytemuck)]
pub struct RecordDecided {
    pub record: Address,
    /// 1 decided, 2 void.
    pub status: u32,
    /// Ticks of 1/10,000 that YES pays.
    pub yes_ticks: u32,
}

/// Logs what `emit!` would, without the copy on the heap.
#[inline(always)]
pub fn log_event<E: Event + Pod>(event: E) {
    #[derive(Clone, Copy, Pod, Zeroable)]
    #[repr(C, packed)]
    struct Logged<E> {
        discriminator: [u8; 8],
        event: E,
    }
    let mut logged = Logged {
        discriminator: [0; 8],
        event,
    };
    logged.discriminator.copy_from_slice(E::DISCRIMINATOR);
    sol_log_data(&[bytemuck::bytes_of(&logged)]);
}
