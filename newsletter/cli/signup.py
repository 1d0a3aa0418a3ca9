"""`newsletter signup`: the addresses of the sign-up pages, and the form to paste into another site."""

import sys
from typing import Annotated

import typer
from rich.table import Table

from newsletter.cli.common import ConfigOption, JsonOption, console, open_project, print_json
from newsletter.config import Configuration
from newsletter.config_signup import SIGN_UP_PATHS
from subscribers.errors import InputError

app = typer.Typer(
    help="""Sign-up: pages, and a form to paste into another site. Without a command: the pages.

    \b
    Examples: newsletter signup
              newsletter signup form nieuwsbrief > aanmeldformulier.html
    """,
    invoke_without_command=True,
)


@app.callback()
def show_all(context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show where people sign up for each list.

    \b
    Example: newsletter signup
    """
    if context.invoked_subcommand:
        return
    lists = open_project(config).configuration.lists
    found = [{"list": slug, "signup": item.signup, "url": item.subscribe_url or ""} for slug, item in lists.items()]
    if as_json:
        print_json(found)
        return
    table = Table("List", "Sign-up", "Page", box=None, pad_edge=False)
    for item in found:
        table.add_row(item["list"], item["signup"], item["url"] or "none")
    console.print(table)


@app.command()
def form(
    list_slug: Annotated[str, typer.Argument(metavar="LIST", help="The list, as newsletter.toml names it.")],
    config: ConfigOption = None,
) -> None:
    """Print the sign-up form of a list as HTML, to paste into any page: it needs no script and loads nothing.

    Paste it anew after changing the list's texts: a form with older words asks people to read the new ones first.

    \b
    Example: newsletter signup form nieuwsbrief > aanmeldformulier.html
    """
    sys.stdout.write(snippet(open_project(config).configuration, list_slug))


def snippet(configuration: Configuration, slug: str) -> str:
    """The form of a list; raises InputError if nobody may sign up for it."""
    from newsletter.web.app import page_loader
    from newsletter.web.pages import Pages
    from newsletter.web.signup_form import TRAP
    from newsletter.web.signup_statement import statement
    from newsletter.web.texts_signup import SIGN_UP

    item = configuration.mailing_list(slug)
    if item.signup != "open":
        raise InputError(
            f"sign-up for {slug} is closed", where=f"[lists.{slug}] signup", remedy='write signup = "open" there'
        )
    s = SIGN_UP[item.language]
    page = Pages(configuration, page_loader(configuration)).about_list(
        "signup-snippet.html",
        slug,
        s=s,
        labels={"name": s.name, "organisation": s.organisation},
        said=statement(configuration, slug),
        trap=TRAP,
        action=f"{configuration.site.base_url}{SIGN_UP_PATHS[item.language]}{slug}",
    )
    return page.decode().strip() + "\n"
