"""Processes that send a job, and `kill -9` over and over; what the relay of the test took is the witness (I3, A24)."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from newsletter.delivery.job import JobState, SendJob
from newsletter.delivery.outcome import State
from newsletter.store import jobs
from tests.support.processes import children_of, members_of
from tests.support.sending import World
from tests.support.smtp import ScriptedServer

ROOT = Path(__file__).resolve().parents[2]
LANES = 3
"""Connections of the process of tests/support/sending_runner.py."""
GONE_SECONDS = 10.0
"""Within which nothing may be left of a process that was killed; it takes some milliseconds of a machine at rest."""

Process: TypeAlias = subprocess.Popen[str]


@contextmanager
def running(
    world: World, job: SendJob, port: int, size: int = 300, *more: str, limit: int | None = None
) -> Iterator[Process]:
    """The job in a process of its own, which is gone at the end; `limit`: octets that no file may grow beyond."""
    command = [sys.executable, "-m", "tests.support.sending_runner", str(world.engine.url), str(world.folder)]
    command += [str(port), str(job.id), str(size), *more]
    limited = limit and (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=limited,  # noqa: PLW1509 - a limit, set by the child alone
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def running_to_the_end(world: World, job: SendJob, port: int, *more: str) -> Iterator[Process]:
    """The same, and unless somebody kills it it comes to a good end and says nothing."""
    with running(world, job, port, 300, *more) as process:
        yield process
        if process.wait(60) != -signal.SIGKILL:
            assert process.returncode in {0, 1}
            assert process.stderr.read() == ""


def wait_for(condition: Callable[[], object], seconds: float = 90.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.002)


def assert_exact(world: World, job: SendJob, server: ScriptedServer) -> int:
    """Nobody is lost, nobody got it twice; how many are unknown."""
    counts = world.counts(job)
    assert sum(counts.values()) == job.audience
    assert max(server.times.values(), default=1) == 1, "sent twice"
    sent, unknown = world.addresses(job, State.SENT), world.addresses(job, State.UNKNOWN)
    assert not sent - set(server.accepted), ("sent without having been accepted", counts)
    assert not set(server.accepted) - sent - unknown, ("accepted and not known to be", counts)
    return len(unknown)


@dataclass(kw_only=True)
class Harness:
    """Kills whoever sends, at random points, until there were `wanted` kills and the last job is done."""

    world: World
    server: ScriptedServer
    plan: Callable[[int], SendJob]
    """The job of this number, from 1 on."""
    begin: Callable[[SendJob], AbstractContextManager[Process]]
    """A process that sends it; at the end it has ended."""
    wanted: int
    most: int = 25
    """Messages between two kills, at most."""
    lanes: int = LANES
    kinds: tuple[str, ...] = ("sender",)
    """What is killed, by turns: the sender, its whole `group`, or a `signer`, one who signs for it."""
    chance: random.Random = field(default_factory=lambda: random.Random(20270614))
    kills: Counter[str] = field(default_factory=Counter)
    """Kills so far, of each kind."""
    orphans: int = 0
    """Those who signed for a sender that was killed alone; each was gone soon."""
    unknown: int = 0
    _turn: int = 0
    _next_look: float = 0.0

    def run(self, name: str) -> None:
        """Kill, assert, and say what it came to."""
        number = 0
        while self.done < self.wanted:
            number += 1
            self._send(self.plan(number))
        said = ", ".join(f"{kind} {count}" for kind, count in self.kills.items())
        sys.stdout.write(f"{name}: {said}; lost 0, doubled 0, unknown {self.unknown}\n")

    @property
    def done(self) -> int:
        return self.kills.total()

    @property
    def _kind(self) -> str:
        return self.kinds[self._turn % len(self.kinds)]

    def _kill(self, kind: str, process: Process) -> bool:
        """Whether the sender died; without anybody who signs for it, nobody may be killed."""
        signers = children_of(process.pid)
        if kind == "signer":
            if signers:
                os.kill(self.chance.choice(signers), signal.SIGKILL)
                self.kills[kind] += 1
            return False
        if kind == "group":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
            self.orphans += len(signers)
        process.wait()
        self.kills[kind] += 1
        wait_for(lambda: not members_of(process.pid), GONE_SECONDS)
        return True

    def _send(self, job: SendJob) -> None:
        """Run after run, until the job is finished; then all must be accounted for."""
        self.server.accepted.clear()
        self.server.messages.clear()
        in_flight = 0
        while not self._is_finished(job):
            in_flight += self._run(job)
        unknown = assert_exact(self.world, job, self.server)
        assert self.world.counts(job).keys() <= {State.SENT, State.UNKNOWN}
        assert unknown <= in_flight
        self.unknown += unknown

    def _run(self, job: SendJob) -> int:
        """One process, until it is killed or done; how many may be unknown because of that."""
        before = self._journals()
        with self.begin(job) as process:
            while self.done < self.wanted and self._comes_to_a_point(process, job, before):
                kind, self._turn = self._kind, self._turn + 1
                if self._kill(kind, process):
                    return self.lanes
            wait_for(lambda: self._is_over(process, job))
        return 0

    def _comes_to_a_point(self, process: Process, job: SendJob, before: set[Path]) -> bool:
        """Wait until it has just begun, or the server took some more; False if it ended before.

        Not the first time, nor to kill who signs: nobody does so yet.
        """
        if self.kills and self._kind != "signer" and self.chance.random() < 0.2:
            is_there, pause = (lambda: self._journals() - before), 0.03
        else:
            target = len(self.server.accepted) + self.chance.randint(1, self.most)
            is_there, pause = (lambda: len(self.server.accepted) >= target), 0.004
        wait_for(lambda: is_there() or self._is_over(process, job))
        if not is_there():
            return False
        time.sleep(self.chance.random() * pause)
        return process.poll() is None

    def _is_over(self, process: Process, job: SendJob) -> bool:
        """Whether it ended, or the job did; the store is asked now and then only."""
        if process.poll() is not None:
            return True
        now = time.monotonic()
        if now < self._next_look:
            return False
        self._next_look = now + 0.05
        return self._is_finished(job)

    def _is_finished(self, job: SendJob) -> bool:
        return jobs.get_job(self.world.engine, job.id).state is JobState.FINISHED

    def _journals(self) -> set[Path]:
        return set((self.world.folder / "spool").glob("*.journal"))
