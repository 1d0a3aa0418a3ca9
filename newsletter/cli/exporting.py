"""`newsletter subscribers export`: a list as a file."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsletter.cli.common import (
    ConfigOption,
    JsonOption,
    console,
    errors,
    open_project,
    print_json,
    progress,
)
from newsletter.cli.grammar import counted
from newsletter.cli.grounds import (
    ListOption,
)
from newsletter.cli.private_files import asked, is_below, path_below, shown, written
from newsletter.cli.segments import WhereOption, read_where
from subscribers.clock import utc_now
from subscribers.export_store import Chosen, count, pages
from subscribers.exporting import BYTE_ORDER_MARK, Exported, Format, csv_header, csv_lines, json_lines

OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write here instead of the project's own folder.")
]
StateOption = Annotated[Chosen, typer.Option("--state", help="Who would be mailed, others, or everybody.")]


def count_list(
    slug: ListOption,
    chosen: StateOption = Chosen.ACTIVE,
    where: WhereOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count a list, or a part of it; nothing is written.

    \b
    Example: newsletter subscribers count --list nieuwsbrief --where 'has region and not organisation ~ "gemeente"'
    """
    project = open_project(config)
    segment = read_where(project, slug, where)
    project.configuration.mailing_list(slug)
    people = count(project.engine, slug, chosen, segment)
    if as_json:
        print_json({"list": slug, "state": chosen.value, "where": str(segment or ""), "people": people})
    else:
        console.print(counted(people, "person", "people"))


def export_list(  # noqa: PLR0913, PLR0917 - Typer reads the options from the signature
    slug: ListOption,
    file_format: Annotated[
        Format, typer.Option("--format", help="csv for spreadsheets, jsonl for programs.")
    ] = Format.CSV,
    chosen: StateOption = Chosen.ACTIVE,
    where: WhereOption = None,
    out: OutOption = None,
    for_excel: Annotated[
        bool, typer.Option("--excel", help="Semicolons and a byte order mark, so that Excel opens it by a click.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a list to a file: below the project's data folder, where the next erasure removes it.

    A cell that a spreadsheet would run as a formula gets an apostrophe in front; the import takes it off again.

    \b
    Example: newsletter subscribers export --list nieuwsbrief --format csv
    Example: newsletter subscribers export --list nieuwsbrief --where 'organisation ~ "gemeente"'
    """
    project = open_project(config)
    segment = read_where(project, slug, where)
    attributes = project.configuration.mailing_list(slug).attributes
    data_dir = project.configuration.data_dir
    path = asked(out, "--out") if out else path_below(data_dir, slug, utc_now(), file_format.value)
    total = count(project.engine, slug, chosen, segment)
    with progress(quiet=as_json) as bar, written(path) as file:
        task = bar.add_task("Exporting", total=total)
        file.write(_head(file_format, attributes, for_excel=for_excel))
        written_people = 0
        for page in pages(project.engine, slug, chosen, segment):
            file.write(_page(page, file_format, attributes, for_excel=for_excel))
            written_people += len(page)
            bar.update(task, completed=written_people)
    _say_where(data_dir, path, written_people, as_json=as_json)


def _head(file_format: Format, attributes: tuple[str, ...], *, for_excel: bool) -> str:
    if file_format is Format.JSONL:
        return ""
    return BYTE_ORDER_MARK + csv_header(attributes, delimiter=";") if for_excel else csv_header(attributes)


def _page(page: list[Exported], file_format: Format, attributes: tuple[str, ...], *, for_excel: bool) -> str:
    if file_format is Format.JSONL:
        return json_lines(page)
    return csv_lines(page, attributes, delimiter=";" if for_excel else ",")


def _say_where(data_dir: Path, path: Path, people: int, *, as_json: bool) -> None:
    is_kept = is_below(data_dir, path)
    if as_json:
        print_json({"file": shown(path), "people": people, "erased_with_the_store": is_kept})
    else:
        console.print(f"{counted(people, 'person', 'people')} written to {escape(shown(path))}")
    if not is_kept:
        errors.print("This file leaves the promise: no erasure reaches it. Delete it yourself when it has served.")
