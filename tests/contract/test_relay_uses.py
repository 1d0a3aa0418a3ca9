"""Who uses a relay, on both databases: what may be used is agreed on in one transaction."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import Engine

from newsletter.delivery import relay_uses
from newsletter.delivery.portions import Portion
from newsletter.delivery.relay_uses import Asking
from subscribers.leases import new_holder
from tests.support.people import NOON

NOTHING = Portion(connections=0)


def look(engine: Engine, holder: str, mine: Portion = NOTHING, is_open: int = 0, seconds: float = 0) -> Portion:
    asking = Asking(relay="main", holder=holder, most=4, mine=mine, is_open=is_open)
    return relay_uses.look(engine, asking, NOON + timedelta(seconds=seconds))


def test_the_second_begins_when_the_first_has_closed_what_is_more_than_its_part(engine: Engine) -> None:
    whole = look(engine, "there|1|a")
    assert whole.connections == 4
    assert look(engine, "there|1|b").connections == 0
    half = look(engine, "there|1|a", whole, 4)
    assert (half.connections, half.parts) == (2, 2)
    assert look(engine, "there|1|b").connections == 0, "it has not closed them yet"
    look(engine, "there|1|a", half, 2)
    assert look(engine, "there|1|b").connections == 2
    relay_uses.leave(engine, "main", "there|1|b")
    assert look(engine, "there|1|a", half, 2) == whole


def test_who_is_not_heard_of_for_a_minute_is_gone_and_who_died_here_at_once(engine: Engine) -> None:
    process = subprocess.Popen(["sleep", "60"])
    dead = new_holder().replace(f"|{os.getpid()}|", f"|{process.pid}|")
    assert look(engine, dead).connections == 4
    assert look(engine, "there|1|b").connections == 0
    process.kill()
    process.wait()
    assert look(engine, "there|1|b", seconds=1).connections == 4
    assert look(engine, "there|1|c", seconds=40).connections == 0
    assert look(engine, "there|1|b", Portion(connections=4), 4, seconds=41).runs == 2, "heard of again"
    assert look(engine, "there|1|c", seconds=70).connections == 0
    assert look(engine, "there|1|c", seconds=140).connections == 4


def test_of_many_who_begin_at_once_none_takes_what_another_has(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda name: look(engine, f"there|1|{name}"), "abcdefgh"))
    assert sorted(item.connections for item in found) == [0] * 7 + [4]
