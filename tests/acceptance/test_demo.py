"""The README's first command does what it says, from an empty folder to the receipt of an erasure."""

import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def demo(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "demo_steps.py"), str(folder)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "COLUMNS": "200", **environment},
    )


def test_a_demo_that_fails_leaves_no_folder_and_one_that_was_killed_does_not_block_the_next(tmp_path: Path) -> None:
    half = tmp_path / "demo"
    half.mkdir()
    for name in (".demo-unfinished", "newsletter.toml"):
        (half / name).write_text("of a demo that was killed")
    done = demo(half, NEWSLETTER__SITE__BASE_URL="nowhere")
    assert done.returncode == 2, "the first command after `init` refuses the configuration"
    assert "is not an absolute http(s) address" in done.stderr
    assert "was removed" in done.stderr
    assert not half.exists()


def test_a_folder_with_something_in_it_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert "not empty" in demo(tmp_path).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.xdist_group("ports")
def test_the_demo_ends_with_mails_to_open_and_a_receipt(tmp_path: Path) -> None:
    with socket.socket() as other:
        with suppress(OSError):  # another program may have it, which is as good
            other.bind(("127.0.0.1", 2525))  # taken, and nobody answers there
        done = demo(tmp_path / "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "700 mails in" in done.stdout
    assert "Mails to the person who left: 1" in done.stdout
    assert "Receipt 1" in done.stdout
    for name in ("nieuwsbrief", "uitnodiging"):
        assert (tmp_path / "demo" / "build" / name / "message.html").exists()
    assert len(list((tmp_path / "demo" / "mail" / "new").iterdir())) == 700 + 699
