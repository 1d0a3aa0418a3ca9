"""What a server says on an open connection is kept only as far as it can be an answer."""

import asyncio

import pytest

from newsletter.delivery.dialogue import MOST_UNREAD, Dialogue, SessionLostError


class Wire(asyncio.Transport):
    """A transport that goes nowhere."""

    is_aborted = False

    def is_closing(self):
        return self.is_aborted

    def abort(self):
        self.is_aborted = True


def after(*data):
    """What is left of the replies, in order, and why there are no more."""

    async def listen():
        dialogue = Dialogue(Wire())
        for one in data:
            dialogue.data_received(one)
        is_lost = dialogue.is_lost
        found = [await dialogue.reply(1) for _ in range(len(dialogue._replies))]
        with pytest.raises(SessionLostError) as caught:
            await dialogue.reply(0.01)
        return [reply.text for reply in found], is_lost, str(caught.value)

    return asyncio.run(listen())


def test_a_server_that_never_stops_talking_is_left_and_fills_no_memory():
    flood = b"".join(b"250 %d\r\n" % number for number in range(8192))
    found, is_lost, why = after(*[flood] * 20)
    assert is_lost
    assert why == "the server says more than it was asked"
    assert found == [str(number) for number in range(MOST_UNREAD)], "the first may be answers"


def test_a_group_of_replies_is_no_flood():
    found, is_lost, _ = after(b"250 dot\r\n250 mail\r\n250 rcpt\r\n354 go\r\n")
    assert found == ["dot", "mail", "rcpt", "go"]
    assert not is_lost
