"""Tables of newsletter.toml about the installation: pages, data, store, limits, a department's theme. Pure."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from newsletter.config_signup import LOOPBACK, AnyNetwork
from newsletter.config_values import AnyPath, Line, SiteAddress, Table


class Site(Table):
    """Where pages are served and data is kept."""

    base_url: SiteAddress
    data_dir: AnyPath = Path("data")
    language: Literal["nl", "en"] = "nl"
    trusted_proxies: tuple[AnyNetwork, ...] = LOOPBACK
    """Whose X-Forwarded-For is believed, to count sign-ups per network."""


class Database(Table):
    """The store; SQLite in `data_dir` unless a URL is given. newsletter/store/engine.py checks the URL."""

    url: Line | None = None


class Limits(Table):
    """Limits on everything that comes from outside."""

    image_megapixels: Annotated[int, Field(ge=1, le=200)] = 36
    image_megabytes: Annotated[int, Field(ge=1, le=200)] = 20
    image_kilobytes: Annotated[int, Field(ge=20, le=20_000)] = 300
    """What one image of a mail may weigh after compression."""
    download_megabytes: Annotated[int, Field(ge=1, le=200)] = 20
    issue_kilobytes: Annotated[int, Field(ge=1, le=10240)] = 1024
    csv_line_kilobytes: Annotated[int, Field(ge=1, le=10240)] = 64
    import_megabytes: Annotated[int, Field(ge=1, le=10240)] = 1024
    """What the files in a ZIP of subscribers may weigh together, unpacked."""


class Theme(Table):
    """A department's own templates, searched before the built-in ones."""

    folder: AnyPath | None = None
