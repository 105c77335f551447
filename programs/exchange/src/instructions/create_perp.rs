use {
    crate::{
        error::ExchangeError,
        event::PerpCreated,
        instructions::create_book::{LEN_AT_FIRST, SEATS_AT_FIRST},
        load_feed, Book, Exchange, PerpMarket, PerpRules, CLOSING_WINDOW_S, PAUSE_CREATE,
    },
    anchor_lang::prelude::*,
    secant_engine::{
        feed::aggregate,
        loss::Recovery,
        mark::{index_ticks_down, AVERAGE_BITS},
        quality::Action,
    },
};

#[derive(Accounts)]
#[instruction(market_id: [u8; 32])]
pub struct CreatePerp {
    /// Pays the rent.
    #[account(mut, address = exchange.admin @ ExchangeError::AdminMismatch)]
    pub admin: Signer,
    pub exchange: Account<Exchange>,
    /// The oracle program's feed that the market follows.
    pub feed: UncheckedAccount,
    #[account(
        init,
        payer = admin,
        space = 8 + core::mem::size_of::<PerpMarket>(),
        seeds = [b"perp", exchange.address().as_ref(), &market_id],
        bump
    )]
    pub market: Account<PerpMarket>,
    #[account(
        init,
        payer = admin,
        space = LEN_AT_FIRST,
        seeds = [b"book", market.address().as_ref(), &[0]],
        bump
    )]
    pub book: Account<Book>,
    pub system_program: Program<System>,
}

impl CreatePerp {
    pub fn run(
        ctx: &mut Context<Self>,
        market_id: [u8; 32],
        rules: PerpRules,
        close_time: i64,
    ) -> Result<()> {
        let (bump, book_bump) = (ctx.bumps.market, ctx.bumps.book);
        let Self {
            admin,
            exchange,
            feed,
            market,
            book,
            ..
        } = &mut ctx.accounts;
        exchange.require_running(PAUSE_CREATE)?;
        rules.require_sound()?;
        let now = Clock::get()?.unix_timestamp;
        let closes = close_time > now.saturating_add(CLOSING_WINDOW_S);
        // What jumps at its end needs one.
        require!(
            closes || (close_time == 0 && rules.face_ticks == 0),
            ExchangeError::TimesInvalid
        );
        let feed = load_feed(feed.account())?;
        let sample = aggregate(feed.readings_set(), usize::from(feed.quorum), feed.width_max)
            .map_err(|_| ExchangeError::FeedMismatch)?
            .ok_or(ExchangeError::PriceUnfit)?;
        let index_ticks = sample
            .value
            .and_then(|value| index_ticks_down(value, rules.units_per_tick))
            .filter(|index_ticks| *index_ticks <= rules.price_max_ticks())
            .ok_or(ExchangeError::PriceUnfit)?;

        book.exchange = *exchange.address();
        book.event = *market.address();
        book.creator = *admin.address();
        book.lots_min = rules.lots_min;
        book.seats = SEATS_AT_FIRST as u32;
        book.outcomes = 1;
        book.bump = book_bump;
        book.layout = 1;
        book.price_max_ticks = rules.price_max_ticks();

        market.exchange = *exchange.address();
        market.feed = *feed.address();
        market.market_id = market_id;
        market.rules = rules;
        market.close_time = close_time;
        market.updated_at = now;
        market.index_average = i64::from(index_ticks) << AVERAGE_BITS;
        market.agreed_at = sample.time;
        market.index_ticks = index_ticks;
        market.mark_ticks = index_ticks;
        market.last_ticks = index_ticks;
        market.recovery_share = Recovery::NONE.share;
        market.haircut_share = Recovery::NONE.share;
        market.bump = bump;
        market.book_bump = book_bump;
        market.layout = 1;
        PerpMarket::require_quality(market.quality(now), Action::Open)?;
        market.assert_invariants()?;
        emit!(PerpCreated {
            market: *market.address(),
            feed: *feed.address(),
        });
        Ok(())
    }
}
