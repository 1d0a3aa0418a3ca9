"""Templates of mails: a sandboxed Jinja over loaders that are handed in, the department's first. Pure."""

from collections.abc import Callable, Sequence
from functools import cached_property
from types import TracebackType

import jinja2
from markupsafe import Markup

from newsletter.compose.theme import FILE_NAME, Theme, read_theme
from newsletter.issue.finding import IssueError, error
from newsletter.sandbox import sandbox

LAYOUT = "layout.mjml.j2"
BUILT_IN = "builtin"
"""Prefix under which a department's partial reaches the one it replaces: `builtin/blocks/quote.mjml.j2`."""


class Templates:
    """The folders of a project, searched in order; the last one is built in and complete."""

    def __init__(self, loaders: Sequence[jinja2.BaseLoader], read_file: Callable[[str], bytes] | None = None) -> None:
        """`read_file` gets the name of a file of the theme and raises ImageError if it cannot be read."""
        self._loaders = tuple(loaders)
        self._read_file = read_file
        self._environment = sandbox(
            jinja2.ChoiceLoader([*loaders, jinja2.PrefixLoader({BUILT_IN: loaders[-1]})]), autoescape=_is_markup
        )

    @cached_property
    def theme(self) -> Theme:
        """The built-in theme under the department's keys; raises IssueError."""
        return read_theme([source for loader in reversed(self._loaders) for source in self._theme_of(loader)])

    @property
    def logo(self) -> Callable[[], bytes] | None:
        """What reads the theme's own logo; None where it names no file."""
        name, read = str(self.theme["logo"]["file"]), self._read_file
        return (lambda: read(name)) if name and read else None

    @cached_property
    def inlined_css(self) -> str:
        """Rules that premailer writes into the elements; raises IssueError."""
        return self.render("inlined.css.j2", theme=self.theme)

    @cached_property
    def head_css(self) -> str:
        """Rules that stay in the head: phones, dark mode; raises IssueError."""
        return self.render("head.css.j2", theme=self.theme)

    def render(self, name: str, **values: object) -> Markup:
        """The template `name`, rendered; raises IssueError that names the template's file and line."""
        try:
            return Markup(self._environment.get_template(name).render(**values))  # noqa: S704 - autoescaped
        except jinja2.TemplateSyntaxError as problem:
            place, line = problem.filename or problem.name or name, problem.lineno
            raise _template_error(problem, place, line) from None
        except _FAULTS_OF_A_TEMPLATE as problem:
            place, line = _place_in_templates(problem.__traceback__, name)
            if not line and not isinstance(problem, jinja2.TemplateError):
                raise
            raise _template_error(problem, place, line) from None

    def _theme_of(self, loader: jinja2.BaseLoader) -> list[tuple[str, str]]:
        try:
            text, file, _ = loader.get_source(self._environment, FILE_NAME)
        except jinja2.TemplateNotFound:
            return []
        except UnicodeDecodeError as problem:
            raise _template_error(problem, FILE_NAME, 0) from None
        return [(file or FILE_NAME, text)]


_FAULTS_OF_A_TEMPLATE = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a template can provoke, also by calling our helpers wrongly."""


def _is_markup(name: str | None) -> bool:
    return not (name or "").endswith(".css.j2")


def _template_error(problem: Exception, place: str, line: int) -> IssueError:
    what = (
        f"there is no template {problem}"
        if isinstance(problem, jinja2.TemplateNotFound)
        else f"the template does not work: {str(problem) or type(problem).__name__}"
    )
    remedy = "mend this line of the template, or remove your copy so that the built-in one is used"
    return IssueError([error("template", place, line, what, remedy)])


def _place_in_templates(traceback: TracebackType | None, name: str) -> tuple[str, int]:
    """File and line of the innermost template in a traceback; Jinja puts its own frames there."""
    place, line = name, 0
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename.endswith(".j2") or "__jinja_template__" in traceback.tb_frame.f_globals:
            place, line = code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
    return place, line
