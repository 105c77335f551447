"""Settings of `secant-keeper run`: a TOML file, overridden by variables named `SECANT_KEEPER_<KEY>`.

What a key means stands under it, once: `secant-keeper run --help` shows the same text.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal, Self, get_args
from urllib.parse import urlsplit, urlunsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from secant_keeper.errors import InputError, one_line
from secant_keeper.stores.database import HistoryFileError
from secant_keeper.stores.place import HistoryPlace, PostgresPlace, place_of
from secant_keeper.terms import first_problem, unknown_key
from secant_keeper.venues import VENUES

ENVIRONMENT_PREFIX = "SECANT_KEEPER_"
PORT_MAX = 65_535
_KEY_REMEDY = 'name another with keypair = "...", or create one: solana-keygen new, or secant wallet create'
JobName = Literal[
    "publish",
    "observe",
    "audit",
    "liquidate",
    "exposure",
    "triggers",
    "funding",
    "inventory",
    "settle_pnl",
    "settle",
    "sweep",
    "draw",
    "redeem",
]


_FOR_PERPS: Final[tuple[JobName, ...]] = (
    "audit",
    "liquidate",
    "exposure",
    "triggers",
    "funding",
    "inventory",
    "settle_pnl",
)
_FOR_A_TAKER: Final[tuple[JobName, ...]] = ("liquidate", "inventory")


def _pubkey(value: object) -> Pubkey:
    if isinstance(value, Pubkey):
        return value
    try:
        return Pubkey.from_string(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is not an address in base58") from None


def _place(value: object) -> HistoryPlace:
    try:
        return value if isinstance(value, PostgresPlace) else place_of(str(value))
    except HistoryFileError as error:
        raise ValueError(str(error)) from None


Address = Annotated[Pubkey, BeforeValidator(_pubkey)]
Place = Annotated[Path | PostgresPlace, BeforeValidator(_place)]


class SourceSettings(BaseModel):
    """Where a feed's readings come from: a live venue, or a recording played as if it were live."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    venue: str
    """The venue."""
    series: str | None = None
    """Ticker, token id, slug, price feed id, or exchange:symbol@kind (binanceusdm:BTC/USDT:USDT@mark); may be
    left out where a recording holds one series."""
    file: Path | None = None
    """A recording to play; without one the venue is followed live."""
    speed: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    """How many times faster than it was recorded; 0 is as fast as the chain takes it."""
    rebase: bool = False
    """Give the recording's quotes the times at which they are played, for a cluster whose clock cannot be
    set. It starts over whenever the keeper does. Not with `drive_clock`."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.venue not in VENUES:
            raise ValueError(f"there is no venue {self.venue!r}; name one of: {', '.join(VENUES)}")
        if self.file is None and not self.series:
            raise ValueError("a live source needs a series")
        if self.rebase and (self.file is None or self.speed == 0):
            raise ValueError("rebase needs a file and a speed above 0")
        return self


class FeedSettings(BaseModel):
    """One feed to publish to."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, arbitrary_types_allowed=True
    )

    address: Address
    """The feed; the keeper's key must be among its publishers."""
    source: SourceSettings
    """Where its readings come from."""


class KalshiSettings(BaseModel):
    """The Kalshi API key."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    key_id: SecretStr
    """Its id."""
    key_file: Path
    """PEM file of the private key."""


class PerpSettings(BaseModel):
    """The perpetuals to keep."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, arbitrary_types_allowed=True
    )

    exchange: Address
    """The exchange they are of."""
    account_index: Annotated[int, Field(ge=0, le=255)] | None = None
    """Which of the key's own margin accounts takes over what is liquidated, as far as its own margin goes;
    left out, nothing is liquidated, and the keeper is unhealthy while that leaves accounts at risk: leave
    "liquidate" and "inventory" out of `jobs` where others do it."""
    refresh_interval_s: Annotated[float, Field(gt=0, le=300)] = 60.0
    """How long a market may go without being brought up to date; it holds nothing back."""
    price_interval_s: Annotated[float, Field(ge=0, le=300)] = 0.0
    """Least seconds between two updates of a market for new prices, at most half of what its prices are fresh
    for. Each is a transaction of 5,000 lamports and its priority fee, beside the one that publishes: a price
    a second costs 0.43 SOL a day and market, one in 10 s a tenth of that. Whatever trades, liquidates or
    executes a trigger takes new prices in by itself, so this delays no one; averages and the premium that
    funding is of see less of what was in between. A price a tenth of a per cent from the last, publishers
    that disagree, a new hour and the last hour before a close are taken in at once."""
    sweep_interval_s: Annotated[float, Field(gt=0)] = 60.0
    """How often all accounts are looked at anew, not only those near their limits."""
    trail_step_bps: Annotated[int, Field(ge=0, le=1_000)] = 10
    """A trailing stop is moved once it would move so far, in bps of the mark."""
    slip_bps: Annotated[int, Field(ge=0, le=1_000)] = 100
    """How far from the mark what was taken over is handed back, in bps of it."""
    settle_min_atoms: Annotated[int, Field(ge=1)] = 1_000_000
    """A pool that lacks less for profits that were taken, or a loss of less, is left alone."""
    fees_min_atoms: Annotated[int, Field(ge=1)] = 10_000_000
    """Fees of a market are collected once they are so many."""
    audit_interval_s: Annotated[float, Field(gt=0)] = 60.0
    """How often the exchange is added up."""
    pause: bool = False
    """Pause the exchange and its perpetuals once it does not add up; the key must be its pauser."""


class Settings(BaseSettings):
    """Everything an operator decides."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        arbitrary_types_allowed=True,
    )

    url: SecretStr = SecretStr("http://127.0.0.1:8899")
    """JSON-RPC URL; it may carry a secret, so it is never logged."""
    ws_url: SecretStr | None = None
    """WebSocket URL; left out, the next port of `url`, or the same host where it names none."""
    keypair: Path = Path("~/.config/solana/id.json")
    """Key file that pays and publishes, as `solana-keygen` writes it."""
    dry_run: bool = False
    """Plan and simulate, send nothing."""
    run_once: bool = False
    """One turn of the jobs, then end."""
    exit_when_done: bool = False
    """End once all recordings are played and no job has anything left to do; exit code 4 if work failed for
    good."""
    drive_clock: bool = False
    """Set a localnet's clock to the recordings' times, and to records' ends once no earlier reading can come;
    a clock found running runs again at the end. Not with `rebase`."""
    drive_clock_until: int | None = None
    """Never set it later than this, Unix seconds; left out, it goes on to the last record's end."""
    jobs: tuple[JobName, ...] = get_args(JobName)
    """Which jobs run; those from audit to settle_pnl are for perpetuals and need the section [perps], and
    liquidate and inventory, where they are named, account_index in it. Draws
    wait until a settled event's book is swept down to 256 orders; while an event trades, they bring home a
    unit of collateral or more that orders reserved which others have taken out."""
    feeds: tuple[FeedSettings, ...] = ()
    """What to publish."""
    perps: PerpSettings | None = None
    """Whose perpetuals to keep."""
    kalshi: KalshiSettings | None = None
    """The key for live Kalshi sources."""
    poll_interval_s: Annotated[float, Field(gt=0, le=3600)] = 1.0
    """Longest pause between two turns."""
    snapshot_interval_s: Annotated[float, Field(gt=0)] = 300.0
    """How often every account is read again."""
    silence_s: Annotated[float, Field(gt=0)] = 30.0
    """After so long without a message the subscriptions are renewed."""
    in_flight_max: Annotated[int, Field(ge=1, le=256)] = 16
    """Transactions under way at a time."""
    priority_fee_max_micro_lamports: Annotated[int, Field(ge=0)] = 100_000
    """Most that is paid for a compute unit."""
    balance_min_lamports: Annotated[int, Field(ge=0)] = 50_000_000
    """Below it the keeper reports itself unhealthy."""
    venue_stale_s: Annotated[float, Field(gt=0)] = 300.0
    """A live series without news for so long makes the keeper unhealthy."""
    slot_stale_s: Annotated[float, Field(gt=0)] = 60.0
    """Without a new slot for so long the keeper is unhealthy."""
    history: Place | None = None
    """Where books, venue readings and perpetuals are kept for `secant-keeper spread`, `perps` and `export`: a
    SQLite file, or a PostgreSQL database as postgresql://USER@HOST:PORT/DATABASE; made if there is none. One
    keeper each: it holds a lock, beside a file named -lock, and another does not start on it. Without it
    nothing is kept."""
    history_interval_s: Annotated[int, Field(ge=1, le=3600)] = 1
    """Least seconds between two snapshots of a book or a perpetual in it."""
    history_scan_interval_s: Annotated[int, Field(ge=10, le=86_400)] = 300
    """Least seconds between two scans of the prices at which perpetuals' positions would be liquidated."""
    metrics_host: str = "127.0.0.1"
    """Interface of `/metrics`, `/livez` and `/healthz`."""
    metrics_port: Annotated[int, Field(ge=0, le=PORT_MAX)] | None = 9464
    """Their port; 0 takes a free one."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment override the file; nothing else is read."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    @model_validator(mode="after")
    def _sound(self) -> Self:
        port = _port_of("url", self.url, ("http", "https"))
        if self.ws_url is not None:
            _port_of("ws_url", self.ws_url, ("ws", "wss"))
        elif port == PORT_MAX:
            raise ValueError(f"url has the port {port}, and none follows it for WebSockets: give ws_url")
        seen: set[Pubkey] = set()
        for feed in self.feeds:
            if feed.address in seen:
                raise ValueError(f"two sources for the feed {feed.address}")
            seen.add(feed.address)
            if self.drive_clock and feed.source.rebase:
                raise ValueError(
                    "drive_clock plays a recording at its own times, and rebase at the present: "
                    f"give one of the two (the source of the feed {feed.address} has rebase)"
                )
            if feed.source.venue == "kalshi" and feed.source.file is None and self.kalshi is None:
                raise ValueError("a live Kalshi source needs the section [kalshi]")
        return self

    @model_validator(mode="after")
    def _able(self) -> Self:
        """A job that is asked for by name must have what it needs; of all of them, those run that have."""
        if "jobs" in self.model_fields_set:
            _refuse_lacking(self.jobs, _FOR_PERPS, "the section [perps]", is_there=self.perps is not None)
            has_taker = self.perps is not None and self.perps.account_index is not None
            _refuse_lacking(self.jobs, _FOR_A_TAKER, "account_index in [perps]", is_there=has_taker)
        return self

    @property
    def running(self) -> tuple[JobName, ...]:
        """The jobs that have what they need."""
        return tuple(job for job in self.jobs if self.perps is not None or job not in _FOR_PERPS)

    @property
    def websocket_url(self) -> str:
        """The WebSocket URL, given or derived."""
        if self.ws_url is not None:
            return self.ws_url.get_secret_value()
        parts = urlsplit(self.url.get_secret_value())
        host = parts.netloc
        if parts.port is not None:
            host = f"{host.rsplit(':', 1)[0]}:{parts.port + 1}"
        return urlunsplit((parts.scheme.replace("http", "ws", 1), host, parts.path, parts.query, ""))

    @property
    def shown_url(self) -> str:
        """The URL's host and port, which is all of it that may be logged."""
        parts = urlsplit(self.url.get_secret_value())
        host = parts.hostname or ""
        return host if parts.port is None else f"{host}:{parts.port}"


SECTIONS: Final[dict[tuple[str, ...], tuple[str, type[BaseModel]]]] = {
    (): ("at the top level", Settings),
    ("feeds",): ("in [[feeds]], one for each feed", FeedSettings),
    ("feeds", "source"): ("in a feed's source = { }", SourceSettings),
    ("perps",): ("in [perps]", PerpSettings),
    ("kalshi",): ("in [kalshi]", KalshiSettings),
}
"""Every section of the file by the keys that lead to it: where its keys stand, and its model."""


def _refuse_lacking(
    jobs: tuple[JobName, ...], needing: tuple[JobName, ...], what: str, *, is_there: bool
) -> None:
    asked = [job for job in jobs if job in needing]
    if asked and not is_there:
        raise ValueError(f"jobs has {', '.join(asked)}, and lacks {what}: add that, or take them out of jobs")


def _port_of(name: str, url: SecretStr, schemes: tuple[str, str]) -> int | None:
    """The port of a URL, which may hold a secret and so is not shown when it will not do."""
    try:
        parts = urlsplit(url.get_secret_value())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"{name} is no URL, or its port is not from 0 to {PORT_MAX}") from None
    if parts.scheme not in schemes:
        raise ValueError(f"{name} must begin with {schemes[0]}:// or {schemes[1]}://")
    if not host:
        raise ValueError(f"{name} names no host")
    return port


def read_settings(path: Path) -> Settings:
    """The settings of a file.

    Raises:
        InputError: The file cannot be read, is no TOML, or a setting is unknown or not sound.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}") from error
    _refuse_unknown_variables()
    try:
        return Settings(**document)
    except ValidationError as error:
        raise InputError(f"{path}: {first_problem(error, SECTIONS)}") from error
    except SettingsError as error:
        raise InputError(f"a variable {ENVIRONMENT_PREFIX}...: {one_line(error)}") from error


def _refuse_unknown_variables() -> None:
    """A misspelt variable must not go unheard: it may be the one that keeps the keeper from sending."""
    for name in sorted(os.environ):
        key = name.upper().removeprefix(ENVIRONMENT_PREFIX).lower()
        if name.upper().startswith(ENVIRONMENT_PREFIX) and key not in Settings.model_fields:
            raise InputError(f"the variable {name}: {unknown_key(key, list(Settings.model_fields))}")


def read_keypair(path: Path) -> Keypair:
    """The key pair of a file with its 64 bytes as a JSON array.

    Raises:
        InputError: The file is missing or holds no key pair.
    """
    path = path.expanduser()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InputError(f"the key file {path} cannot be read: {reason}; {_KEY_REMEDY}") from error
    try:
        return Keypair.from_json(text)
    except Exception as error:  # solders raises one of its own, which it does not export
        raise InputError(f"the key file {path} holds no key pair; {_KEY_REMEDY}") from error
