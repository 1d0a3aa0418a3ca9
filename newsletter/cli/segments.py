"""The option `--where`: a segment of a list, and what is wrong with it shown below its place."""

from typing import Annotated

import typer
from rich.cells import cell_len

from newsletter.cli.common import Project
from subscribers.errors import InputError
from subscribers.segment import Segment, parse_segment
from subscribers.segments import ConditionError

WhereOption = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Only people of whom this holds: 'organisation ~ \"gemeente\" and has region'.",
    ),
]


def read_where(project: Project, slug: str, text: str | None, *, is_kept: bool = False) -> Segment | None:
    """The segment of the list `slug` that `--where` says, None without one; raises InputError with its place.

    With `is_kept` it goes into a job, and may not ask who somebody is (I7).
    """
    if text is None:
        return None
    item = project.configuration.mailing_list(slug)
    line = " ".join(text.splitlines())
    try:
        return parse_segment(
            line,
            list_slug=slug,
            language=item.language,
            zone=item.zone,
            attributes=item.typed_attributes,
            is_kept=is_kept,
        )
    except ConditionError as problem:
        raise InputError(placed(problem, line), where="--where", remedy=problem.remedy) from None


def placed(problem: ConditionError, text: str) -> str:
    """What is wrong, the text, and a mark below the place: `^`."""
    return f"{problem.what}\n    {text}\n    {' ' * cell_len(text[: problem.position])}^"
