"""`newsletter preview`: an issue as it will arrive, in the browser, while it is being written."""

import logging
import os
import secrets
import signal
import sys
import webbrowser
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli.common import ConfigOption, Project, console
from newsletter.cli.workshop import work_on
from newsletter.compose.assets import LOGO
from newsletter.compose.folders import project_templates
from newsletter.compose.templating import Templates
from newsletter.config import find_file, load
from newsletter.issue.finding import Finding, IssueError, error
from newsletter.web.preview.app import create_app
from newsletter.web.preview.desk import SUFFIX, Desk
from newsletter.web.preview.look import Look, Mail
from newsletter.web.preview.watch import Marks, has_changed, marks_of, tree
from newsletter.web.schedule import Scheduled
from newsletter.web.server import bind, run
from subscribers.clock import utc_now
from subscribers.errors import InputError, NewsletterError

HOST = "127.0.0.1"
TOKEN_OCTETS = 24
INTERRUPTED = 130

log = logging.getLogger("newsletter.preview")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("preview")(preview)


def preview(
    issue: Annotated[
        Path | None, typer.Argument(metavar="ISSUE", help="The issue file, or a folder of them; issues/ by default.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; any free one by default.")] = 0,
    *,
    opens: Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser.")] = True,
    config: ConfigOption = None,
) -> None:
    r"""Show an issue as it will arrive, beside what is wrong with it; the page follows the file while you write.

    Only this machine can open the page, and only by the address that is printed. Ctrl+C ends it.

    \b
    Example: newsletter preview issues/zomereditie.md
    """
    toml = config or find_file(Path())
    configuration = load(toml)
    folder, name = place_of(issue or configuration.folder / "issues")
    desk, token = Desk(folder, Workbench(toml).look), secrets.token_urlsafe(TOKEN_OCTETS)
    with bind(HOST, port) as listener:
        port = listener.getsockname()[1]
        app = create_app(desk, language=configuration.site.language, token=token, port=port)
        url = f"http://{HOST}:{port}/{token}/{f'issue/{name}' if name else ''}"
        ending = Scheduled(name="preview", work=lambda: None, stop=desk.close)
        caught = run(app, listener, scheduled=[ending], ready=lambda: _ready(url, opens=opens))
    if caught == signal.SIGINT:
        raise typer.Exit(INTERRUPTED)


def place_of(path: Path) -> tuple[Path, str]:
    """Folder and file name of what is to be shown; no name for a whole folder. Raises InputError."""
    if path.is_dir():
        return path, ""
    if path.is_file() and path.suffix == SUFFIX:
        return path.parent, path.name
    if path.exists():
        raise InputError("this is no issue", where=str(path), remedy=f"issues are files that end in {SUFFIX}")
    raise InputError("there is no such issue", where=str(path), remedy="`newsletter new SLUG` begins one")


def _ready(url: str, *, opens: bool) -> None:
    console.print(f"Preview on {url}\nCtrl+C ends it.", soft_wrap=True)
    if opens and can_open():
        webbrowser.open(url)


def can_open() -> bool:
    """Whether there is a screen to open a browser on; without one Python would start a browser in the terminal."""
    has_screen = sys.platform in {"darwin", "win32"} or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    return has_screen and sys.stdout.isatty()


# ---------------------------------------------------------------- looking


@dataclass
class _Tools:
    """Configuration and templates, kept as long as their files are what they were."""

    project: Project
    templates: Templates
    marks: Marks


@dataclass
class Workbench:
    """Compiles issues of a project again and again; used by one thread at a time."""

    toml: Path
    _tools: _Tools | None = field(default=None, init=False)

    def look(self, path: Path) -> Look:
        """One look at the issue at `path`: whatever is wrong becomes a finding."""
        images: set[str] = set()
        mail, findings = self._made(path, images)
        watched = (*self._files(), *_images(path, images))
        return Look(mail=mail, findings=findings, source=_text(path), watched=watched)

    def _made(self, path: Path, images: set[str]) -> tuple[Mail | None, tuple[Finding, ...]]:
        """The mail and what is wrong with it; `images` gathers the sources of its images, also those it lacks."""
        try:
            tools = self._current()
            piece = work_on(tools.project, path, templates=tools.templates, asked=images.add)
            base_url = tools.project.configuration.site.base_url
            return Mail(piece=piece, base_url=base_url, made_at=utc_now()), piece.findings
        except IssueError as problem:
            return None, problem.findings
        except NewsletterError as problem:
            return None, (error("project", problem.where or str(path), 0, problem.what, problem.remedy),)
        except Exception as problem:  # a mistake of ours: the editor goes on writing, and we hear of it
            log.exception("looking at an issue failed")
            what = f"the program failed: {type(problem).__name__}"
            return None, (error("internal", str(path), 0, what, "report this with what the terminal shows"),)

    def _current(self) -> _Tools:
        if self._tools is None or has_changed(self._tools.marks):
            marks = marks_of(self._files())
            configuration = load(self.toml)
            self._tools = _Tools(Project(configuration), project_templates(configuration), marks)
        return self._tools

    def _files(self) -> tuple[Path, ...]:
        """What configuration, theme and logos are made of; the built-in templates stay as they are."""
        if self._tools is None:
            return (self.toml,)
        configuration = self._tools.project.configuration
        own = configuration.theme.folder
        logos = [configuration.folder / item.logo for item in configuration.lists.values() if item.logo]
        return (self.toml, *logos, *(tree(configuration.folder / own) if own else ()))


def _images(path: Path, sources: set[str]) -> list[Path]:
    return [path.parent / source for source in sorted(sources) if source != LOGO and "\0" not in source]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
