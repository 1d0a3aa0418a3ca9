"""Signatures made ahead of the connections, in processes of their own where that is worth it (edge, A21).

RSA costs 0.3 ms a message, ten times what filling it does: there the processors are the limit, so all but one of them
sign. Ed25519 costs so little that asking somebody else would cost more; it is done on the spot.
"""

import asyncio
import marshal
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from newsletter.delivery.signatory import LENGTH, group_to_send, keys_to_send
from newsletter.message.dkim import Signer
from subscribers.clock import Clock

GROUP = 8
"""Messages that one process is asked to sign together: asking costs as much as filling a few."""
GROUPS_WAITING = 3
"""Groups per process that are written ahead, so that none waits for work."""
MOST_PROCESSES = 3
"""More than one event loop can feed, so more would only take memory."""
WORTH_IT = 1000
"""Recipients; for fewer, starting processes takes longer than signing."""
PATIENCE = 10.0
"""Seconds that a process may take to sign a group, its start included; after that it is taken for dead."""
GOODBYE = 2.0
"""Seconds that a process may take to end."""


def processes_for(signer: Signer, audience: int) -> int:
    """How many processes should sign a job of so many recipients; 0 for none."""
    has_rsa = any(isinstance(key.private, RSAPrivateKey) for key in signer.keys)
    if not has_rsa or audience < WORTH_IT:
        return 0
    return min(MOST_PROCESSES, len(os.sched_getaffinity(0)) - 1)


class SigningPool:
    """Signs groups of messages; a process that dies is not missed: what it had is signed here."""

    def __init__(self, signer: Signer, processes: int, clock: Clock) -> None:
        self._signer, self._clock = signer, clock
        self._number = processes
        self._signatories: list[_Signatory] = []

    @property
    def room(self) -> int:
        """Groups that may be on their way at once."""
        return GROUPS_WAITING * max(1, self._number)

    async def start(self) -> None:
        """Start the processes; without any that starts, all is signed here."""
        for _ in range(self._number):
            with suppress(OSError):
                self._signatories.append(await _Signatory.started(self._signer))

    async def signatures(self, messages: Sequence[bytes]) -> list[bytes]:
        """The header lines that go before each message; raises MessageShapeError for what is no message."""
        at = self._clock()
        alive = [signatory for signatory in self._signatories if signatory.is_alive]
        if alive:
            least_busy = min(alive, key=lambda signatory: signatory.waiting)
            try:
                async with asyncio.timeout(PATIENCE):
                    return await least_busy.ask(group_to_send(messages, int(at.timestamp())))
            except (OSError, EOFError):  # it died, or hangs: a TimeoutError is an OSError
                least_busy.kill()
        return [self._signer.signatures(message, at) for message in messages]

    async def close(self) -> None:
        """End the processes."""
        for signatory in self._signatories:
            await signatory.close()


@asynccontextmanager
async def signing_pool(signer: Signer | None, audience: int, clock: Clock) -> AsyncIterator[SigningPool | None]:
    """A pool for what `signer` has to sign for so many recipients, None without a signer."""
    if signer is None:
        yield None
        return
    pool = SigningPool(signer, processes_for(signer, audience), clock)
    await pool.start()
    try:
        yield pool
    finally:
        await pool.close()


class _Signatory:
    """One process that signs; it answers in the order in which it is asked."""

    def __init__(self, process: Process) -> None:
        if process.stdin is None or process.stdout is None:
            msg = "a process without pipes"
            raise ValueError(msg)
        self._process, self._to, self._back = process, process.stdin, process.stdout
        self._is_killed = False
        self._asked: deque[asyncio.Future[list[bytes]]] = deque()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def started(cls, signer: Signer) -> "_Signatory":
        """Start one and give it its keys; raises OSError."""
        program = "newsletter.delivery.signatory"
        # -P: nothing is imported from the folder in which the command happens to be run: it will hold private keys
        process = await asyncio.create_subprocess_exec(sys.executable, "-P", "-m", program, stdin=PIPE, stdout=PIPE)
        found = cls(process)
        found._to.write(keys_to_send(signer))
        return found

    @property
    def is_alive(self) -> bool:
        """Whether it answers."""
        return not (self._is_killed or self._reading.done() or self._to.is_closing())

    @property
    def waiting(self) -> int:
        """Groups that it was asked for and has not signed yet."""
        return len(self._asked)

    async def ask(self, group: bytes) -> list[bytes]:
        """Its answer; raises EOFError or OSError if it died."""
        if not self.is_alive:
            raise EOFError("the process that signs ended")
        self._to.write(group)
        answer: asyncio.Future[list[bytes]] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        return await answer

    async def _read(self) -> None:
        """Hand out the answers until there are no more."""
        try:
            while True:
                size = LENGTH.unpack(await self._back.readexactly(LENGTH.size))[0]
                found: list[bytes] = marshal.loads(await self._back.readexactly(size))  # noqa: S302 - from our own child
                if not (answer := self._asked.popleft()).done():
                    answer.set_result(found)
        except (OSError, EOFError, ValueError, TypeError):  # the end, or what no signatory says
            self.kill()
        finally:
            for answer in self._asked:
                if not answer.done():
                    answer.set_exception(EOFError("the process that signs ended"))

    def kill(self) -> None:
        """End it at once, if it has not ended."""
        self._is_killed = True
        with suppress(ProcessLookupError):
            self._process.kill()

    async def close(self) -> None:
        """It ends when its input does; who does not is not waited for."""
        self._to.close()
        try:
            await asyncio.wait_for(self._process.wait(), GOODBYE)
        except TimeoutError:
            self.kill()
            await self._process.wait()
        await self._reading
