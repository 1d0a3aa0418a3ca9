"""The stock of a run: who waits for something to send hears of what comes."""

import asyncio
from types import SimpleNamespace
from typing import Any

from newsletter.delivery.control import Pace
from newsletter.delivery.feeder import NEVER, Feeder
from newsletter.delivery.stock import Held
from newsletter.store.claims import Claimed

ONE = Claimed(1, 0, b"r" * 16, "p1@example.org", "", "", {})


def test_what_one_connection_gives_back_goes_to_one_that_waits_for_the_next_slot() -> None:
    running: Any = SimpleNamespace(is_stopping=False)

    def nothing(_: object) -> Any:
        raise AssertionError("the store is not asked")

    async def give_back_while_another_waits() -> Held | None:
        feeder = Feeder(running, Pace(), nothing, nothing)
        waiting = asyncio.create_task(feeder.take())
        await asyncio.sleep(0)
        feeder.put_back(Held(ONE, NEVER))
        return await asyncio.wait_for(waiting, 5)

    held = asyncio.run(give_back_while_another_waits())
    assert held is not None
    assert held.claimed == ONE
