"""A virtual environment in .venv with locked versions and this checkout, made or renewed when it is asked for.

Needs only Python 3.11 with its venv module; runs on older ones far enough to say so.
"""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = Path(os.environ.get("NEWSLETTER_VENV", ROOT / ".venv"))
LOCKED = ROOT / "scripts" / "locked"
OLDEST = (3, 11)


def ensure(lock: str) -> Path:
    """The Python of an environment that has everything in `scripts/locked/<lock>` and the project itself."""
    if sys.version_info < OLDEST:
        sys.exit(f"This needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}.")
    python = VENV / "bin" / "python"
    if not _is_fresh(lock):
        VENV.mkdir(parents=True, exist_ok=True)
        with (VENV / ".installing").open("w", encoding="ascii") as held:
            fcntl.flock(held, fcntl.LOCK_EX)  # one at a time; who waited finds it done
            if not _is_fresh(lock):
                _say(f"Making a virtual environment in {VENV} and installing (a minute, the first time)")
                _make(python, lock)
                _stamp(lock).write_text(_wanted(lock), encoding="ascii")
    return python


def run(python: Path, *arguments: str) -> None:
    """Replace this process by `python arguments`, so that signals and the exit status are its own."""
    sys.stdout.flush()
    os.execv(python, [str(python), *arguments])  # noqa: S606 - a program of our own, no shell


def _make(python: Path, lock: str) -> None:
    if not python.exists():
        _call([sys.executable, "-m", "venv", str(VENV)], "Debian and Ubuntu: apt install python3-venv")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _call([*pip, "--require-hashes", "-r", str(LOCKED / lock)], "is the package registry reachable?")
    _call([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], "see the message above")


def _call(command: list[str], remedy: str) -> None:
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"Failed: {' '.join(command)}\nRemedy: {remedy}")


def _wanted(lock: str) -> str:
    """What an environment is made of. Installing takes the package away for a moment from commands that run, so what
    changes nothing in it (settings of linters, another Python that calls this) is left out.
    """
    import tomllib

    described = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packaging = {name: described.get(name) for name in ("build-system", "project")}
    packaging["hatch"] = described.get("tool", {}).get("hatch")
    made_with = VENV / "pyvenv.cfg"
    own = made_with.read_bytes() if made_with.exists() else b""
    parts = [(LOCKED / lock).read_bytes(), json.dumps(packaging, sort_keys=True).encode(), own]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _stamp(lock: str) -> Path:
    return VENV / f".installed-{lock}"


def _is_fresh(lock: str) -> bool:
    """Whether this set, or the larger one that holds it, was installed as it is wanted now."""
    candidates = {lock, "development.txt"}
    return any(_stamp(name).exists() and _stamp(name).read_text("ascii") == _wanted(name) for name in candidates)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
