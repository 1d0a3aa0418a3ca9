"""Running the command line as its user would: a process of its own."""

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
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
    """Run one command in `cwd`, as a child of a process that has imported everything, if that one is free."""
    settings = environment(env)
    if not {"LD_PRELOAD", "FAKETIME"} & set(settings) and _WARM.lock.acquire(blocking=False):
        try:
            return _WARM.run(arguments, cwd, settings, timeout, stdin)
        finally:
            _WARM.lock.release()
    done = subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=settings,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


class _Warm:
    """The process of tests/support/warm_cli.py, started when first needed."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def run(
        self, arguments: Sequence[str], cwd: Path, settings: Mapping[str, str], timeout: float, stdin: str
    ) -> Outcome:
        process = self._started()
        with tempfile.TemporaryDirectory() as name:
            files = [Path(name) / stream for stream in ("in", "out", "err")]
            for path, text in zip(files, (stdin, "", ""), strict=True):
                path.write_text(text, encoding="utf-8")
            asked = {
                "arguments": list(arguments), "cwd": str(cwd), "env": dict(settings), "files": [str(f) for f in files],
            }  # fmt: skip
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            child = int(process.stderr.readline())
            deadline = threading.Timer(timeout, os.killpg, (child, signal.SIGKILL))
            deadline.start()
            status = int(process.stderr.readline())
            deadline.cancel()
            return Outcome(status, *(path.read_text(encoding="utf-8") for path in files[1:]))

    def _started(self) -> "subprocess.Popen[str]":
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.warm_cli"],
                cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                text=True,
            )  # fmt: skip
            atexit.register(self._end, self._process)
        return self._process

    @staticmethod
    def _end(process: "subprocess.Popen[str]") -> None:
        process.stdin.close()
        process.stderr.close()
        process.wait(timeout=10)


_WARM = _Warm()
