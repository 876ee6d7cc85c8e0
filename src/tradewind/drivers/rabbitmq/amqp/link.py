"""Keeps a connection to the broker as long as the program needs one: it reconnects after every loss, with the
same set-up.

A new connection knows nothing of the last one: unconfirmed messages are reported as lost, unacknowledged ones
are delivered again.
"""

from __future__ import annotations

import asyncio
import logging
import random as chance
import ssl
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from . import address, explain
from .errors import BrokerUnusable, LinkDown, LinkFull
from .messages import Delivery, Limits
from .properties import NONE, Packed, Properties
from .topology import Topology

if TYPE_CHECKING:  # it needs pamqp, which is an extra: without it `start` raises
    from .connection import Connection

Setup = Callable[["Link"], Awaitable[None]]
DEFAULT = Limits()
GRACE_TO_CLOSE_S = 1.0
logger = logging.getLogger(__name__)


class Link(Topology):
    """One TCP connection with one channel. A program has one to publish and one to consume; direct reply-to
    needs both on one.

    `setup` declares, binds and subscribes; it runs at every connect, before the link is up. `then`,
    `returned`, `on_up`, `on_down` and `on_delivery` are called from the loop, never from within a call of
    ours except `stop`.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        setup: Setup | None = None,
        confirms: bool = False,
        limits: Limits = DEFAULT,
        random: chance.Random | None = None,
        ssl: ssl.SSLContext | None = None,
    ) -> None:
        self.name, self.confirms, self.limits = name, confirms, limits
        self.on_up: list[Callable[[], None]] = []
        self.on_down: list[Callable[[str], None]] = []
        self.up = False
        self.lives = 0  # connections so far
        self._url, self._setup, self._security = url, setup, ssl
        self._random = random or chance.Random()
        self._missing, self._where = "not started", "RabbitMQ"
        self._oversized = 0
        self._life: Connection | None = None
        self._ended: asyncio.Future[None] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = False

    # -- what may be asked at any time
    # --------------------------------------------------------------------------------

    @property
    def blocked(self) -> bool:
        """Does the broker take no messages now (memory or disk alarm)? They wait in our buffer, up to the
        limits.
        """
        return self._life is not None and bool(self._life.blocked)

    @property
    def missing(self) -> str:
        """Why the link is not usable now, empty if it is."""
        if not self.up:
            return self._missing
        life = self._life
        return (
            f"{self._where}: it takes no messages now: {life.blocked}"
            if life is not None and life.blocked
            else ""
        )

    @property
    def oversized(self) -> int:
        """Deliveries that were rejected because their body was larger than allowed."""
        return self._oversized + (self._life.oversized if self._life is not None else 0)

    @property
    def outstanding(self) -> int:
        """Messages that are not confirmed yet."""
        return len(self._life.outstanding) if self._life is not None and self.confirms else 0

    # -- its life
    # -----------------------------------------------------------------------------------------------------

    async def start(self, timeout_s: float = 10.0, *, patient: bool = False) -> None:
        """Connects and sets up once. `patient`: it returns without a broker too, or where a queue exists with
        other arguments or is not there that others declare; then it tries again, and `missing` says why it is
        not up: somebody else has to act, and no new start would help. Errors: BrokerUnusable with the way
        out, of a patient start only where no wait can mend it; whatever else `setup` raises.
        """
        where = address.parse(self._url)
        self._security, self._where, self._stopping = self._security or where.security(), where.where, False
        try:
            async with asyncio.timeout(timeout_s):
                await self._live(where)
        except (LinkDown, TimeoutError) as error:
            slow = f"not ready in {timeout_s:g} s: it is overloaded, or its setup waits for something"
            why = f"{self._where}: {slow if isinstance(error, TimeoutError) else error}"
            if not patient or explain.lasting(error):
                raise BrokerUnusable(why) from error
            self._missing = why  # told by whoever waits, once for all links
            self._fell(why)
        self._keeper = asyncio.create_task(self._keep(where), name=f"amqp link {self.name}")

    async def stop(self, grace_s: float = 5.0) -> None:
        """Waits for what is not confirmed yet, closes, and does not come back. May be called twice, or
        without a start.
        """
        self._stopping, self.up, self._missing = True, False, "stopped"
        keeper, self._keeper = self._keeper, None
        life = self._life
        if life is not None and life.error is None:
            await life.finish(grace_s, GRACE_TO_CLOSE_S)
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait([keeper], timeout=GRACE_TO_CLOSE_S)
        self._life = None

    async def _live(self, where: address.Address) -> None:
        """A connection, set up. Errors: LinkDown, TimeoutError, BrokerUnusable, what `setup` raises."""
        from .opening import connect

        self._ended = asyncio.get_running_loop().create_future()
        self.lives += 1
        life = await connect(
            where, self._security, self.name, self.limits, self.lives, confirms=self.confirms, lost=self._lost
        )
        self._life = life
        try:
            if self._setup is not None:
                async with asyncio.timeout(self.limits.setup_s):
                    await self._setup(self)
        except TimeoutError:
            life.fail(LinkDown(f"the setup took more than {self.limits.setup_s:g} s"))
        except BaseException as error:
            life.fail(error if isinstance(error, LinkDown) else LinkDown("the setup failed"))
            raise
        if life.error is not None:
            raise life.error
        if not self._stopping:
            self.up, self._missing = True, ""
            _tell(self.on_up)

    def _lost(self, error: LinkDown) -> None:
        was_up, self.up = self.up, False
        if self._life is not None:
            self._oversized += self._life.oversized
            self._life = None
        if not self._stopping:
            self._missing = f"{self._where}: {error}"
        if was_up:
            logger.warning("link %s is down: %s", self.name, self._missing)
            _tell([lambda told=told: told(self._missing) for told in self.on_down])  # type: ignore[misc]
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    async def _keep(self, where: address.Address) -> None:
        """Makes a new connection whenever one has ended."""
        clock = asyncio.get_running_loop().time
        tries, born = 0, clock()
        while not self._stopping:
            if self._ended is not None:
                await self._ended
            if clock() - born > self.limits.retry_most_s:  # one that lasted starts the pauses anew
                tries = 0
            await asyncio.sleep(
                self._random.uniform(0, min(self.limits.retry_most_s, self.limits.retry_first_s * 2**tries))
            )
            tries = min(tries + 1, 16)
            try:
                await self._live(where)
                born = clock()
                logger.info("link %s is up again", self.name)
            except (LinkDown, TimeoutError, BrokerUnusable) as error:
                born = clock()
                self._fell(f"{self._where}: {error}")
            except Exception as error:
                born = clock()
                self._fell(f"{self._where}: its setup failed: {error}")
                logger.exception("the setup of link %s failed", self.name)

    def _fell(self, reason: str) -> None:
        if reason != self._missing:
            logger.warning("link %s stays down: %s", self.name, reason)
        self._missing = reason
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    # -- messages
    # -----------------------------------------------------------------------------------------------------

    def publish(
        self,
        exchange: str,
        key: str,
        body: bytes,
        properties: Properties | Packed = NONE,
        *,
        mandatory: bool = False,
        then: Callable[[str], None] | None = None,
        returned: Callable[[str], None] | None = None,
    ) -> None:
        """Sends a message. `then("")`: the broker has it. `then(reason)`: nacked, returned, or unknown.
        Called once.

        `then` needs `confirms`; without them, `returned(reason)` reports a mandatory message that no queue
        took. Errors: LinkDown and LinkFull, where nothing was sent; ValueError for what exceeds AMQP or the
        limits.
        """
        life = self._life
        if not self.up or life is None:
            raise LinkDown(self._missing)
        if life.blocked and life.blocked_for() > self.limits.blocked_s:
            raise LinkFull(self.missing)
        if then is not None and not self.confirms:
            raise ValueError("`then` needs a link with confirms")
        life.publish(exchange, key, body, properties, mandatory, then, returned)

    def ack(self, delivery: Delivery, *, multiple: bool = False) -> None:
        """It is done (`multiple`: and all before it). Nothing happens for one of an earlier connection: that
        one comes again.
        """
        if self._life is not None:
            self._life.ack(delivery, multiple)

    def reject(self, delivery: Delivery, *, requeue: bool) -> None:
        """It is not done: back into the queue, or away (into its dead-letter exchange, if it has one)."""
        if self._life is not None:
            self._life.reject(delivery, requeue)


def _tell(those: list[Callable[[], None]]) -> None:
    for told in those:
        try:
            told()
        except Exception:  # one callback that fails must not stop the others
            logger.exception("told of a link, somebody failed")
