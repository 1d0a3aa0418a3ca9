"""Images for mail: turned upright, stripped of metadata, scaled, compressed; the same input gives the same bytes. Pure.

Position and camera data never leave (they are not copied), a decompression bomb is refused from its header alone, and
formats that mail clients do not show become JPEG or PNG.
"""

import hashlib
import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from newsletter.config_site import Limits

DENSITY: Final = 2
"""Pixels per CSS pixel: enough for dense screens, and no more."""
JPEG_QUALITIES: Final = (82, 74, 66, 58, 50)
"""Tried in this order until the image fits its budget."""
PALETTE: Final = 256
"""Colours of a drawing that does not fit its budget."""
_FACES: Final = (0.5, 0.35)
"""What a portrait is cut around: the middle, a little above."""
FLAT_COLOURS: Final = 512
"""A picture with at most this many colours is a drawing: PNG is sharper and smaller."""
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_CACHED = 64
_KILO = 1000


class ImageError(Exception):
    """An image cannot be used; `what` goes on after its name, `remedy` says what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedImage:
    """Bytes as they are published; width and height are theirs, in pixels, `shown` the CSS size."""

    content: bytes
    digest: str
    """SHA-256 of `content`, hex."""
    media_type: str
    extension: str
    width: int
    height: int
    shown: tuple[int, int]


_prepared: dict[tuple[object, ...], PreparedImage] = {}


def prepare_image(data: bytes, *, width: int, limits: Limits, is_square: bool = False) -> PreparedImage:
    """The image in `data`, to be shown at most `width` CSS pixels wide, cut square for a portrait; raises ImageError.

    It weighs at most `limits.image_kilobytes`: a photo is compressed until it does.
    """
    if len(data) > limits.image_megabytes * 1_000_000:
        raise ImageError(f"is larger than {limits.image_megabytes} MB", "make it smaller; 2,000 pixels wide is plenty")
    key = (hashlib.sha256(data).hexdigest(), width, limits.image_megapixels, limits.image_kilobytes, is_square)
    if key not in _prepared:
        result = _prepare(data, width, limits, is_square=is_square)
        if len(_prepared) >= _CACHED:
            _prepared.pop(next(iter(_prepared)), None)
        _prepared[key] = result
    return _prepared[key]


def _prepare(data: bytes, width: int, limits: Limits, *, is_square: bool) -> PreparedImage:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own threshold; ours is checked before a pixel is decoded
        image = _open(data)
        _check_size(image, limits)
        try:
            if image.format == "GIF" and getattr(image, "is_animated", False):
                return _described(_within(data, limits, "animation"), "gif", image.size, width)
            source_format = image.format or ""
            upright = _in_srgb(ImageOps.exif_transpose(image))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            raise _not_an_image() from None
    scaled = _scaled(_square(upright) if is_square else upright, width * DENSITY)
    is_photo = source_format in {"JPEG", "MPO"} or not _is_flat(upright)
    content, extension = _encoded(scaled, is_photo=is_photo, budget=limits.image_kilobytes * _KILO)
    return _described(_within(content, limits, "image"), extension, scaled.size, width)


def _within(content: bytes, limits: Limits, what: str) -> bytes:
    """`content`, if it is within the budget; raises ImageError."""
    if len(content) <= limits.image_kilobytes * _KILO:
        return content
    size = round(len(content) / _KILO)
    remedy = "make it shorter or smaller" if what == "animation" else "choose a calmer picture, or make it smaller"
    raise ImageError(
        f"weighs {size} kB as it would be sent; an {what} may weigh {limits.image_kilobytes} kB",
        f"{remedy}; [limits] image_kilobytes sets the limit",
    )


def _square(image: Image.Image) -> Image.Image:
    side = min(image.size)
    return ImageOps.fit(image, (side, side), centering=_FACES)


def _open(data: bytes) -> Image.Image:
    head = data[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<svg", b"<?xml", b"<!doctype svg")) and b"<svg" in data[:20000].lower():
        raise ImageError("is an SVG, which mail programs do not show", "export it as PNG, 1,200 pixels wide")
    try:
        return Image.open(BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError:
        raise ImageError("has far too many pixels", "scale it down first; 2,000 pixels wide is plenty") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise _not_an_image() from None


def _not_an_image() -> ImageError:
    return ImageError(
        "is not a whole image of a kind that can be used", "save it again as JPEG or PNG and replace the file"
    )


def _check_size(image: Image.Image, limits: Limits) -> None:
    pixels = image.width * image.height
    if pixels > limits.image_megapixels * 1_000_000:
        raise ImageError(
            f"has {pixels / 1_000_000:.0f} megapixels; {limits.image_megapixels} is the limit",
            "scale it down first; 2,000 pixels wide is plenty",
        )


def _in_srgb(image: Image.Image) -> Image.Image:
    """RGB or RGBA in the colours that every screen assumes, since the profile is not published along."""
    has_alpha = image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):  # 16 bits of grey; Pillow would clip them instead of scaling
        image = image.convert("I").point([value // 256 for value in range(65536)], "L")
    if profile and image.mode in {"RGB", "CMYK", "L"}:
        image = _converted(image, profile)
    return image.convert("RGBA" if has_alpha else "RGB")


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError):
        return image  # a broken profile: the plain values are the best guess


def _scaled(image: Image.Image, most: int) -> Image.Image:
    if image.width <= most:
        return image
    height = max(1, round(image.height * most / image.width))
    return image.resize((most, height), Image.Resampling.LANCZOS)


def _is_flat(image: Image.Image) -> bool:
    return image.getcolors(FLAT_COLOURS) is not None


def _encoded(image: Image.Image, *, is_photo: bool, budget: int) -> tuple[bytes, str]:
    """A new file made of pixels only: no EXIF, no position, no comment, no preview; within `budget` if it can be."""
    bare = Image.frombytes(image.mode, image.size, image.tobytes())  # copies of an Image keep comments and profiles
    is_opaque = image.mode == "RGB" or image.getchannel("A").getextrema() == (255, 255)
    if is_photo and is_opaque:
        return _as_jpeg(bare.convert("RGB"), budget), "jpg"
    content = _saved(bare.convert("RGB") if is_opaque else bare, "PNG")
    if len(content) > budget:
        content = _saved(bare.quantize(PALETTE, Image.Quantize.FASTOCTREE), "PNG")
    return content, "png"


def _as_jpeg(image: Image.Image, budget: int) -> bytes:
    content = b""
    for quality in JPEG_QUALITIES:
        content = _saved(image, "JPEG", quality=quality, progressive=True)
        if len(content) <= budget:
            break
    return content


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:  # noqa: ANN401 - what Pillow takes for this kind
    out = BytesIO()
    image.save(out, kind, optimize=True, **options)
    return out.getvalue()


def _described(content: bytes, extension: str, size: tuple[int, int], width: int) -> PreparedImage:
    shown = min(width, size[0])
    return PreparedImage(
        content=content,
        digest=hashlib.sha256(content).hexdigest(),
        media_type="image/jpeg" if extension == "jpg" else f"image/{extension}",
        extension=extension,
        width=size[0],
        height=size[1],
        shown=(shown, max(1, round(size[1] * shown / size[0]))),
    )
