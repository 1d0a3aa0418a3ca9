"""`--help`: every command and every group of commands shows what is really typed."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

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
