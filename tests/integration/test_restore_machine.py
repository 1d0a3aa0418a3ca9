"""Whatever happens between backups and restores, in any order: nobody who left is mailed, nothing erased returns,
and no issue goes out again (I6, I11). Hypothesis plays the operator and the public, and a small model the memory.
"""

import shutil
import tempfile
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from newsletter.delivery.outcome import OPEN
from newsletter.store import archive, jobs
from newsletter.store.restore_checks import LedgerError
from subscribers.errors import ConfigurationError
from subscribers.returning import undo_ending
from subscribers.transactions import writing
from tests.support.backups import LIST, Shop, copied, shop

PEOPLE = [f"{name}@example.org" for name in ("aafke", "bram", "carla")]
SLUGS = ["lente", "zomer"]
people = st.sampled_from(PEOPLE)


@dataclass
class One:
    """What is known of one person: active, ended, suppressed; the row's own name; when they left."""

    state: str
    name: int
    left_at: datetime | None = None


@dataclass
class Memory:
    """What a store holds."""

    people: dict[str, One] = field(default_factory=dict)
    jobs: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)


class RestoreMachine(RuleBasedStateMachine):
    """`memory` is what the store should hold; `events` is what the ledger should."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="restore-machine-"))
        self.opened = shop(self.folder)
        self.shop: Shop = self.opened.__enter__()
        self.memory, self.events, self.backups = Memory(), [], []
        self.names = 0
        self.erased: set[bytes] = set()
        for address in PEOPLE:
            self.sign_up(address)
        self.backup()

    def teardown(self) -> None:
        """Whatever came before, it ends with restores."""
        if not hasattr(self, "opened"):
            return
        try:
            for backup in [self.backups[-1], self.backups[0]]:
                self._restore(*backup)
                self.the_store_is_as_remembered()
                self.nothing_restored_goes_out_again()
        finally:
            self.opened.__exit__(None, None, None)
            shutil.rmtree(self.folder)

    def one(self, address: str) -> One | None:
        return self.memory.people.get(address)

    # ------------------------------------------------------------ the public

    @rule(address=people)
    def sign_up(self, address: str) -> None:
        one = self.one(address)
        self.shop.join(address)
        if one is None:
            self.names += 1
            self.memory.people[address] = One("active", self.names)
        elif one.state == "ended":
            one.state, one.left_at = "active", None

    @rule(address=people)
    def leave(self, address: str) -> None:
        one = self.one(address)
        if one and one.state == "active":
            self.shop.leave(address)
            one.state, one.left_at = "ended", self.shop.now
            self.events.append(("left", one.name, self.shop.now))

    @rule(address=people)
    def take_back(self, address: str) -> None:
        one = self.one(address)
        if one and one.state == "ended":
            with writing(self.shop.engine) as connection:
                undo_ending(connection, self.shop.ref(address), now=self.shop.tick(), record=self.shop.ledger.append)
            one.state, one.left_at = "active", None
            self.events.append(("returned", one.name, self.shop.now))

    @rule(address=people)
    def complain(self, address: str) -> None:
        one = self.one(address)
        if one and one.state != "suppressed":
            self.shop.suppress(address)
            one.left_at = one.left_at or self.shop.now
            one.state = "suppressed"
            self.events.append(("suppressed", one.name, self.shop.now))

    @rule(address=people)
    def erase(self, address: str) -> None:
        person, one = self.shop.person(address), self.one(address)
        self.shop.erase(address)
        if one:
            assert person
            self.erased |= {person.ref, *(item.ref for item in person.subscriptions)}
            del self.memory.people[address]
            self.events.append(("erased", one.name, self.shop.now))

    # ------------------------------------------------------------ the operator

    @rule(slug=st.sampled_from(SLUGS))
    def send(self, slug: str) -> None:
        self.shop.plan(slug)
        if slug not in self.memory.jobs:
            self.memory.jobs.add(slug)
            self.events.append(("planned", slug, self.shop.now))

    @rule(slug=st.sampled_from(SLUGS), shown=st.booleans())
    def withdraw(self, slug: str, *, shown: bool) -> None:
        job = jobs.find_job(self.shop.engine, LIST, slug)
        if job is None or job.digest.startswith("lost-"):
            return
        if job.state == "planned":
            jobs.change_job(self.shop.engine, job.id, jobs.JobEvent.START, self.shop.tick())
        at = None if shown else self.shop.tick()
        if archive.withdraw(self.shop.engine, LIST, slug, at, record=self.shop.ledger.append):
            (self.memory.withdrawn.discard if shown else self.memory.withdrawn.add)(slug)
            self.events.append(("shown" if shown else "withdrawn", slug, self.shop.now))

    @rule(days=st.sampled_from([1, 10, 24]))
    def wait(self, days: int) -> None:
        self.shop.tick(days=days)
        self.shop.retain()
        self._forget_due(self.memory, record=True)

    @rule()
    def backup(self) -> None:
        made = self.shop.backup()
        safe = copied(made.path, self.folder / "elsewhere")
        self.backups.append((safe, deepcopy(self.memory), len(self.events), self.shop.now))

    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        self._restore(*data.draw(st.sampled_from(self.backups)))

    def _restore(self, path: Path, memory: Memory, known: int, made_at: datetime) -> None:
        before = deepcopy(self.memory)
        try:
            self.shop.restore(path)
        except LedgerError:
            assert self.shop.now - made_at > timedelta(days=27), "refused without a reason"
            assert self.memory == before
            return
        self.memory = deepcopy(memory)
        for event in self.events[known:]:
            self._replayed(*event)
        self._forget_due(self.memory, record=True)
        with pytest.raises(ConfigurationError, match="restored"):
            self.shop.check()
        self.shop.accept()
        self.shop.check()

    def _replayed(self, what: str, which: object, at: datetime) -> None:
        address, one = next(
            ((address, one) for address, one in self.memory.people.items() if one.name == which), ("", None)
        )
        match what:
            case "planned":
                if which not in self.memory.jobs:  # its text is lost
                    self.memory.withdrawn.add(str(which))
                self.memory.jobs.add(str(which))
            case "withdrawn":
                self.memory.withdrawn.add(str(which))
            case "shown":
                job = jobs.find_job(self.shop.engine, LIST, str(which))
                if job and not job.digest.startswith("lost-"):
                    self.memory.withdrawn.discard(str(which))
            case "left" if one and one.state == "active":
                one.state, one.left_at = "ended", at
            case "returned" if one and one.state == "ended":
                one.state, one.left_at = "active", None
            case "suppressed" if one and one.state != "suppressed":
                one.state, one.left_at = "suppressed", one.left_at or at
            case "erased" if one:
                del self.memory.people[address]

    def _forget_due(self, memory: Memory, *, record: bool) -> None:
        for address, one in list(memory.people.items()):
            if one.left_at and self.shop.person(address) is None:
                assert self.shop.now - one.left_at > timedelta(days=21), "erased too early"
                del memory.people[address]
                if record:
                    self.events.append(("erased", one.name, self.shop.now))

    # ------------------------------------------------------------ what must hold

    @invariant()
    def the_store_is_as_remembered(self) -> None:
        if not hasattr(self, "shop"):
            return
        for address in PEOPLE:
            one = self.one(address)
            expected = {None: "gone", "active": "active"}.get(one.state if one else None, "ended")
            assert self.shop.state(address) == expected, address
            person = self.shop.person(address)
            if person:
                assert bool(person.suppressed) == (one is not None and one.state == "suppressed")
                assert not {person.ref, *(item.ref for item in person.subscriptions)} & self.erased
        for slug in SLUGS:
            job = jobs.find_job(self.shop.engine, LIST, slug)
            assert (job is not None) == (slug in self.memory.jobs), slug
        shown = {item.slug for item in archive.editions(self.shop.engine) if item.withdrawn_at is None}
        assert not shown & self.memory.withdrawn

    @invariant()
    def nothing_restored_goes_out_again(self) -> None:
        if not hasattr(self, "shop"):
            return
        for slug in self.memory.jobs:
            job = jobs.find_job(self.shop.engine, LIST, slug)
            assert job
            if any(state in OPEN for state in self.shop.deliveries(job)):
                planned = [at for what, which, at in self.events if what == "planned" and which == slug]
                assert planned
                assert job.created_at == planned[-1], "planned anew, or out of a backup"


@pytest.mark.timeout(1200)
def test_any_sequence_of_backups_and_restores_keeps_the_promise(*, is_full: bool) -> None:
    examples, steps = (200, 40) if is_full else (12, 15)
    RestoreMachine.TestCase.settings = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=not is_full,
    )
    RestoreMachine.TestCase().runTest()
