"""[feedback] of newsletter.toml: safe defaults, strict values, and the starter says what is true."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from newsletter.config_feedback import Feedback, ImapMailbox, Listen

ROOT = Path(__file__).resolve().parents[2]
IMAP: dict[str, Any] = {"host": "imap.example.org", "username": "nieuws@example.org", "password_file": "imap-password"}


def test_without_a_word_it_listens_on_this_machine_by_lmtp_and_reads_no_mailbox() -> None:
    found = Feedback()
    assert (found.listen.protocol, found.listen.address, found.imap) == ("lmtp", "127.0.0.1:2424", None)
    assert (found.soft_limit, found.soft_days, found.policy_limit, found.human_days) == (3, 90, 20, 21)
    assert found.trusted_authserv == ()


def test_the_starter_shows_every_setting_with_its_default() -> None:
    text = (ROOT / "templates" / "starters" / "newsletter.toml").read_text()
    lines = re.search(r"# \[feedback\].*?(?=# \[backup\])", text, re.DOTALL)
    assert lines
    shown = tomllib.loads(re.sub(r"^# ", "", lines[0], flags=re.MULTILINE))["feedback"]
    default = Feedback(imap=ImapMailbox(**IMAP)).model_dump()
    assert set(default) == set(shown)
    assert set(default["listen"]) == set(shown["listen"])
    assert set(default["imap"]) - {"password"} == set(shown["imap"])
    for name in ("soft_limit", "soft_days", "policy_limit", "human_days", "kept_mails", "kept_megabytes"):
        assert shown[name] == default[name]
    assert shown["listen"] == default["listen"]
    for name in ("security", "folder", "done_folder", "minutes", "megabytes"):
        assert shown["imap"][name] == default["imap"][name]


@pytest.mark.parametrize("address", ["127.0.0.1:2424", "localhost:24", "[::1]:2424", "unix:/run/newsletter/feedback"])
def test_addresses_to_listen_at(address: str) -> None:
    assert Listen(address=address).address == address


@pytest.mark.parametrize(
    "address", ["", "unix:", "127.0.0.1", ":24", "127.0.0.1:", "h:99999", "h:-1", "h:²", "unix:/a\0"]
)
def test_what_is_no_address_to_listen_at_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        Listen(address=address)


def test_ports_follow_from_the_security() -> None:
    assert ImapMailbox(**IMAP).port_number == 993
    assert ImapMailbox(**IMAP, security="starttls").port_number == 143
    assert ImapMailbox(**IMAP, port=1993).port_number == 1993


@pytest.mark.parametrize(
    "change",
    [
        {"security": "none"},
        {"password": "x"},
        {"password_file": None},
        {"done_folder": "INBOX"},
        {"human_folder": "Newsletter-done"},
        {"folder": 'IN"BOX'},
        {"folder": "Postvak\r\nIN"},
        {"folder": "Postvak é"},
        {"username": "a\nb"},
    ],
)
def test_a_mailbox_without_protection_or_with_folders_in_each_others_way_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ImapMailbox(**{**IMAP, **change})


@pytest.mark.parametrize("change", [{"human_days": 28}, {"soft_limit": 1}, {"policy_limit": 0}, {"keep_days": 7}])
def test_days_beyond_the_promise_and_limits_of_one_event_are_refused(change: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Feedback(**change)
