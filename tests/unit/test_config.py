"""newsletter.toml is read strictly, and what is wrong is said with the remedy."""

from pathlib import Path

import pytest

from newsletter.config import Configuration, find_file, load
from newsletter.config_values import attribute_names, parse_mailbox
from subscribers.errors import ConfigurationError

SMALLEST = """
[site]
base_url = "http://127.0.0.1:8080"

[relays.main]
host = "127.0.0.1"
port = 2525
security = "none"

[lists.nieuwsbrief]
title = "Nieuwsbrief Voorbeeld"
language = "nl"
from = "Programma Voorbeeld <nieuwsbrief@example.org>"
unsubscribe_mailbox = "afmelden@example.org"
basis = "consent"
controller = "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad"
privacy_url = "https://example.org/privacy"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def read(folder: Path, text: str, **environment: str) -> Configuration:
    file = folder / "newsletter.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, environment)


def refused(folder: Path, text: str, **environment: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(folder, text, **environment)
    return str(caught.value)


def test_the_smallest_configuration_works(folder: Path) -> None:
    configuration = read(folder, SMALLEST)
    assert configuration.data_dir == folder / "data"
    assert configuration.database_url == f"sqlite:///{folder / 'data' / 'newsletter.sqlite3'}"
    assert configuration.mailing_list("nieuwsbrief").sender.address == "nieuwsbrief@example.org"
    assert str(configuration.mailing_list("nieuwsbrief").retention) == "21 days"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (SMALLEST.replace("base_url", "base_uri"), "did you mean 'base_url'"),
        (SMALLEST.replace("controller", "controler"), "did you mean 'controller'"),
        (SMALLEST.replace("[relays.main]", "[relais.main]"), "did you mean 'relays'"),
        (SMALLEST + 'folder = "x"\n', "unknown key"),
        ('folder = "x"\n' + SMALLEST, "unknown key 'folder'"),
        (SMALLEST.replace('"http://127.0.0.1:8080"', '"127.0.0.1"'), "not an absolute http(s) address"),
        (SMALLEST.replace("<nieuwsbrief@", "<noreply@"), "readers must be able to answer (B6)"),
        (SMALLEST.replace("<nieuwsbrief@", "<nieuws brief@"), "not a mailbox"),
        (SMALLEST.replace('"Nieuwsbrief Voorbeeld"', '"Nieuws\\r\\nBcc: x@example.org"'), "one line"),
        (SMALLEST + 'retention = "28 days"\n', "1 to 27 days"),
        (SMALLEST + 'retention = "2 months"\n', "1 to 27 days"),
        (SMALLEST + "retention = 0\n", "1 to 27 days"),
        (SMALLEST + 'time_zone = "Europe/Amstredam"\n', "not a time zone"),
        (SMALLEST + 'relay = "other"\n', "not among [relays]"),
        (SMALLEST.replace("port = 2525", "port = 70000"), "must be at most 65535"),
        (SMALLEST.replace("[lists.nieuwsbrief]", '[lists."Nieuws Brief"]'), "lists.Nieuws Brief"),
        (SMALLEST.replace('host = "127.0.0.1"', 'host = "smtp.example.org"'), "for a relay on this machine"),
        (SMALLEST.replace('security = "none"', 'security = "none"\nusername = "u"'), "no password"),
        (SMALLEST.replace('security = "none"', 'security = "none"\npassword = "p"'), "no username"),
        ("[site\n", "not TOML"),
        ("x = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("x = " + "9" * 5000, "not TOML"),
        ('site.data_dir = "\\u0000x"\n', "one line of text"),
        (SMALLEST.replace("http://127.0.0.1:8080", "http://a:b"), "not an absolute http(s) address"),
        (SMALLEST.replace("http://127.0.0.1:8080", "http://a:99999"), "not an absolute http(s) address"),
        (SMALLEST.replace("http://127.0.0.1:8080", "http://[::1"), "not an absolute http(s) address"),
        (SMALLEST.replace("http://127.0.0.1:8080", "http://a b/"), "not an absolute http(s) address"),
        (SMALLEST.replace('"none"', '"none"\nhello_name = "a\\r\\nMAIL FROM:<x>"'), "not a host name"),
        (SMALLEST.replace('host = "127.0.0.1"', f'host = "{"a" * 64}.example.org"'), "not a host name"),
        (SMALLEST.replace('host = "127.0.0.1"', 'host = ""'), "not a host name"),
        (SMALLEST + 'domain = "a\\r\\nb.example"\n', "not a host name"),
        (SMALLEST + 'attributes = ["status"]\n', "the import reads"),
        (SMALLEST + 'attributes = ["gemeente", "e-mail"]\n', "'e-mail'"),
        (SMALLEST + 'attributes = ["unsubscribe-url"]\n', "'unsubscribe-url'"),
        (SMALLEST + 'attributes = ["a-b", "ab"]\n', "'ab' and 'a-b'"),
        ("", "site: missing"),
    ],
)
def test_a_wrong_configuration_is_refused_with_a_remedy(folder: Path, wrong: str, said: str) -> None:
    assert said in refused(folder, wrong)


@pytest.mark.parametrize("value", ["1 month", "1 day", "27 days", "21 dagen"])
def test_periods_within_the_promise_are_accepted(folder: Path, value: str) -> None:
    assert read(folder, SMALLEST + f'retention = "{value}"\n').lists["nieuwsbrief"].retention


def test_every_mistake_is_named_at_once(folder: Path) -> None:
    said = refused(folder, SMALLEST.replace("port = 2525", 'port = "x"').replace("basis", "basus"))
    assert "relays.main.port" in said
    assert "basus" in said
    assert "lists.nieuwsbrief.basis: missing" in said


def test_a_relay_elsewhere_demands_what_the_law_asks(folder: Path) -> None:
    said = refused(
        folder,
        SMALLEST.replace('host = "127.0.0.1"', 'host = "smtp.example.org"').replace('"none"', '"tls"'),
    )
    for key in ("base_url must be https", "reply_to", "contact", "purpose", "permission"):
        assert key in said


def test_the_environment_overrides_and_holds_secrets(folder: Path) -> None:
    configuration = read(
        folder,
        SMALLEST.replace('security = "none"', 'security = "none"\nusername = "programma"'),
        NEWSLETTER__RELAYS__MAIN__PASSWORD="geheim",
        NEWSLETTER__RELAYS__MAIN__PORT="2526",
        NEWSLETTER__LISTS__NIEUWSBRIEF__TITLE="Anders",
    )
    relay = configuration.relays["main"]
    assert relay.port == 2526
    assert configuration.relay_password(relay) == "geheim"
    assert configuration.lists["nieuwsbrief"].title == "Anders"
    assert "geheim" not in repr(configuration)


def test_a_wrong_secret_in_the_environment_is_not_printed(folder: Path) -> None:
    assert "hunter2" not in refused(folder, SMALLEST, NEWSLETTER__RELAYS__MAIN__PASSWORD="hunter2")


def test_a_password_file_that_is_missing_is_named(folder: Path) -> None:
    configuration = read(
        folder, SMALLEST.replace('security = "none"', 'security = "none"\nusername = "u"\npassword_file = "secret"')
    )
    with pytest.raises(ConfigurationError, match="password_file cannot be read"):
        configuration.relay_password(configuration.relays["main"])
    (folder / "secret").write_text("geheim\n")
    (folder / "secret").chmod(0o600)
    assert configuration.relay_password(configuration.relays["main"]) == "geheim"


def test_an_unknown_list_names_the_nearest(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'nieuwsbrief'"):
        read(folder, SMALLEST).mailing_list("niewsbrief")


def test_the_file_is_found_in_a_folder_above(folder: Path) -> None:
    read(folder, SMALLEST)
    (folder / "issues" / "2027").mkdir(parents=True)
    assert find_file(folder / "issues" / "2027") == folder.resolve() / "newsletter.toml"


def test_a_missing_file_says_how_to_begin(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="newsletter init"):
        find_file(folder)


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("a@example.org", "", "a@example.org"),
        ("Naam <a@example.org>", "Naam", "a@example.org"),
        ('"Naam, Achter" <a@example.org>', "Naam, Achter", "a@example.org"),
        ("Één <a@gemeente-één.example>", "Één", "a@xn--gemeente-n-j7aa.example"),
    ],
)
def test_mailboxes_are_read(text: str, name: str, address: str) -> None:
    assert parse_mailbox(text) == {"name": name, "address": address}


@pytest.mark.parametrize("name", ["smtp.example.org", "mail_catcher", "MAIL", "::1", "192.0.2.1"])
def test_host_names_and_numbers_are_accepted_for_a_relay(folder: Path, name: str) -> None:
    text = SMALLEST.replace('host = "127.0.0.1"', f'host = "127.0.0.1"\nhello_name = "{name}"')
    assert read(folder, text).relays["main"].hello_name == name


def test_a_host_outside_ascii_is_kept_as_its_a_label(folder: Path) -> None:
    text = SMALLEST.replace('"none"', '"none"\nhello_name = "gemeente-één.example"')
    assert read(folder, text).relays["main"].hello_name == "xn--gemeente-n-j7aa.example"


@pytest.mark.parametrize("slug", ["language", "gemeente", "rol-2"])
def test_attributes_that_hide_nothing_are_accepted(folder: Path, slug: str) -> None:
    assert read(folder, SMALLEST + f'attributes = ["{slug}"]\n').lists["nieuwsbrief"].attributes == (slug,)


def test_a_relative_database_lies_beside_the_configuration(folder: Path) -> None:
    text = SMALLEST + '[database]\nurl = "sqlite:///own/store.sqlite3"\n'
    assert read(folder, text).database_url == f"sqlite:///{folder}/own/store.sqlite3"


@pytest.mark.parametrize("url", ["sqlite:////srv/n.sqlite3", "postgresql://user@host/name"])
def test_an_absolute_database_is_left_as_it_is(folder: Path, url: str) -> None:
    assert read(folder, SMALLEST + f'[database]\nurl = "{url}"\n').database_url == url


def test_a_file_that_notepad_saved_is_read(folder: Path) -> None:
    (folder / "newsletter.toml").write_text(SMALLEST, encoding="utf-8-sig")
    assert load(folder / "newsletter.toml", {}).lists


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_password_file_that_others_may_read_is_refused(folder: Path, mode: int) -> None:
    text = SMALLEST.replace('security = "none"', 'security = "none"\nusername = "u"\npassword_file = "secret"')
    configuration = read(folder, text)
    (folder / "secret").write_text("geheim\n")
    (folder / "secret").chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        configuration.relay_password(configuration.relays["main"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (SMALLEST.replace("port = 2525", 'port = "x"'), "relays.main.port: must be a whole number, not 'x'"),
        (SMALLEST.replace("port = 2525", "port = 0"), "relays.main.port: must be at least 1"),
        (SMALLEST.replace('"nl"', '"fr"'), "lists.nieuwsbrief.language: must be 'nl' or 'en', not 'fr'"),
        (SMALLEST.replace('"none"', '"none"\nmessages_per_second = 0'), "must be more than 0"),
        (SMALLEST.replace("[lists.nieuwsbrief]", '[lists."Nieuws Brief"]'), "small letters, digits and dashes"),
        (SMALLEST + 'attributes = "gemeente"\n', 'must be a list, such as ["a", "b"]'),
        (SMALLEST.replace('"Nieuwsbrief Voorbeeld"', "3"), "lists.nieuwsbrief.title: must be text in quotes"),
        (SMALLEST.replace('"afmelden@example.org"', "3"), "unsubscribe_mailbox: must be text in quotes"),
        ("site = 3\n", "site: must be a table"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(folder: Path, wrong: str, said: str) -> None:
    found = refused(folder, wrong)
    assert said in found
    assert not {"Input", "valid", "pattern", "Value"} & set(found.split())


def test_every_mistake_has_a_line_of_its_own_and_none_comes_twice(folder: Path) -> None:
    second = SMALLEST[SMALLEST.index("[lists.") :].replace("nieuwsbrief]", "agenda]")
    text = SMALLEST.replace('host = "127.0.0.1"', 'host = "smtp.example.org"').replace('"none"', '"tls"') + second
    said = refused(folder, text)
    assert said.count("base_url must be https") == 1
    assert all(len(line) < 160 for line in said.splitlines())
    assert len(said.splitlines()) == 4


def test_fewer_mails_cannot_be_promised_for_longer_than_deliveries_are_kept(folder: Path) -> None:
    assert read(folder, SMALLEST + "less_often = 90").mailing_list("nieuwsbrief").less_often == 90
    assert "cannot be counted" in refused(folder, SMALLEST + "less_often = 30\nretention = { deliveries = 20 }")


@pytest.mark.parametrize("value", ["1", "91", '"maandelijks"', "0"])
def test_fewer_mails_is_a_number_of_days(folder: Path, value: str) -> None:
    assert "less_often" in refused(folder, SMALLEST + f"less_often = {value}")


@pytest.mark.parametrize("name", ["ip-adres", "latitude", "optin-ip"])
def test_an_attribute_that_is_never_stored_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is never stored"):
        attribute_names([name])
