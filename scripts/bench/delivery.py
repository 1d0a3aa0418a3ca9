"""How fast a job is sent, whole and in its stages, beside the fastest senders there are, in the same rounds.

    scripts/bench/run delivery [--quick] [--rounds N] [--scale] [--json FILE] [--plot FILE]

Everyone sends personal messages, one recipient each, over kept connections. `ours` is the whole job: claimed, filled,
sent, every outcome recorded so that `kill -9` loses nothing; `ours, power-safe` also syncs before every group of dots.
`smtp-source` (Postfix, C) sends the same ready bytes over and over: the limit. nodemailer (pooled), smtplib (threads)
and aiosmtplib build each message and keep no books. All take turns in every round; shown are medians.

The servers: Postfix's smtp-sink; a faster one of ours (relay/sink.c); that one with every reply 20 ms late, which is
what a real network costs. At 60 KB smtp-sink keeps a processor busy for itself; what we can do without waiting for it
shows at the fast one. With --scale also jobs of 1,000 to 1,000,000 recipients: cost per message, peak memory.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE), str(HERE / "relay")]

import servers
from fill import issue
from plot import bars
from project import make
from report import Found, show, show_scale, show_signing, show_stages
from senders import Run, Setting, Took, nodemailer, ours, ours_command, python, smtp_source

from newsletter.compose import fields
from newsletter.delivery.signing import MOST_PROCESSES

SIZES = [1_000, 10_000, 100_000, 1_000_000]
"""Recipients of the jobs of --scale."""
MANY = 15
"""Runs of a job that takes a tenth of a second: fewer tell more of the machine than of the job."""


@dataclass(frozen=True)
class Amount:
    """Messages per run."""

    ours: int
    built: int
    """For senders that build each message."""


@dataclass(frozen=True)
class Scenario:
    """One server, one size, so many connections, and who sends."""

    server: str
    kilobytes: int
    connections: int
    amount: Amount
    has_peers: bool

    def __str__(self) -> str:
        return f"{self.server}, {self.kilobytes} KB, {self.connections} connections"


def scenarios(*, is_quick: bool) -> Iterator[Scenario]:
    """All of them. What a job costs once is small beside what its messages cost, also in a quick run."""
    small, large = (
        (Amount(10_000, 400), Amount(4_000, 80)) if is_quick else (Amount(50_000, 2_000), Amount(15_000, 600))
    )
    for connections in (10, 50):
        yield Scenario("smtp-sink", 5, connections, small, has_peers=True)
        yield Scenario("smtp-sink", 60, connections, large, has_peers=True)
    yield Scenario("fast sink", 5, 10, small, has_peers=False)
    yield Scenario("fast sink", 60, 10, large, has_peers=True)
    yield Scenario("replies 20 ms late", 60, 50, large, has_peers=False)


def senders_of(scenario: Scenario, setting: Setting) -> dict[str, Run]:
    """Who takes turns; those whose program is not here are left out."""
    amount = scenario.amount
    found: dict[str, Run] = {
        "ours": partial(ours, setting, amount.ours),
        "ours, power-safe": partial(ours, setting, amount.ours, "--power-safe"),
    }
    if scenario.has_peers and scenario.connections == 10:  # noqa: PLR2004 - once is enough
        found["ours, RSA-2048"] = partial(ours, setting, amount.ours, "--sign", "rsa")
        found["ours, Ed25519"] = partial(ours, setting, amount.ours, "--sign", "ed25519")
    if program := servers.found("smtp-source"):
        less = amount.ours // 4 if scenario.server.startswith("replies") else amount.ours
        found["smtp-source"] = partial(smtp_source, setting, less, program)
    if not scenario.has_peers:
        return found
    if node := _node():
        for processes in (1, 2):
            name = f"nodemailer, {processes} process{'es' * (processes > 1)}"
            found[name] = partial(nodemailer, setting, amount.built, node, processes)
    found["smtplib, threads"] = partial(python, "smtplib", setting, amount.built // 4)
    found["aiosmtplib"] = partial(python, "aiosmtplib", setting, amount.built // 4)
    return found


def _node() -> str | None:
    """Node, and nodemailer among what tests/node/package.json names."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    from tests.support.node import installed

    os.environ["NODE_FOLDER"] = str(installed())
    return node


def prepare(folder: Path, sizes: set[int]) -> None:
    """A project per number of people, and per size of message a finished letter and its parts."""
    for people in sizes:
        make(folder / f"project-{people}", people)
    for kilobytes in (5, 60):
        setting = Setting(1, kilobytes, 1, folder)
        command = [*ours_command(setting, min(sizes)), "--letter", str(setting.letter)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        marked = {"name": "{{name}}", "organisation": "Gemeente Voorbeeld"}
        compiled = issue(kilobytes)
        values = fields.values_for(compiled, marked, "{{link}}")
        parts = {"text": fields.fill(compiled.text, values), "html": fields.fill(compiled.html, values)}
        setting.parts.write_text(json.dumps(parts), encoding="utf-8")


def measure(scenario: Scenario, setting: Setting, rounds: int, say: Callable[[str], None]) -> Found:
    """Medians per sender, all taking turns in every round."""
    senders = senders_of(scenario, setting)
    took: dict[str, list[Took]] = {name: [] for name in senders}
    for number in range(rounds):
        say(f"{scenario}: round {number + 1} of {rounds}")
        for name, run in senders.items():
            took[name].append(run())
    return {name: _medians(runs) for name, runs in took.items()}


def _medians(runs: list[Took]) -> dict[str, float]:
    return {
        "per_second": round(statistics.median(run.rate for run in runs), 1),
        "cpu_microseconds": round(statistics.median(run.microseconds for run in runs), 1),
        "peak_mb": round(max(run.peak_mb for run in runs), 1),
        "lowest": round(min(run.rate for run in runs), 1),
        "highest": round(max(run.rate for run in runs), 1),
    }


def scale(folder: Path, port: int, sizes: list[int], say: Callable[[str], None]) -> list[dict[str, float]]:
    """Jobs of growing size: what a message costs above what is done once, connections included, and memory."""
    setting = Setting(port, 5, 10, folder)
    make(folder / f"project-{setting.connections}", setting.connections)
    rows = []
    for people in sizes:
        say(f"a job of {people:,}")
        if not (folder / f"project-{people}").exists():
            make(folder / f"project-{people}", people)
        rounds = range(max(1, min(MANY, SIZES[-1] // people // 3)))
        pairs = [(ours(setting, setting.connections), ours(setting, people)) for _ in rounds]  # the same noise in both
        once, runs = statistics.median(small.cpu for small, _ in pairs), [run for _, run in pairs]
        cost = statistics.median((run.cpu - once) / people * 1e6 for run in runs)
        rate = statistics.median(run.rate for run in runs)
        peak = max(run.peak_mb for run in runs)
        rows.append(
            {
                "people": people,
                "cpu_microseconds": round(cost, 1),
                "per_second": round(rate, 1),
                "peak_mb": round(peak, 1),
            }
        )
    return rows


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer messages, three rounds")
    parser.add_argument("--rounds", type=int, help="rounds that the medians are taken over (5)")
    parser.add_argument("--only", default="", metavar="WORDS", help="only scenarios whose name holds these words")
    parser.add_argument("--scale", action="store_true", help="also jobs of 1,000 to 1,000,000 recipients")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures as JSON")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="also draw them as SVG")
    given = parser.parse_args()
    report = compare(given)
    if given.json:
        given.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    if given.plot:
        groups = {
            name: {who: row["per_second"] for who, row in found.items()}
            for name, found in report["scenarios"].items()
            if "50" not in name or "late" in name  # more connections tell little that is new
        }
        given.plot.write_text(bars("Messages per second", groups), encoding="utf-8")


def compare(given: argparse.Namespace) -> dict[str, Any]:
    """All that was asked for."""
    rounds = given.rounds or (3 if given.quick else 5)
    chosen = [item for item in scenarios(is_quick=given.quick) if given.only in str(item)]
    report: dict[str, Any] = {
        "bench": "delivery",
        "python": platform.python_version(),
        "rounds": rounds,
        "scenarios": {},
    }
    with tempfile.TemporaryDirectory(prefix="newsletter-bench-") as name, servers.those_here() as ports:
        folder = Path(name)
        prepare(folder, {item.amount.ours for item in chosen} or {1000})
        for item in chosen:
            if item.server not in ports:
                print(f"{item}: left out, {servers.needed(item.server)} is not here", file=sys.stderr)
                continue
            setting = Setting(ports[item.server], item.kilobytes, item.connections, folder)
            found = measure(item, setting, rounds, _say)
            report["scenarios"][str(item)] = found
            show(str(item), found)
            if "ours, RSA-2048" in found and item.kilobytes == max(choice.kilobytes for choice in chosen):
                if not (speed := _openssl_speed()):
                    print("signing beside openssl: left out, openssl is not here", file=sys.stderr)
                    continue
                report["openssl"] = speed
                show_signing(found["ours, RSA-2048"]["per_second"], speed, signing_processes())
        report["stages"] = _stages(folder, chosen)
        if given.scale and "fast sink" not in ports:
            print(f"--scale: left out, {servers.needed('fast sink')} is not here", file=sys.stderr)
        elif given.scale:
            sizes = SIZES[:-1] if given.quick else SIZES
            report["scale"] = scale(folder, ports["fast sink"], sizes, _say)
            show_scale(report["scale"])
    return report


def _openssl_speed() -> float:
    """Signatures per second of RSA-2048 on one processor, by the program that says how fast OpenSSL is; 0 without."""
    if not (program := shutil.which("openssl")):
        return 0.0
    done = subprocess.run(
        [program, "speed", "-seconds", "2", "rsa2048"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    return float(done.stdout.decode().splitlines()[-1].split()[-2])


def signing_processes() -> int:
    """Processors that sign a job of ours, on this machine."""
    return max(1, min(MOST_PROCESSES, len(os.sched_getaffinity(0)) - 1))


def _stages(folder: Path, chosen: list[Scenario]) -> dict[str, dict[str, float]]:
    """Microseconds per message of the parts of a job that are not sending."""
    stages = {}
    for kilobytes, people in {item.kilobytes: item.amount.ours for item in chosen}.items():
        command = [*ours_command(Setting(1, kilobytes, 1, folder), people), "--stages"]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        stages[f"{kilobytes} KB"] = found = json.loads(done.stdout)
        show_stages(kilobytes, found)
    return stages


def _say(text: str) -> None:
    """Where it is, for whoever waits."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
