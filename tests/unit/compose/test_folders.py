from pathlib import Path

import pytest

from newsletter.compose.assets import LOGO
from newsletter.compose.folders import folder_images, folder_templates
from newsletter.compose.images import ImageError
from subscribers.errors import ConfigurationError


@pytest.fixture
def issues(tmp_path: Path) -> Path:
    folder = tmp_path / "issues"
    (folder / "beeld").mkdir(parents=True)
    (folder / "beeld" / "foto.png").write_bytes(b"foto")
    (tmp_path / "geheim.txt").write_bytes(b"geheim")
    (folder / "stiekem.png").symlink_to(tmp_path / "geheim.txt")
    (folder / "kring.png").symlink_to(folder / "kring.png")
    return folder


def test_an_image_beside_the_issue_is_read(issues):
    assert folder_images(issues)("beeld/foto.png") == b"foto"
    assert folder_images(issues)("beeld/../beeld/foto.png") == b"foto"


@pytest.mark.parametrize(
    "source",
    ["../geheim.txt", "beeld/../../geheim.txt", "/etc/hostname", "stiekem.png", "kring.png", "beeld", "a\0b",
     "weg.png", "", "x" * 5000, "https://example.com/x.png", "file:///etc/hostname", LOGO],
)  # fmt: skip
def test_nothing_else_is_read(issues, source):
    with pytest.raises(ImageError) as caught:
        folder_images(issues)(source)
    assert caught.value.remedy


def test_only_the_logo_may_lie_elsewhere(issues, tmp_path):
    (tmp_path / "logo.png").write_bytes(b"logo")
    assert folder_images(issues, logo=tmp_path / "logo.png")(LOGO) == b"logo"


def test_a_missing_folder_of_templates_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="no such folder"):
        folder_templates([tmp_path / "weg"])
