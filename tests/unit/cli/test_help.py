"""`--help`: every command and every group of commands shows what is really typed."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from newsletter.cli.main import app


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command and group below `group`, by what is typed."""
    context = typer.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield " ".join([*path, name]), command
        if hasattr(command, "list_commands"):
            yield from commands(command, (*path, name))


ROOT = typer.main.get_command(app)
FOUND = {"": ROOT, **dict(commands(ROOT))}


@pytest.mark.parametrize("typed", FOUND)
def test_the_help_of_every_command_and_group_has_an_example(typed: str) -> None:
    said = FOUND[typed].help
    assert "Example" in said
    assert f"newsletter {typed}" in said, "as it is typed"


@pytest.mark.parametrize("typed", FOUND)
def test_the_help_shows_every_word_of_it_also_in_square_brackets(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are Rich's markup; an unescaped one is swallowed."""
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 2000)  # each option on one line
    command = FOUND[typed]
    shown = "".join(CliRunner().invoke(app, [*typed.split(), "--help"], prog_name="newsletter").output.split())
    texts = [command.help, *(getattr(item, "help", None) for item in command.params)]
    texts += [item.metavar for item in command.params]
    for text in texts:
        for line in (text or "").replace("\b", "").splitlines():
            assert "".join(line.replace("\\[", "[").split()) in shown
