import struct
import zlib
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from newsletter.compose.images import ImageError, prepare_image
from newsletter.config_site import Limits
from tests.support.mails import STARTERS, png

LIMITS = Limits()
PHOTO = (STARTERS / "issues" / "buurthuis.jpg").read_bytes()


def saved(image, kind, **options):
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def gradient(width=900, height=600):
    """As many colours as a photo has."""
    bands = [Image.linear_gradient("L"), Image.radial_gradient("L"), Image.linear_gradient("L").rotate(90)]
    return Image.merge("RGB", [band.resize((width, height)) for band in bands])


def test_an_image_is_scaled_to_twice_its_display_width_at_most():
    image = prepare_image(PHOTO, width=300, limits=LIMITS)
    assert (image.width, image.height, image.shown) == (600, 338, (300, 169))


def test_a_small_image_is_never_enlarged():
    image = prepare_image(png(120, 80), width=560, limits=LIMITS)
    assert (image.width, image.shown) == (120, (120, 80))


def test_the_same_input_gives_the_same_bytes():
    assert prepare_image(PHOTO, width=311, limits=LIMITS) == prepare_image(
        bytes(bytearray(PHOTO)), width=311, limits=LIMITS
    )


def test_position_comment_and_camera_are_gone_and_the_image_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    exif[0x010F] = "Geheime Camera"
    exif.get_ifd(0x8825)[2] = (52.0, 5.0, 7.0)
    data = saved(gradient(800, 400), "JPEG", exif=exif, comment=b"bij Jan thuis")
    image = prepare_image(data, width=560, limits=LIMITS)
    assert (image.width, image.height) == (400, 800)
    read = Image.open(BytesIO(image.content))
    assert not read.getexif()
    assert b"Geheime" not in image.content
    assert b"Jan" not in image.content
    assert b"Exif" not in image.content


def test_a_photo_becomes_a_progressive_jpeg_and_a_drawing_a_png():
    photo = prepare_image(saved(gradient(), "WEBP", quality=80), width=300, limits=LIMITS)
    assert photo.media_type == "image/jpeg"
    assert Image.open(BytesIO(photo.content)).info.get("progressive")
    drawing = prepare_image(saved(Image.new("RGB", (400, 300), "red"), "WEBP"), width=300, limits=LIMITS)
    assert drawing.media_type == "image/png"


def test_transparency_is_kept_as_png():
    data = saved(Image.new("RGBA", (300, 300), (255, 0, 0, 90)), "PNG")
    image = prepare_image(data, width=200, limits=LIMITS)
    assert (image.extension, Image.open(BytesIO(image.content)).mode) == ("png", "RGBA")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16", "RGBA"])
def test_every_colour_mode_is_read(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    image = prepare_image(saved(Image.new(mode, (90, 60)), kind), width=60, limits=LIMITS)
    assert (image.width, image.height) == (90, 60)


def test_an_animation_is_left_alone():
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "blue", "green")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert prepare_image(data, width=200, limits=LIMITS).content == data


def test_an_svg_is_refused_with_the_remedy():
    for start in ("<svg xmlns='http://www.w3.org/2000/svg'/>", "<?xml version='1.0'?><!-- x --><svg/>"):
        with pytest.raises(ImageError) as caught:
            prepare_image(start.encode(), width=200, limits=LIMITS)
        assert "SVG" in caught.value.what
        assert "PNG" in caught.value.remedy


def bomb(side: int) -> bytes:
    """A PNG whose header promises a huge image and whose data would be gigabytes."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [6400, 12_000, 60_000])
def test_too_many_pixels_are_refused_before_one_is_decoded(side):
    with pytest.raises(ImageError, match="pixels"):
        prepare_image(bomb(side), width=200, limits=LIMITS)


def test_too_many_bytes_are_refused():
    with pytest.raises(ImageError, match="1 MB"):
        prepare_image(b"\0" * 1_000_001, width=200, limits=Limits(image_megabytes=1))


@pytest.mark.parametrize("data", [b"", b"geen afbeelding", PHOTO[:5000], png()[:200], b"%PDF-1.7", b"BM" + b"\0" * 60])
def test_what_is_no_whole_image_is_refused(data):
    with pytest.raises(ImageError, match="image"):
        prepare_image(data, width=200, limits=LIMITS)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([PHOTO, png(40, 30), saved(gradient(50, 40), "WEBP"), saved(gradient(50, 40), "GIF")]), st.data()
)
def test_a_damaged_image_is_refused_or_read_and_never_crashes(whole, data):
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, min(len(damaged), 3000) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ImageError):
        prepare_image(bytes(damaged), width=100, limits=LIMITS)


def noise(width=1200, height=900):
    return Image.effect_noise((width, height), 90).convert("RGB")


def test_a_photo_is_compressed_until_it_fits_its_budget():
    data = saved(noise(800, 600), "JPEG", quality=95)
    loose, tight = (prepare_image(data, width=400, limits=Limits(image_kilobytes=size)) for size in (2000, 200))
    assert len(loose.content) > 200_000 >= len(tight.content)
    assert (tight.width, tight.height) == (loose.width, loose.height)


def test_a_drawing_that_is_too_heavy_gets_fewer_colours():
    data = saved(noise(600, 400).convert("RGBA").rotate(3), "PNG")
    image = prepare_image(data, width=300, limits=Limits(image_kilobytes=300))
    assert image.extension == "png"
    assert len(image.content) <= 300_000


@pytest.mark.parametrize("kind", ["JPEG", "GIF"])
def test_what_cannot_fit_its_budget_is_refused_with_its_weight(kind):
    options = {"save_all": True, "append_images": [noise(400, 400)]} if kind == "GIF" else {"quality": 95}
    data = saved(noise(800, 800), kind, **options)
    with pytest.raises(ImageError) as caught:
        prepare_image(data, width=400, limits=Limits(image_kilobytes=20))
    assert "kB" in caught.value.what
    assert "image_kilobytes" in caught.value.remedy


def test_a_portrait_is_cut_square_around_what_is_a_little_above_the_middle():
    image = Image.new("RGB", (300, 600), "white")
    image.paste("red", (0, 100, 300, 380))
    portrait = prepare_image(saved(image, "PNG"), width=72, limits=LIMITS, is_square=True)
    read = Image.open(BytesIO(portrait.content)).convert("RGB")
    assert read.size == (144, 144)
    assert read.getpixel((72, 72)) == (255, 0, 0)
