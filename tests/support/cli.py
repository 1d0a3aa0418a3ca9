"""Running the command line as its user would: a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = "from newsletter.cli.main import run; run()"


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything it said."""
        return self.out + self.err

    def expect(self, status: int) -> "Outcome":
        """Itself, if it ended as expected and without a traceback."""
        assert "Traceback" not in self.said, self.said
        assert self.status == status, f"exit status {self.status}, not {status}:\n{self.said}"
        return self


def command(*arguments: str) -> list[str]:
    """The command line of `newsletter`."""
    return [sys.executable, "-c", CODE, *arguments]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a person, without settings of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER__")}
    return {**kept, "PYTHONPATH": str(ROOT), "TERM": "dumb", **(extra or {})}


def newsletter(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 120, stdin: str = ""
) -> Outcome:
    """Run one command in `cwd`."""
    done = subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=environment(env),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)
