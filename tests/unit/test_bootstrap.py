"""scripts/bootstrap.py: what is complete is left alone, since other commands may run from it at this moment."""

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bootstrap(tmp_path: Path) -> dict[str, Any]:
    """Its names, over a checkout and an environment of our own; `made` counts the installations."""
    names = runpy.run_path(str(ROOT / "scripts" / "bootstrap.py"))["ensure"].__globals__
    made: list[str] = []
    names |= {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "LOCKED": tmp_path, "made": made}
    names["_make"] = lambda _python, lock: made.append(lock)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("version = 3.11.7\n")
    for name in ("runtime.txt", "development.txt"):
        (tmp_path / name).write_text(f"{name}==1\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.ruff]\nline-length = 120\n')
    names["ensure"]("runtime.txt")
    assert made == ["runtime.txt"]
    return names


def test_what_is_complete_is_not_installed_again(
    bootstrap: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.ruff]\nline-length = 100\n')
    monkeypatch.setattr(sys, "version", "3.12.1 of somebody else")
    bootstrap["ensure"]("runtime.txt")
    assert bootstrap["made"] == ["runtime.txt"]


@pytest.mark.parametrize("name", ["runtime.txt", "pyproject.toml", ".venv/pyvenv.cfg"])
def test_what_it_is_made_of_makes_it_anew(bootstrap: dict[str, Any], tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('[project]\nname = "y"\n')
    bootstrap["ensure"]("runtime.txt")
    assert bootstrap["made"] == ["runtime.txt"] * 2
