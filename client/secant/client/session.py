"""What every method of the client stands on: one node, one exchange, one wallet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, Self, TypeVar

from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM_ID
from spl.token.instructions import get_associated_token_address

from secant import exchange, oracle
from secant._wire import DecodeError
from secant.chain import AnyEvent, Chain, Landed, Simulated, cluster_url, decode_events
from secant.errors import (
    AccountNotFound,
    ClientOutdated,
    ExchangeAmbiguous,
    FrameworkError,
    InputError,
    ProgramError,
    ResultUnavailable,
    WalletError,
    WrongCluster,
)
from secant.exchange import CollateralMissing, MarginStated
from secant.units import collateral_of

from .perp_accounts import stating_margin
from .views import exchange_view, free_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal
    from types import TracebackType

    from solders.instruction import Instruction

    from secant.exchange import Exchange
    from secant.wallet import Wallet

    from .results import ExchangeView

__all__ = ["Session"]

_Stored_co = TypeVar("_Stored_co", covariant=True)
_Event = TypeVar("_Event", bound=AnyEvent)
_PROGRAMS: Final = {"exchange": exchange.PROGRAM_ID, "oracle": oracle.PROGRAM_ID}
ACCOUNT_INDEX_MAX: Final = 255
_UNSTATED: Final = "MarginStale"
_EXISTS: Final = frozenset({"AccountAlreadyInUse", "AccountAlreadyInitialized"})
ACCOUNT_MISSING: Final = "open one: `secant account open`, or `client.open_account()`"


class _Decodes(Protocol[_Stored_co]):
    """A generated account type."""

    def decode(self, data: bytes) -> _Stored_co:
        """Read the account."""
        ...


class Session:
    """A connection to one exchange. Use `Client`, which adds what one can do with it."""

    def __init__(
        self, chain: Chain, wallet: Wallet | None, *, exchange: Pubkey | None, account_index: int
    ) -> None:
        self.chain = chain
        self.account_index = account_index
        self._wallet = wallet
        self._wanted = exchange
        self._exchange: ExchangeView | None = None

    @classmethod
    def connect(
        cls,
        url: str = "localnet",
        wallet: Wallet | None = None,
        *,
        exchange: Pubkey | str | None = None,
        account_index: int = 0,
        ws_url: str | None = None,
        commitment: str = "confirmed",
        priority_fee_microlamports: int = 0,
        confirm_timeout_s: float = 90.0,
    ) -> Self:
        """A client for the exchange at a URL, to be entered with `async with`.

        Args:
            url: URL of an RPC node, or localnet, devnet, testnet or mainnet.
            wallet: Who signs and pays; None reads only.
            exchange: Address of the exchange; may be left out where there is one only.
            account_index: Which of the wallet's margin accounts to use, 0 to 255.
            ws_url: WebSocket URL; by default the one that goes with `url`.
            commitment: What counts as done: processed, confirmed or finalized.
            priority_fee_microlamports: Extra fee per compute unit, in millionths of a lamport.
            confirm_timeout_s: Seconds to wait for a transaction before its fate counts as unknown.

        Raises:
            InputError: an argument is not valid. Entering raises RpcUnreachable, WrongCluster,
                AccountNotFound (no such exchange) and ExchangeAmbiguous (several, and none named).
        """
        if isinstance(account_index, bool) or not 0 <= account_index <= ACCOUNT_INDEX_MAX:
            raise InputError(f"no account index {account_index!r}", f"use 0 to {ACCOUNT_INDEX_MAX}")
        chain = Chain(
            cluster_url(url),
            ws_url=ws_url,
            commitment=commitment,
            priority_fee_microlamports=priority_fee_microlamports,
            confirm_timeout_s=confirm_timeout_s,
        )
        address = None if exchange is None else address_of(exchange, "exchange")
        return cls(chain, wallet, exchange=address, account_index=account_index)

    async def __aenter__(self) -> Self:
        try:
            await self._check_programs()
            address, stored = await self._find_exchange()
        except BaseException:
            await self.chain.close()
            raise
        self._exchange = exchange_view(address, stored)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.chain.close()

    @property
    def wallet(self) -> Wallet:
        """Return the wallet.

        Raises:
            WalletError: the client was given none.
        """
        if self._wallet is None:
            raise WalletError("this client has no wallet", "pass one to `connect`")
        return self._wallet

    @property
    def exchange(self) -> ExchangeView:
        """Return the exchange, as it was when the client connected.

        Raises:
            RuntimeError: the client was not entered with `async with`.
        """
        if self._exchange is None:
            raise RuntimeError("the client is not connected: use `async with Client.connect(...) as client`")
        return self._exchange

    @property
    def account_address(self) -> Pubkey:
        """Return the address of the wallet's margin account, whether it is open or not."""
        return self._account_of(self.wallet.address)

    @property
    def collateral_address(self) -> Pubkey:
        """Return the address of the wallet's collateral token account, whether it exists or not."""
        return get_associated_token_address(self.wallet.address, self.exchange.mint)

    # --- for the methods ------------------------------------------------------------------------------------

    async def _send(
        self,
        *instructions: Instruction,
        expects: Mapping[Pubkey, tuple[str, str]] | None = None,
        creates: tuple[str, str] | None = None,
        explains: Mapping[str, tuple[str, str]] | None = None,
        needs: Decimal | None = None,
    ) -> Landed:
        """Signs with the wallet and sends.

        Args:
            instructions: What to do.
            expects: Accounts that must exist: kind and remedy by address. The margin account is one of them
                wherever it occurs.
            creates: What is made, and the remedy if it is there already.
            explains: What a program's error means here and its remedy, by name, where it says too little.
            needs: Collateral that it asks for, where that is known.

        Raises:
            AccountNotFound: one of the expected accounts is missing.
            FrameworkError: what should be made is there already, among others.
        """
        try:
            return await self._sent(instructions)
        except ProgramError as error:
            await self._explain(instructions, explains, needs, error)
            raise
        except FrameworkError as error:
            if creates is not None and error.name in _EXISTS:
                error.message, error.remedy = f"there is {creates[0]} already", creates[1]
                raise
            if error.signature is None:
                await self._find_missing(instructions, expects or {}, error)
            raise

    async def _simulate(
        self,
        *instructions: Instruction,
        expects: Mapping[Pubkey, tuple[str, str]] | None = None,
        explains: Mapping[str, tuple[str, str]] | None = None,
    ) -> Simulated:
        """Runs instructions as the wallet, without signing or sending.

        Args:
            instructions: What to run.
            expects: Accounts that must exist, as for `_send`.
            explains: What a program's error means here, as for `_send`.

        Raises:
            AccountNotFound: one of the expected accounts is missing.
            TransactionFailed: they would fail.
        """
        simulated = await self.chain.simulate(instructions, self.wallet.address)
        if simulated.error is not None and simulated.error.name == _UNSTATED:
            stating = await stating_margin(self.chain, instructions)
            simulated = await self.chain.simulate(stating, self.wallet.address)
        error = simulated.error
        if isinstance(error, FrameworkError):
            await self._find_missing(instructions, expects or {}, error)
        if isinstance(error, ProgramError):
            await self._explain(instructions, explains, None, error)
        if error is not None:
            raise error
        return simulated

    async def _sent(self, instructions: Sequence[Instruction]) -> Landed:
        """Sends; with the margin of perpetuals stated in the same transaction where the program wants it.

        Only the program knows which instruction spends what perpetuals need. Asked for nothing, an account
        without perpetuals pays nothing for those of others.
        """
        signers = [self.wallet.keypair]
        try:
            return await self.chain.send(instructions, signers)
        except ProgramError as error:
            if error.name != _UNSTATED:
                raise
        # Nothing was done, whether it landed or not.
        return await self.chain.send(await stating_margin(self.chain, instructions), signers)

    async def _explain(
        self,
        instructions: Sequence[Instruction],
        explains: Mapping[str, tuple[str, str]] | None,
        needs: Decimal | None,
        error: ProgramError,
    ) -> None:
        """Writes into the error what it means here."""
        error.message, error.remedy = (explains or {}).get(error.name, (error.message, error.remedy))
        if error.name == "InsolventAccount":
            await self._say_free(instructions, needs, error)

    async def _say_free(
        self, instructions: Sequence[Instruction], needs: Decimal | None, error: ProgramError
    ) -> None:
        """Writes into the error how much of the margin account is free, if it is the one that lacks it."""
        address = self.account_address
        if all(meta.pubkey != address for instruction in instructions for meta in instruction.accounts):
            return
        stored = await self._read("margin account", address, exchange.MarginAccount, ACCOUNT_MISSING)
        asked = "" if needs is None else f", {needs:,f} is asked for"
        events = decode_events(error.logs)
        missing = [event for event in events if isinstance(event, CollateralMissing)]
        if missing and needs is None:
            asked = f", {collateral_of(missing[-1].amount_atoms):,f} more is needed"
        free = free_of(stored)
        for event in events:
            if isinstance(event, MarginStated) and event.account == address:
                reserve = collateral_of(event.initial_atoms - event.losses_atoms)
                asked = f" beside the {reserve:,f} that its perpetuals need{asked}"
                free = max(free - reserve, collateral_of(0))
        error.message = f"Not enough free collateral: {free:,f} is free{asked}"
        error.remedy = "deposit more, reduce a position or ask for less"

    async def _find_missing(
        self,
        instructions: Sequence[Instruction],
        expects: Mapping[Pubkey, tuple[str, str]],
        error: FrameworkError,
    ) -> None:
        """Raises `AccountNotFound` if an expected account is missing, which says more than the framework."""
        expected = {self.account_address: ("margin account", ACCOUNT_MISSING), **expects}
        named = {meta.pubkey for instruction in instructions for meta in instruction.accounts}
        addresses = [address for address in expected if address in named]
        for address, account in zip(addresses, await self.chain.accounts(addresses), strict=True):
            if account is None:
                kind, remedy = expected[address]
                raise AccountNotFound(kind, address, "there is no account", remedy) from error

    def _account_of(self, owner: Pubkey) -> Pubkey:
        return exchange.find_account(exchange=self.exchange.address, owner=owner, index=self.account_index)

    async def _read(
        self, kind: str, address: Pubkey, decodes: _Decodes[_Stored_co], remedy: str
    ) -> _Stored_co:
        """A program's account, decoded.

        Raises:
            AccountNotFound: missing, or another kind of account.
        """
        account = await self.chain.account(address)
        if account is None:
            raise AccountNotFound(kind, address, "there is no account", remedy)
        if account.owner == SYSTEM_PROGRAM_ID:
            raise AccountNotFound(kind, address, f"that is a wallet, not a {kind}", remedy)
        if account.owner not in _PROGRAMS.values():
            raise AccountNotFound(kind, address, f"it belongs to the program {account.owner}", remedy)
        try:
            return decodes.decode(account.data)
        except DecodeError:
            raise AccountNotFound(kind, address, "it is another kind of account", remedy) from None

    async def _check_programs(self) -> None:
        found = await self.chain.accounts(list(_PROGRAMS.values()))
        for (name, address), account in zip(_PROGRAMS.items(), found, strict=True):
            if account is None:
                raise WrongCluster(self.chain.url, name, address, "an address without an account")
            if not account.executable:
                raise WrongCluster(
                    self.chain.url, name, address, f"no program but an account of {account.owner}"
                )

    async def _find_exchange(self) -> tuple[Pubkey, Exchange]:
        remedy = "name one with --exchange or SECANT_EXCHANGE, or in `connect`"
        if self._wanted is not None:
            return self._wanted, await self._read("exchange", self._wanted, exchange.Exchange, remedy)
        found = await self.chain.program_accounts(exchange.PROGRAM_ID, exchange.Exchange.DISCRIMINATOR)
        if not found:
            raise AccountNotFound(
                "exchange",
                None,
                f"nobody has created one at {self.chain.url}",
                "create one, or use another URL",
            )
        if len(found) > 1:
            raise ExchangeAmbiguous("exchanges", sorted(found, key=str), remedy)
        address, data = found.popitem()
        return address, decoded(exchange.Exchange, data)


def decoded(decodes: _Decodes[_Stored_co], data: bytes) -> _Stored_co:
    """An account found by its discriminator.

    Raises:
        ClientOutdated: it is shorter than this client knows it.
    """
    try:
        return decodes.decode(data)
    except DecodeError as error:
        raise ClientOutdated(str(error)) from None


def emitted(result: Landed | Simulated, kind: type[_Event]) -> _Event:
    """The event of a kind that a transaction emitted.

    Raises:
        ResultUnavailable: it emitted none, for instance because the node cut the log short.
        ClientOutdated: a simulated one emitted none.
    """
    for event in result.events:
        if isinstance(event, kind):
            return event
    problem = f"its log has no {kind.__name__} event"
    if isinstance(result, Landed):
        raise ResultUnavailable(result.signature, problem)
    raise ClientOutdated(f"a transaction was simulated, but {problem}")


def address_of(address: Pubkey | str, name: str) -> Pubkey:
    """An address given as text or as a key.

    Raises:
        AccountNotFound: the text is no address.
    """
    if isinstance(address, Pubkey):
        return address
    try:
        return Pubkey.from_string(address)
    except ValueError:
        raise AccountNotFound(name, None, f"{address!r} is no address", "use 32 bytes in base58") from None
