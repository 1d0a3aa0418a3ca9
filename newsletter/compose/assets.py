"""The images and documents of one compilation: loaded once, prepared for their place, named by their digest. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from newsletter.compose.compiled import Asset
from newsletter.compose.images import ImageError, prepare_image
from newsletter.config_site import Limits
from newsletter.issue.finding import Finding, error
from newsletter.issue.model_blocks import Picture

LOGO = "/logo"
"""What the loader is asked for to get the list's logo; an absolute path, so no issue can mean it."""

STACKED_WIDTH = 280
"""CSS pixels that an image gets at least: what stands small beside text is wider on a phone, above it."""


def with_logo(load: Callable[[str], bytes], logo: Callable[[], bytes] | None) -> Callable[[str], bytes]:
    """A loader that takes the logo from the theme, if that has one."""
    return (lambda source: logo() if source == LOGO else load(source)) if logo else load


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFile:
    """An image or document of the issue and its bytes, for the media folder or the message."""

    asset: Asset
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownImage:
    """What a template writes into <img>: a URL and the CSS size."""

    url: str
    width: int
    height: int
    is_fluid: bool
    """Whether the image is larger than it is shown, so that it may fill the width of a phone."""


class Assets:
    """Collects images as the templates ask for them; what is wrong with one becomes a finding, not an exception."""

    def __init__(
        self, load: Callable[[str], bytes], limits: Limits, *, base_url: str, embedded: bool, file: str
    ) -> None:
        self.load = load
        self.limits = limits
        self.file = file
        self._base_url = base_url
        self._embedded = embedded
        self._files: dict[str, AssetFile] = {}
        self.findings: list[Finding] = []

    @property
    def files(self) -> tuple[AssetFile, ...]:
        """Every image once, in the order of first use."""
        return tuple(self._files.values())

    def add(self, file: AssetFile) -> str:
        """Publish a file of any kind; returns its address."""
        self._files.setdefault(file.asset.name, file)
        return f"{self._base_url}/media/{file.asset.name}"

    def show(self, picture: Picture, width: int, *, is_square: bool = False) -> ShownImage | None:
        """The image for a place `width` CSS pixels wide; None, and a finding, if it cannot be used."""
        try:
            return self._shown(picture.source, width, least=0 if is_square else STACKED_WIDTH, is_square=is_square)
        except ImageError as problem:
            what = f"{picture.source} {problem.what}"
            self.findings.append(error("image", self.file, picture.line, what, problem.remedy))
            return None

    def logo(self, width: int) -> ShownImage | None:
        """The list's logo, like any image."""
        try:
            return self._shown(LOGO, width, least=0)
        except ImageError as problem:
            what = f"the logo {problem.what}"
            self.findings.append(error("image", "newsletter.toml", 0, what, problem.remedy))
            return None

    def _shown(self, source: str, width: int, *, least: int, is_square: bool = False) -> ShownImage:
        """`least` is the width that the image is made for where it is shown smaller than that."""
        image = prepare_image(self.load(source), width=max(width, least), limits=self.limits, is_square=is_square)
        name = f"{image.digest}.{image.extension}"
        asset = Asset(
            digest=image.digest,
            media_type=image.media_type,
            name=name,
            width=image.width,
            height=image.height,
            embedded=self._embedded,
        )
        hosted = self.add(AssetFile(asset=asset, content=image.content))
        url = f"cid:{name}" if self._embedded else hosted
        shown = min(width, image.shown[0])
        height = max(1, round(image.height * shown / image.width))
        return ShownImage(url=url, width=shown, height=height, is_fluid=image.width > shown)
