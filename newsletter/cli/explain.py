"""`newsletter explain`: what a rule of `newsletter check` asks, why, and how to mend what breaks it."""

from collections.abc import Sequence
from typing import Annotated

import typer

from newsletter.cli.common import JsonOption, console, print_json
from newsletter.config_keys import nearest
from newsletter.shipped import rules_dir
from subscribers.errors import InputError


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("explain")(explain)


def explain(
    rule: Annotated[
        str | None, typer.Argument(metavar="[RULE]", help="Name of the rule, as `newsletter check` prints it.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Explain a rule: what it asks, why, with examples; without a name, list all rules.

    \b
    Example: newsletter explain A41
    """
    pages = titles()
    if rule is None:
        _show_list(pages, as_json=as_json)
        return
    (name,) = known_rules([rule])
    text = (rules_dir() / f"{name}.md").read_text(encoding="utf-8")
    if as_json:
        print_json({"rule": name, "title": pages[name], "text": text})
    elif console.is_terminal:
        from rich.markdown import Markdown

        console.print(Markdown(text), soft_wrap=False)
    else:
        console.print(text, end="", markup=False)


def titles() -> dict[str, str]:
    """The rules that have a page, and their titles: `A41 - A link text says where it leads` without the name."""
    pages = sorted(rules_dir().glob("*.md"), key=lambda path: _order(path.stem))
    return {page.stem: _title(page.read_text(encoding="utf-8")) for page in pages if page.stem != "README"}


def known_rules(names: Sequence[str]) -> list[str]:
    """The names as the rules are called, whatever their capitals; raises InputError for one that is none."""
    known = {name.casefold(): name for name in titles()}
    for name in names:
        if name.casefold() not in known:
            remedy = nearest(name.casefold(), list(known), "`newsletter explain` lists all rules")
            raise InputError(f"there is no rule {name!r}", remedy=remedy)
    return list(dict.fromkeys(known[name.casefold()] for name in names))


def _show_list(pages: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print_json(pages)
        return
    width = max(map(len, pages))
    for name, title in pages.items():
        console.print(f"{name:<{width}}  {title}", markup=False)


def _title(text: str) -> str:
    return text.partition("\n")[0].removeprefix("# ").partition(": ")[2]


def _order(name: str) -> tuple[str, int, str]:
    """A6 before A30, numbers of standards before names."""
    letter, number = name[:1], name[1:]
    return (letter, int(number), "") if number.isdigit() else ("~", 0, name)
