"""`subscribers show` and `jobs show` in words for an operator: nothing of the program's own, nothing said twice."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from newsletter.cli.known_words import OperatorWords, rows_of, without_code

WORDS = OperatorWords(language="en", zone=ZoneInfo("Europe/Amsterdam"))
REFUSED = {
    "state": "refused",
    "reason": "no-such-address",
    "code": 550,
    "reply": "550 5.1.1 unknown user",
    "updated_at": datetime(2027, 6, 14, 7, 30, tzinfo=UTC),
    "send_job_list": "nieuwsbrief",
    "send_job_slug": "zomereditie",
}


def test_a_delivery_is_told_in_words_without_the_code_twice() -> None:
    assert WORDS.heading("delivery") == "Mailing"
    assert rows_of("delivery", REFUSED, WORDS) == [
        ("What became of it", "refused"),
        ("Reason", "the address does not exist"),
        ("Reply code", "550"),
        ("Reply of the mail server", "5.1.1 unknown user"),
        ("Since", "Monday 14 June 2027 at 9:30"),
        ("List", "nieuwsbrief"),
        ("Issue", "zomereditie"),
    ]


def test_what_is_empty_is_left_out_and_what_has_no_words_is_shown_as_it_is() -> None:
    row = {"name": "", "attributes": {"gemeente": "Ede"}, "new_column": "value", "reason": "less-often"}
    assert rows_of("new_table", row, WORDS) == [
        ("Attributes", "gemeente: Ede"),
        ("New column", "value"),
        ("Reason", "chose fewer mails"),
    ]
    assert without_code(None, "550 x") == "550 x"
