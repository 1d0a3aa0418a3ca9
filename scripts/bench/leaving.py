"""One-click POSTs per second, every one durable before it is answered, against one commit each by plain sqlite3.

    scripts/bench/run leaving [--people 20000] [--connections 50] [--rounds 5] [--json FILE]

`serve` is the product: a process of its own on a SQLite store; a client with so many connections posts what a mail
program posts (RFC 8058), each token once. `plain` ends the same subscriptions by sqlite3, one durable commit after the
other, without HTTP, token, ledger or evidence. Rounds alternate; medians and the ratio are printed.
"""

import argparse
import asyncio
import json
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import select

from newsletter.store.engine import _prepare
from subscribers.tables import subscription
from subscribers.transactions import reading
from tests.support.crowd import fill
from tests.support.web import WebProject, make_project

BODY = b"List-Unsubscribe=One-Click"


async def post_all(port: int, tokens: list[str], connections: int) -> list[float]:
    """Post every token once over so many connections; the seconds that each answer took."""
    queue, took = iter(tokens), []

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for token in queue:
            began = time.perf_counter()
            writer.write(
                b"POST /u/%b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (token.encode("ascii"), len(BODY), BODY)
            )
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(head.decode("ascii", "replace"))
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            took.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return took


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """`newsletter serve` on a free port of this machine."""
    command = [sys.executable, "-c", "from newsletter.cli.main import run; run()", "serve", "--port", "0", "--quiet"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        line = next(line for line in process.stdout or () if "Serving on" in line)
        try:
            yield int(line.rpartition(":")[2])
        finally:
            process.terminate()


def refs_of(project: WebProject) -> list[bytes]:
    """The references of everybody on the list."""
    with reading(project.engine) as connection:
        return list(connection.scalars(select(subscription.c.ref)))


def measure_serve(template: Path, folder: Path, connections: int) -> dict[str, float]:
    """One round of the product on a fresh copy of the store."""
    shutil.copytree(template, folder)
    project = make_project(folder)
    tokens = [project.token(ref) for ref in refs_of(project)]
    project.engine.dispose()
    with serving(folder) as port:
        began = time.perf_counter()
        took = sorted(asyncio.run(post_all(port, tokens, connections)))
        seconds = time.perf_counter() - began
    left = sqlite3.connect(folder / "data" / "newsletter.sqlite3").execute(
        "SELECT count(*) FROM subscription WHERE state <> 'ended'"
    )
    if left.fetchone()[0]:
        raise SystemExit("somebody was told to have left and has not")
    return {"rate": len(tokens) / seconds, "p99_ms": took[int(len(took) * 0.99)] * 1000}


def measure_plain(template: Path, folder: Path) -> dict[str, float]:
    """One round of plain SQL on a fresh copy of the store."""
    shutil.copytree(template, folder)
    connection = sqlite3.connect(folder / "data" / "newsletter.sqlite3", isolation_level=None)
    _prepare(connection, None)  # type: ignore[arg-type]  # the pool's entry is not used
    connection.execute("PRAGMA synchronous=FULL")
    ids = [row[0] for row in connection.execute("SELECT id FROM subscription")]
    change = "UPDATE subscription SET state = 'ended', ended_at = ?, erase_at = ? WHERE id = ?"
    began = time.perf_counter()
    for number in ids:
        connection.execute(change, ("2027-06-14 12:00:00", "2027-07-05 22:00:00", number))
    return {"rate": len(ids) / (time.perf_counter() - began)}


def compare(people: int, connections: int, rounds: int) -> dict[str, Any]:
    """Medians over rounds, the two ways in turn."""
    with tempfile.TemporaryDirectory(prefix="newsletter-bench-") as name:
        template = Path(name) / "template"
        template.mkdir()
        project = make_project(template)
        fill(project.engine, people, 0)
        project.engine.dispose()
        found: dict[str, list[dict[str, float]]] = {"serve": [], "plain": []}
        for number in range(rounds):
            found["serve"].append(measure_serve(template, Path(name) / f"serve{number}", connections))
            found["plain"].append(measure_plain(template, Path(name) / f"plain{number}"))
    table = {
        case: {key: statistics.median(row[key] for row in rows) for key in rows[0]} for case, rows in found.items()
    }
    ratio = table["serve"]["rate"] / table["plain"]["rate"]
    return {"people": people, "connections": connections, "rounds": rounds, "cases": table, "ratio": ratio}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the result here as well")
    given = parser.parse_args()
    result = compare(given.people, given.connections, given.rounds)
    serve, plain = result["cases"]["serve"], result["cases"]["plain"]
    print(f"{given.people:,} people leave over {given.connections} connections; medians of {given.rounds} rounds")
    print(f"serve  {serve['rate']:>8,.0f} per second, 99 % answered within {serve['p99_ms']:.0f} ms")
    print(f"plain  {plain['rate']:>8,.0f} per second, sqlite3 alone")
    print(f"ratio  {result['ratio']:>8.2f}")
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
