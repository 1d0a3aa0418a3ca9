"""Everyone who sends: one call is one run in a process of its own, and what it took."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
Run = Callable[[], "Took"]


@dataclass(frozen=True)
class Took:
    """What one run took."""

    messages: float
    seconds: float
    cpu: float
    """Processor seconds of the sender, all its processes."""
    peak_mb: float = 0

    @property
    def rate(self) -> float:
        """Messages per second."""
        return self.messages / self.seconds

    @property
    def microseconds(self) -> float:
        """Of processor time per message."""
        return self.cpu / self.messages * 1e6


@dataclass(frozen=True)
class Setting:
    """Where to send, how large, over how many connections."""

    port: int
    kilobytes: int
    connections: int
    folder: Path
    """Holds projects by size, one finished letter and the parts of the message."""

    @property
    def letter(self) -> Path:
        """One finished message with LF line ends."""
        return self.folder / f"letter-{self.kilobytes}.eml"

    @property
    def parts(self) -> Path:
        """Text and HTML with {{name}} and {{link}}."""
        return self.folder / f"parts-{self.kilobytes}.json"


def ours(setting: Setting, people: int, *more: str) -> Took:
    """The whole job, every outcome recorded."""
    return _json([*ours_command(setting, people), *more])


def ours_command(setting: Setting, people: int) -> list[str]:
    """The command of one job of ours."""
    project = setting.folder / f"project-{people}"
    size = ["--kilobytes", str(setting.kilobytes), "--connections", str(setting.connections)]
    return [sys.executable, str(HERE / "ours.py"), str(project), str(setting.port), *size]


def smtp_source(setting: Setting, messages: int, program: str) -> Took:
    """Postfix's smtp-source, connections kept (-d), the same bytes for everyone."""
    command = [program, "-d", "-s", str(setting.connections), "-m", str(messages), "-F", str(setting.letter)]
    command += ["-f", "nieuwsbrief@example.org", "-t", "persoon@gemeente.example", f"127.0.0.1:{setting.port}"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(messages, seconds, used)


def nodemailer(setting: Setting, messages: int, node: str, processes: int) -> Took:
    """Pooled nodemailer in so many processes."""
    each, connections = messages // processes, max(1, setting.connections // processes)
    command = [node, str(HERE / "nodemailer.mjs"), str(setting.port), str(each), str(connections), str(setting.parts)]
    with ThreadPoolExecutor(processes) as pool:
        took = list(pool.map(lambda _: _json(command), range(processes)))
    return Took(sum(item.messages for item in took), max(item.seconds for item in took), sum(item.cpu for item in took))


def python(way: str, setting: Setting, messages: int) -> Took:
    """One of the usual Python ways."""
    numbers = [str(setting.port), str(messages), str(setting.connections), str(setting.parts)]
    return _json([sys.executable, str(HERE / "python_peers.py"), way, *numbers])


def _json(command: list[str]) -> Took:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ)
    return Took(**json.loads(done.stdout))
