"""The command that creates a perpetual."""

from typing import Annotated, Final

import typer

from secant.client import Client, FeedView, PerpTerms, Receipt, perp_rules
from secant.client.perp_rules import feed_price
from secant.errors import InputError

from .moments import seconds_from
from .output import amount, answer, say
from .perp_keep import tier_of
from .settings import with_client

__all__ = ["creating"]

creating = typer.Typer()

_LIKE_A_PROBABILITY: Final = (
    "add `--face 1` and `--closes`, or `--unbounded` if the price may rise above 1 after all"
)
_Face = Annotated[
    str | None,
    typer.Option(help="The greatest price, 1 for a probability: no leverage, needs --closes and insurance."),
]
_Unbounded = Annotated[
    bool, typer.Option("--unbounded", help="No face, though the price is one of a probability.")
]
_Tick = Annotated[
    str | None, typer.Option(help="What prices are multiples of; by default the price has five digits.")
]
_Leverage = Annotated[
    int | None, typer.Option(min=1, max=100, help="The greatest; 10 unless given; keeping requires half.")
]
_Near = Annotated[
    str | None,
    typer.Option(help="How far from the mark orders trade, as a share; what keeping requires, or less."),
]
_NearPrice = Annotated[str | None, typer.Option(help="And so much more, as a price; 3 % of a face.")]
_Shock = Annotated[
    str | None,
    typer.Option(help="How far the price may be from its five-minute average, as a share; 0.2, at most 0.9."),
]
_ShockPrice = Annotated[str | None, typer.Option(help="And so much more, as a price; 30 % of a face.")]
_Funding = Annotated[str | None, typer.Option(help="Most funding a day, as a share; 0.05, at most 0.2.")]
_FundingPrice = Annotated[str | None, typer.Option(help="And so much more, as a price; 1 % of a face.")]
_Reward = Annotated[
    str | None, typer.Option(help="Least reward of a liquidation, as a share; a tenth of keeping.")
]
_RewardMax = Annotated[
    str | None, typer.Option(help="Its greatest; half of keeping. With the fee at most keeping.")
]
_InsuranceFee = Annotated[
    str | None, typer.Option(help="What insurance earns by one, as a share; a tenth of keeping.")
]
_InsuranceDay = Annotated[
    str | None,
    typer.Option(help="Most of its balance that insurance pays in a day; 0.3, and all with a face."),
]
_SizePremium = Annotated[
    int, typer.Option(min=0, help="Share opening requires at least, in 10^-9 for each root of lots.")
]
_Closes = Annotated[
    str | None, typer.Option(help="When it closes: 7d, 4w, or a UTC time; never unless given.")
]


@creating.command("create")
def create_perp(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="1 to 32 bytes, unique on the exchange.")],
    feed: Annotated[str, typer.Argument(metavar="FEED", help="The feed it follows, by name or address.")],
    tick: _Tick = None,
    leverage: _Leverage = None,
    face: _Face = None,
    position_max: Annotated[str | None, typer.Option(help="Most that an account holds.")] = None,
    open_max: Annotated[str | None, typer.Option(help="Most that is open in all.")] = None,
    taker_fee: Annotated[str, typer.Option(help="What a taker pays, as a share; at most 0.01.")] = "0.00045",
    maker_rebate: Annotated[str, typer.Option(help="What a maker gets out of that.")] = "0.00005",
    near: _Near = None,
    near_price: _NearPrice = None,
    shock: _Shock = None,
    shock_price: _ShockPrice = None,
    funding: _Funding = None,
    funding_price: _FundingPrice = None,
    reward: _Reward = None,
    reward_max: _RewardMax = None,
    insurance_fee: _InsuranceFee = None,
    insurance_day: _InsuranceDay = None,
    size_premium: _SizePremium = 0,
    profits_hour: Annotated[str, typer.Option(help="Most profits that leave in an hour.")] = "1000000",
    dust: Annotated[str, typer.Option(help="A liquidation leaves no position worth less.")] = "10",
    stale: Annotated[int, typer.Option(min=1, max=3_600, help="Seconds a reading serves to open by.")] = 60,
    closes: _Closes = None,
    *,
    unbounded: _Unbounded = False,
) -> None:
    """Create a perpetual over a feed that has a price, as the exchange's admin.

    What fits together: near is at most what keeping requires, and so are greatest reward and insurance fee
    together; rebate at most fee. With a face: no leverage, near and shock as prices, insurance a day 1.
    """
    terms = PerpTerms(
        tiers=None if leverage is None else (tier_of(leverage),),
        tick_size=tick,
        face=face,
        position_max=position_max,
        open_max=open_max,
        taker_fee=taker_fee,
        maker_rebate=maker_rebate,
        near=near,
        near_price=near_price,
        shock=shock,
        shock_price=shock_price,
        funding=funding,
        funding_price=funding_price,
        reward=reward,
        reward_max=reward_max,
        insurance_fee=insurance_fee,
        insurance_day=insurance_day,
        size_premium_ppb=size_premium,
        profits_hour=profits_hour,
        dust_value=dust,
        stale_s=stale,
    )
    _require_face_alone(terms, closes, unbounded=unbounded)
    _create(context, name, feed, terms, closes, is_bounded=not unbounded)


def _create(
    context: typer.Context, name: str, feed: str, terms: PerpTerms, closes: str | None, *, is_bounded: bool
) -> None:
    async def work(client: Client) -> Receipt:
        view = await client.feed(feed)
        if terms.face is None and is_bounded:
            _require_no_probability(view)
        now = await client.chain.clock_time()
        end = None if closes is None else seconds_from(closes, now, "--closes")
        return await client.create_perp(name, view, perp_rules(view, terms), closes=end)

    receipt = with_client(context, work)
    if answer(context, receipt):
        return
    say(f"created perpetual {name} at {receipt.address}")
    if terms.face is not None:
        say(f"positions open once it is insured, by 1 % of their face: `secant perp insure {name} AMOUNT`")


def _require_face_alone(terms: PerpTerms, closes: str | None, *, unbounded: bool) -> None:
    """Refuses what does not go with a face.

    Raises:
        InputError: there is such a thing.
    """
    if terms.face is None:
        return
    if unbounded:
        raise InputError("a perpetual with a face is bounded", "leave out --face, or --unbounded")
    if terms.tiers is not None:
        raise InputError("a perpetual with a face lends nothing", "leave out --leverage")
    if closes is None:
        raise InputError("a perpetual with a face closes", "give --closes: before it is known what comes out")


def _require_no_probability(feed: FeedView) -> None:
    """Refuses a feed whose price is from 0 to 1, with readings as narrow, which nobody said is not bounded.

    Raises:
        InputError: it is one.
    """
    price = feed_price(feed)
    if price < 1 and feed.width_max < 1:
        raise InputError(f"feed {feed.name} says {amount(price)}, as a probability does", _LIKE_A_PROBABILITY)
