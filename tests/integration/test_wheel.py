"""An installed wheel carries templates and migrations and works outside the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built and unpacked as pip would, in a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "dist"), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, text=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    site = folder / "site"
    zipfile.ZipFile(wheel).extractall(site)
    return site


def run(installed: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    code = "from newsletter.cli.main import run; run()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def test_the_wheel_is_what_runs(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    code = "import newsletter, newsletter.shipped as s; print(newsletter.__file__, s.templates_dir())"
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    assert all(Path(path).is_relative_to(installed) for path in shown)


def test_rules_are_explained_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    explained = run(installed, tmp_path, "explain", "A41")
    assert explained.returncode == 0, explained.stderr
    assert explained.stdout.startswith("# A41: ")


def test_a_project_is_made_checked_and_built_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "init", "project").returncode == 0
    project = tmp_path / "project"
    checked = run(installed, project, "check", "issues/nieuwsbrief.md")
    assert checked.returncode == 0, checked.stderr + checked.stdout
    built = run(installed, project, "build", "issues/nieuwsbrief.md", "--out", "out")
    assert built.returncode == 0, built.stderr
    assert {path.name for path in (project / "out").iterdir()} >= {
        "message.eml",
        "message.html",
        "message.txt",
        "findings.json",
    }
    assert run(installed, project, "database", "upgrade").returncode == 0
    assert run(installed, project, "retention", "status").returncode == 0
