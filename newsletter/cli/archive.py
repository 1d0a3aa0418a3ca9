"""`newsletter archive`: what the web shows of each list, and taking an issue out of it."""

from typing import Annotated

import typer
from rich.table import Table

from newsletter.cli.common import ConfigOption, JsonOption, console, in_short, open_project, print_json
from newsletter.config import Configuration
from newsletter.store.archive import Edition, editions
from newsletter.store.archive import withdraw as set_withdrawn
from subscribers.clock import utc_now
from subscribers.errors import InputError

app = typer.Typer(
    help="""The web archive: list the issues, withdraw one. Without a command: the list.

    \b
    Examples: newsletter archive
              newsletter archive withdraw nieuwsbrief zomereditie
    """,
    invoke_without_command=True,
)


@app.callback()
def list_all(context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the issues that were sent, newest first, and how the web shows them.

    \b
    Example: newsletter archive
    """
    if context.invoked_subcommand:
        return
    project = open_project(config)
    found = editions(project.engine)[::-1]
    if as_json:
        print_json([_value(project.configuration, edition) for edition in found])
        return
    table = Table("Issue", "Sent", "Shown", "Address", box=None, pad_edge=False)
    for edition in found:
        value = _value(project.configuration, edition)
        table.add_row(value["issue"], in_short(edition.published_at), value["shown"], value["url"])
    console.print(table if found else "No issue was sent yet.")


@app.command()
def withdraw(
    list_slug: Annotated[str, typer.Argument(metavar="LIST", help="The list, as newsletter.toml names it.")],
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="The issue; `newsletter archive` lists them.")],
    undo: Annotated[bool, typer.Option("--undo", help="Show it again.")] = False,
    config: ConfigOption = None,
) -> None:
    """Take an issue out of the archive: its page, images and calendar files answer 410, index and feed drop it.

    \b
    Example: newsletter archive withdraw nieuwsbrief zomereditie
    """
    project = open_project(config)
    at = None if undo else utc_now()
    try:
        has_changed = set_withdrawn(project.engine, list_slug, slug, at, record=project.ledger.append)
    except InputError:
        project.configuration.mailing_list(list_slug)  # names the lists there are, if that is what is wrong
        raise
    state = "shown again" if undo else "withdrawn"
    console.print(f"{list_slug}/{slug} is {state}." if has_changed else f"{list_slug}/{slug} is {state} already.")
    if has_changed and not undo:
        console.print("Caches may show its page for five minutes more, and its images for as long as they like.")


def _value(configuration: Configuration, edition: Edition) -> dict[str, str]:
    item = configuration.lists.get(edition.list_slug)
    keeps = item.archive if item else "none"
    shown = "lost" if edition.is_lost else "withdrawn" if edition.withdrawn_at else keeps
    if shown == "public" and not edition.is_listed:
        shown = "unlisted"
    url = f"{configuration.site.base_url}/archive/{edition.list_slug}/{edition.slug}" if keeps != "none" else ""
    issue = f"{edition.list_slug}/{edition.slug}"
    return {"issue": issue, "sent_at": edition.published_at.isoformat(), "shown": shown, "url": url}
