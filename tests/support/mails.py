"""Whole mails for tests: the starters' configuration, blocks or an issue file in, a Compilation out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, time
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from newsletter.compose.compile import Compilation, compile_issue
from newsletter.compose.fields import fill
from newsletter.compose.folders import folder_images, folder_templates
from newsletter.compose.furniture import furniture
from newsletter.compose.images import ImageError
from newsletter.compose.templating import Templates
from newsletter.config import load
from newsletter.config_lists import MailingList
from newsletter.config_site import Limits
from newsletter.issue.model import Article, Block, Issue, ListBlock, Note, Quote
from newsletter.issue.model_blocks import (
    Button,
    Card,
    Cards,
    Contents,
    Divider,
    Download,
    Figure,
    Figures,
    Heading,
    Paragraph,
    Picture,
    Recording,
    Table,
)
from newsletter.issue.model_meetings import Agenda, AgendaEntry, Invitation, ProgrammeItem
from newsletter.issue.model_text import FieldRef, Link, Mixed, Text
from newsletter.issue.parse import KnownNames, parse_issue
from newsletter.shipped import templates_dir

STARTERS = templates_dir() / "starters"
BASE_URL = "https://nieuws.example.org"
BUILT_IN = folder_templates()
LIMITS = Limits()
VALUES = {"name": "Noor", "organisation": "Gemeente Voorbeeld", "unsubscribe_url": f"{BASE_URL}/u/{'A' * 48}"}


def a_list(**changes: Any) -> MailingList:
    """The starters' list, with changes."""
    return load(STARTERS / "newsletter.toml", {}).lists["nieuwsbrief"].model_copy(update=changes)


def an_issue(*blocks: Block, **changes: Any) -> Issue:
    """An issue of these blocks."""
    standard = Issue(
        list_slug="nieuwsbrief",
        slug="proef",
        subject=("Onderwerp",),
        preheader=("Wat in de inbox staat.",),
        date=date(2027, 6, 14),
        blocks=blocks,
        file="proef.md",
    )
    return replace(standard, **changes)


def compile_(
    issue: Issue,
    *,
    mailing_list: MailingList | None = None,
    templates: Templates = BUILT_IN,
    load_image: Callable[[str], bytes] | None = None,
    limits: Limits = LIMITS,
) -> Compilation:
    """Compile with the built-in templates and made-up images, unless told otherwise."""
    of = mailing_list or a_list()
    return compile_issue(
        issue,
        mailing_list=of,
        furniture=furniture(of, list_slug=issue.list_slug, issue_slug=issue.slug, base_url=BASE_URL, date=issue.date),
        base_url=BASE_URL,
        templates=templates,
        load_image=load_image or loader({"foto.png": png()}),
        limits=limits,
    )


def html_of(*blocks: Block, values: Mapping[str, str] = VALUES, **changes: Any) -> str:
    """The HTML of these blocks, filled."""
    return fill(compile_(an_issue(*blocks, **changes)).compiled.html, values)


def starter(name: str) -> Compilation:
    """A sample of the starters, compiled from its file."""
    path = STARTERS / "issues" / f"{name}.md"
    known = KnownNames(lists={"nieuwsbrief": frozenset()})
    issue = parse_issue(path.read_text(encoding="utf-8"), file=path.name, slug=name, known=known)
    return compile_(issue, load_image=folder_images(path.parent))


def page_of(compilation: Compilation, folder: Path, values: Mapping[str, str] = VALUES) -> Path:
    """The mail as a page with its images beside it, for a browser without a network."""
    for file in compilation.files:
        (folder / file.asset.name).write_bytes(file.content)
    page = folder / "mail.html"
    page.write_text(fill(compilation.compiled.html, values).replace(f"{BASE_URL}/media/", ""), encoding="utf-8")
    return page


def png(width: int = 1600, height: int = 900, mode: str = "RGB", colour: Any = (11, 92, 107)) -> bytes:
    """A plain image."""
    out = BytesIO()
    Image.new(mode, (width, height), colour).save(out, "PNG")
    return out.getvalue()


def loader(files: Mapping[str, bytes]) -> Callable[[str], bytes]:
    """A loader of images from memory that refuses as a folder does."""

    def load_image(source: str) -> bytes:
        if source not in files:
            raise ImageError("is missing", "put it beside the issue")
        return files[source]

    return load_image


def picture(alt: str = "Een foto", **changes: Any) -> Picture:
    """A picture of `foto.png`."""
    return Picture(source="foto.png", alt=alt, line=3, **changes)


def every_block(text: str = "Tekst", target: Mixed = ("https://example.org/doel",)) -> tuple[Block, ...]:
    """Each kind of block, in each of its forms, with `text` in every place for text and `target` in every link."""
    words = (Text(text), FieldRef("name"), Link(target, (Text(text),), 1))
    flow = (Heading(level=3, content=words, line=1), Paragraph(content=words, line=1))
    card = Card(title=text, content=words, picture=picture(text), link=target, link_text=text, line=1)
    entry = AgendaEntry(
        title=text, date=date(2027, 6, 21), start=time(9, 30), place=text, audience=text, link=target, line=1
    )
    inner = ProgrammeItem(title=words, start=time(14, 5), line=1)
    item = ProgrammeItem(title=words, start=time(14, 0), end=time(15, 0), items=(inner,), line=1)
    recording = Recording(
        kind="podcast",
        title=text,
        minutes=25,
        content=words,
        picture=picture(text, credit=text),
        link=target,
        link_text=text,
        line=1,
    )
    invited = Invitation(
        title=text,
        date=date(2027, 5, 18),
        start=time(14),
        end=time(16, 30),
        place=text,
        audience=text,
        cost=text,
        closing_date=date(2027, 5, 10),
        programme=(item, ProgrammeItem(title=words, line=1)),
        link=target,
        link_text=text,
        line=1,
    )
    return (
        Heading(level=2, content=words, line=1),
        Paragraph(content=words, line=1),
        picture(text, caption=words, target=target),
        ListBlock(ordered=False, start=1, items=(flow[1:], (*flow[1:], *flow[1:])), line=1),
        ListBlock(ordered=True, start=3, items=(flow[1:],), line=1),
        Table(head=(words, words), rows=((words, words),), align=("left", "right"), line=1),
        Quote(blocks=flow[1:], person=text, role=text, line=1),
        Divider(line=1),
        Button(target=target, content=words[:2], line=1),
        Note(blocks=flow, line=1),
        Article(image_side="left", picture=picture(text, caption=words), blocks=flow, line=1),
        Article(image_side="right", picture=picture(text), blocks=flow, line=1),
        Article(image_side="above", picture=picture(text), blocks=flow, line=1),
        Article(image_side="above", picture=None, blocks=flow, line=1),
        Agenda(entries=(entry, entry), line=1),
        Cards(columns=2, cards=(card, card, card), line=1),
        Cards(columns=3, cards=(card, card, card), line=1),
        Note(blocks=(Cards(columns=2, cards=(card,), line=1),), line=1),
        invited,
        replace(invited, is_cancelled=True),
        Agenda(entries=(replace(entry, is_cancelled=True), replace(entry, was=date(2027, 6, 14))), line=1),
        Contents(line=1),
        Article(image_side="none", picture=None, blocks=flow, line=1),
        picture(text, credit=text),
        Quote(blocks=flow[1:], person=text, role=text, portrait=picture(text, credit=text), line=1),
        recording,
        replace(recording, kind="film", picture=None, minutes=65, link_text=""),
        *(Figures(figures=(Figure(value=text, label=words, line=1),) * count, line=1) for count in (2, 3, 4)),
        Download(title=text, content=words, link=target, type="PDF", size="1,2 MB", line=1),
        replace(invited, programme=(replace(item, start=None, end=None),), link_text="", closing_date=None),
    )
