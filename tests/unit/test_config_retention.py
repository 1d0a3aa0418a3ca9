"""`[retention]` and `[privacy]`: general periods, lists that differ, the page by default, limits (B1, B2, I4)."""

from pathlib import Path

import pytest

from newsletter.config import Configuration, load
from newsletter.config_retention import ListRetention
from subscribers.errors import ConfigurationError
from subscribers.retention import Period, Rule

BASE = """
[site]
base_url = "https://nieuws.example.org/pad"
[relays.main]
host = "127.0.0.1"
port = 2525
security = "none"
"""
LIST = """
[lists.{slug}]
title = "Nieuws"
from = "nieuws@example.org"
unsubscribe_mailbox = "af@example.org"
basis = "consent"
controller = "Organisatie Voorbeeld"
"""


def read(folder: Path, *more: str, environment: dict[str, str] | None = None) -> Configuration:
    file = folder / "newsletter.toml"
    file.write_text(BASE + "\n".join(more))
    return load(file, environment or {})


def a_list(slug: str = "nieuws", *lines: str) -> str:
    return LIST.format(slug=slug) + "\n".join(lines)


def periods(configuration: Configuration, slug: str = "nieuws") -> dict[str, str]:
    return configuration.policies[slug].in_words()


def test_every_rule_has_a_safe_period_by_default_rule_b2(tmp_path: Path) -> None:
    assert periods(read(tmp_path, a_list())) == {
        "unsubscribed": "21 days",
        "hard-bounced": "21 days",
        "complained": "21 days",
        "unconfirmed": "7 days",
        "deliveries": "90 days",
    }


def test_a_bare_period_of_a_list_is_that_of_who_left(tmp_path: Path) -> None:
    configuration = read(tmp_path, a_list("nieuws", 'retention = "1 month"'), "[backup]\n")
    assert configuration.lists["nieuws"].retention == Period(None)
    assert periods(configuration)["complained"] == "1 month"
    assert periods(configuration)["unconfirmed"] == "7 days"


def test_lists_follow_the_general_table_and_say_what_differs(tmp_path: Path) -> None:
    general = "[retention]\nunsubscribed = 14\nhard_bounced = 3\ndeliveries = 30\n"
    own = a_list("agenda", "[lists.agenda.retention]", "deliveries = 60", 'complained = "2 days"')
    configuration = read(tmp_path, general, a_list(), own, a_list("kort", "retention = 2"))
    assert periods(configuration)["unsubscribed"] == "14 days"
    assert periods(configuration, "agenda") == {
        "unsubscribed": "14 days",
        "hard-bounced": "3 days",
        "complained": "2 days",
        "unconfirmed": "7 days",
        "deliveries": "60 days",
    }
    assert periods(configuration, "kort")["unsubscribed"] == "2 days"
    assert periods(configuration, "kort")["hard-bounced"] == "3 days"


def test_the_environment_may_set_a_period(tmp_path: Path) -> None:
    configuration = read(tmp_path, a_list(), environment={"NEWSLETTER__RETENTION__UNSUBSCRIBED": "9 days"})
    assert periods(configuration)["unsubscribed"] == "9 days"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[retention]\nunsubscribed = 28\n", "retention.unsubscribed"),
        ('[retention]\nunconfirmed = "1 month"\n', "retention.unconfirmed"),
        ("[retention]\ndeliveries = 6\n", "retention.deliveries"),
        ("[retention]\nexports = 28\n", "retention.exports"),
        ("[retention]\nunsubscribe = 3\n", "did you mean 'unsubscribed'"),
        ("[privacy]\nsuppress_days = 2000\n", "privacy.suppress_days"),
        ('[[privacy.processors]]\nname = "A"\ntask = "b"\ncountry = "VS"\n', "needs a safeguard"),
    ],
)
def test_what_breaks_the_promise_is_refused_rule_i4(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text, a_list())
    assert where in str(caught.value)


def test_a_period_of_a_list_beyond_the_promise_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not a period of 1 to 27 days"):
        read(tmp_path, a_list("nieuws", "retention = 40"))


def test_without_an_address_of_its_own_the_statement_is_our_page_rule_b7(tmp_path: Path) -> None:
    configuration = read(tmp_path, a_list(), a_list("eigen", 'privacy_url = "https://example.org/privacy"'))
    assert configuration.lists["nieuws"].privacy_url == "https://nieuws.example.org/pad/privacy/nieuws"
    assert configuration.lists["eigen"].privacy_url == "https://example.org/privacy"


def test_marks_of_erased_addresses_are_off_by_default_rule_b10(tmp_path: Path) -> None:
    assert read(tmp_path, a_list()).privacy.mark_days is None
    chosen = "[privacy]\nsuppress_after_erasure = true\nsuppress_days = 100\n"
    assert read(tmp_path, chosen, a_list()).privacy.mark_days == 100


def test_each_rule_of_a_list_can_be_set() -> None:
    """A rule without a key could only ever have its default."""
    keys = {rule.value.replace("-", "_") for rule in Rule} - {"on_request", "left_over", "again", "corrected"}
    assert keys == set(ListRetention.model_fields)
