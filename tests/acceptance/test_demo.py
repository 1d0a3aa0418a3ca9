"""The README's first command does what it says, from an empty folder to the receipt of an erasure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.xdist_group("ports")
def test_the_demo_ends_with_mails_to_open_and_a_receipt(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "demo_steps.py"), str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "700 mails in" in done.stdout
    assert "Mails to the person who left: 1" in done.stdout
    assert "Receipt 1" in done.stdout
    for name in ("nieuwsbrief", "uitnodiging"):
        assert (tmp_path / "demo" / "build" / name / "message.html").exists()
    assert len(list((tmp_path / "demo" / "mail" / "new").iterdir())) == 700 + 699
