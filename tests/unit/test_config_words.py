"""What is wrong with newsletter.toml is said in plain words: what, where, and what to do about it."""

import re
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError

from newsletter.config import Configuration, load
from newsletter.config_words import explained
from newsletter.shipped import templates_dir
from subscribers.errors import ConfigurationError
from tests.unit.test_config import SMALLEST

WRONG: tuple[object, ...] = ("", "x\x00y", 0, -1, 3.5, True, [], [1], {}, {"x": 1}, 10**30, float("nan"))
JARGON = (
    "Input should",
    "parse",
    "permitted",
    "cannot be used",
    "valid ",
    "pattern",
    "instance",
    "type=",
    "Value error",
)


def refused(folder: Path, text: str, **environment: str) -> str:
    file = folder / "newsletter.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(file, environment)
    return str(caught.value)


def keys(model: type[BaseModel], place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key there is, tables of tables under the name `x`."""
    for name, field in model.model_fields.items():
        here = (*place, field.alias or name)
        yield here
        is_named = get_origin(field.annotation) is dict
        for found in (field.annotation, *get_args(field.annotation)):
            if isinstance(found, type) and issubclass(found, BaseModel):
                yield from keys(found, (*here, "x") if is_named else here)


def with_value(place: tuple[str, ...], value: object) -> dict[str, Any]:
    """The smallest configuration with `value` at `place`."""
    values: dict[str, Any] = deepcopy(tomllib.loads(SMALLEST))
    values["relays"]["x"], values["lists"]["x"] = values["relays"]["main"], values["lists"].pop("nieuwsbrief")
    table = values
    for part in place[:-1]:
        if not isinstance(table.get(part), dict):
            table[part] = {}
        table = table[part]
    table[place[-1]] = value
    return values


@pytest.mark.parametrize("place", sorted(set(keys(Configuration)) - {("folder",)}), ids=".".join)
def test_no_wrong_value_of_any_key_is_answered_in_the_words_of_a_library(place: tuple[str, ...]) -> None:
    for value in WRONG:
        try:
            Configuration.model_validate(with_value(place, value))
        except ValidationError as error:
            said = explained(map(dict, error.errors(include_url=False)), Configuration)
            assert not [word for word in JARGON if word in said], said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[feedback.imap]\nusernam = 'x'\n", "feedback.imap.usernam: unknown key; did you mean 'username'?"),
        ("[feedback.listen]\nport = 1\n", "feedback.listen.port: unknown key; it belongs under [relays.NAME] or "),
        ("[retention]\ndeliverys = 3\n", "did you mean 'deliveries'?"),
        ("[pace.groups.google]\nlimits = '1/s'\n", "pace.groups.google.limits: unknown key; did you mean 'limit'?"),
        ("[pace.foo]\na = 1\n", "pace.foo: unknown key; remove it, or use one of: domains, groups"),
        ("[relais.x]\nport = 1\n", "relais: unknown key; did you mean 'relays'?"),
        ("[lists.nieuwsbrief.retention]\nunsubscribd = 3\n", "did you mean 'unsubscribed'?"),
        (
            "[lists.nieuwsbrief.retention]\ndeliveries = 90\nlogo = 'logo.png'\n",
            ".logo: unknown key; it belongs to [lists.nieuwsbrief]: put it above [lists.nieuwsbrief.retention]",
        ),
        (
            "pause_minutes = 5\n",
            "lists.nieuwsbrief.pause_minutes: unknown key; it belongs under [signup]: uncomment or add that line above",
        ),
        ("[limits]\nsoft_limit = 5\n", "it belongs under [feedback]: uncomment or add"),
        ("[limits]\nunconfirmed = 5\n", "it belongs under [lists.NAME.retention] or [retention]: uncomment or add"),
        ("[signup]\nper_hour = 'many'\n", "signup.per_hour: must be a whole number, not 'many'"),
        ("[site.x]\ny = 1\n", "site.x: unknown key"),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest_that_is_known_in_its_own_table(
    tmp_path: Path, text: str, said: str
) -> None:
    assert said in refused(tmp_path, SMALLEST + text)


def test_an_item_of_a_list_is_counted_from_one(tmp_path: Path) -> None:
    said = refused(tmp_path, SMALLEST + "attributes = ['Gemeente!', 'regio', 'e mail']\n")
    assert "lists.nieuwsbrief.attributes, item 1: must be at most" in said
    assert "lists.nieuwsbrief.attributes, item 3: must be at most" in said


def test_what_a_variable_sets_is_named_by_the_variable(tmp_path: Path) -> None:
    said = refused(tmp_path, SMALLEST, NEWSLETTER__RELAYS__MAIN__PORT="many", NEWSLETTER__RELAYS__MAIN__PRT="1")
    assert "relays.main.port, from NEWSLETTER__RELAYS__MAIN__PORT: must be a whole number, not 'many'" in said
    assert "relays.main.prt, from NEWSLETTER__RELAYS__MAIN__PRT: unknown key; did you mean 'port'?" in said


def test_a_table_that_is_missing_is_named_as_it_is_written(tmp_path: Path) -> None:
    assert "site: missing; add a table [site]" in refused(tmp_path, "")


def test_an_unknown_list_is_answered_with_those_there_are(tmp_path: Path) -> None:
    file = tmp_path / "newsletter.toml"
    file.write_text(SMALLEST, encoding="utf-8")
    configuration = load(file, {})
    for slug in ("niewsbrief", "zzz"):
        with pytest.raises(ConfigurationError, match=f"no list '{slug}'") as caught:
            configuration.mailing_list(slug)
        assert "nieuwsbrief" in caught.value.remedy


def test_a_key_uncommented_without_its_table_is_never_taken_for_one_of_the_table_above() -> None:
    """Of the file that `newsletter init` writes; `domain` means one thing to a list, another to a key that signs."""
    active: list[str] = []
    for line in (templates_dir() / "starters" / "newsletter.toml").read_text("utf-8").splitlines():
        if table := re.match(r"(# )?\[+([^\]]+)\]+", line):
            active = [*active, ""] if table[1] else [table[2].replace("nieuwsbrief", "x")]
        elif (key := re.match(r"# (\w+) = ", line)) and "" in active:
            with pytest.raises(ValidationError, match="extra_forbidden"):
                Configuration.model_validate(with_value((*active[0].split("."), key[1]), "x"))
