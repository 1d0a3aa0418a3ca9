"""How long a server may take (A22)."""

from newsletter.delivery.timeouts import Timeouts


def test_a22_no_wait_is_shorter_than_rfc_5321_section_4_5_3_2_asks():
    waits = Timeouts()
    assert (waits.greeting, waits.mail, waits.rcpt, waits.data, waits.block, waits.dot) == (
        300,
        300,
        300,
        120,
        180,
        600,
    )
