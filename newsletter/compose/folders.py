"""The edge of composing: images and templates from folders. Everything else in this package reads no file."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import jinja2

from newsletter.compose.assets import LOGO
from newsletter.compose.images import ImageError
from newsletter.compose.templating import Templates
from newsletter.config import Configuration
from newsletter.shipped import templates_dir
from subscribers.errors import ConfigurationError

MAXIMUM_BYTES = 200 * 1024 * 1024
"""No limit of the configuration allows more (Limits.image_megabytes)."""


def folder_templates(folders: Sequence[Path] = ()) -> Templates:
    """Templates from `folders`, searched in order, and then the built-in ones. Keep it: it caches what it parsed."""
    for folder in folders:
        if not folder.is_dir():
            raise ConfigurationError(
                "there is no such folder of templates",
                where=str(folder),
                remedy="mend [theme] folder, or make it",
            )
    searched = (*folders, templates_dir() / "email")
    return Templates([jinja2.FileSystemLoader(folder) for folder in searched], partial(_from_first, searched))


def project_templates(configuration: Configuration) -> Templates:
    """The templates of a project: its own theme folder before the built-in ones."""
    own = configuration.theme.folder
    return folder_templates([configuration.folder / own] if own else [])


def folder_images(folder: Path, *, logo: Path | None = None) -> Callable[[str], bytes]:
    """A loader of the images beside an issue; nothing outside `folder` is read, also not through a symbolic link."""
    root = folder.resolve()

    def load(source: str) -> bytes:
        if source == LOGO and logo is not None:
            return _read(logo)
        return _read(_inside(root, source))

    return load


def _from_first(folders: Sequence[Path], name: str) -> bytes:
    """The file `name` of a theme, from the first folder that has it."""
    found = next((path for folder in folders if (path := _inside(folder.resolve(), name)).is_file()), None)
    return _read(found or folders[0] / name)


def _inside(root: Path, source: str) -> Path:
    if "://" in source:
        raise ImageError(
            "is on another site, which would see who reads the mail",
            "save it beside the issue and name that file (B12)",
        )
    try:
        path = (root / source).resolve()
    except (OSError, ValueError, RuntimeError):
        raise ImageError("is not the name of a file", "name a file beside the issue") from None
    if Path(source).is_absolute() or not path.is_relative_to(root):
        raise ImageError("lies outside the folder of the issue", "copy it beside the issue and write its name")
    return path


def _read(path: Path, limit: int = MAXIMUM_BYTES) -> bytes:
    """At most a byte too many of an ordinary file: a pipe would wait for ever, a huge file fill the memory."""
    try:
        if path.exists() and not path.is_file():
            raise ImageError("is not a file", "name a file beside the issue")
        with path.open("rb") as stream:
            return stream.read(limit + 1)
    except FileNotFoundError:
        raise ImageError("is missing", f"put it in {path.parent.name or path.parent}/, or mend its name") from None
    except OSError as problem:
        raise ImageError(f"cannot be read ({problem.strerror})", "check the name and the file's permissions") from None
