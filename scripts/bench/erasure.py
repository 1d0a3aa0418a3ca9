"""Erasure of a tenth of a large store: seconds, peak memory, longest transaction, against plain SQL of the same rows.

    scripts/bench/run erasure [--rows 1000000] [--gone 100000] [--deliveries] [--json FILE]

Each run is a process of its own, on a copy of one store: people, subscriptions, consents (and with --deliveries one
delivery each). `erase` is the product: pages, tally, ledger, scrub, receipt. `plain` deletes the same rows by sqlite3
in one transaction and scrubs the same way: no ledger, no tally, and every writer waits for all of it. Afterwards the
bytes of both files are searched for who is gone.
"""

import argparse
import json
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from newsletter.store.engine import _prepare, connect
from newsletter.store.ledger import Ledger
from newsletter.store.migrate import upgrade
from subscribers import scrubbing
from subscribers.retention import RetentionPolicy
from tests.support.crowd import CANARY, NOW, fill

CASES = ("erase", "plain")


def run_product(database: Path, folder: Path) -> dict[str, float]:
    """One run of the retention; its two phases and the longest time a writer had to wait for a page of deletions."""
    engine = connect(f"sqlite:///{database}")
    ticks = [time.perf_counter()]
    done = scrubbing.run_retention(
        engine,
        policies={"nieuws": RetentionPolicy()},
        now=NOW,
        record=Ledger(folder / "ledger").append,
        on_progress=lambda _done, _total: ticks.append(time.perf_counter()),
    )
    if done.receipt is None:
        raise SystemExit(f"no receipt: {done.still_due}")
    end = time.perf_counter()
    pages = [after - before for before, after in pairwise(ticks)]
    return {"delete": ticks[-1] - ticks[0], "scrub": end - ticks[-1], "longest_page": max(pages)}


def run_plain(database: Path, _folder: Path) -> dict[str, float]:
    """The same rows by plain SQL."""
    connection = sqlite3.connect(database, isolation_level=None)
    _prepare(connection, None)  # type: ignore[arg-type]  # the pool's entry is not used
    started = time.perf_counter()
    gone = "SELECT id FROM subscription WHERE erase_at <= ?"
    moment = (NOW.replace(tzinfo=None).isoformat(" "),)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TEMP TABLE people AS SELECT subscriber_id FROM subscription WHERE erase_at <= ?", moment)
    connection.execute(f"DELETE FROM delivery WHERE subscription_id IN ({gone})", moment)
    connection.execute(f"DELETE FROM consent WHERE subscription_id IN ({gone})", moment)
    connection.execute("DELETE FROM subscription WHERE erase_at <= ?", moment)
    connection.execute("DELETE FROM subscriber WHERE id IN (SELECT subscriber_id FROM people)")
    connection.execute("COMMIT")
    deleted = time.perf_counter()
    connection.execute("PRAGMA temp_store=FILE")
    for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
        connection.execute(statement).fetchall()
    end = time.perf_counter()
    return {"delete": deleted - started, "scrub": end - deleted, "longest_page": deleted - started}


def measure(case: str, folder: Path) -> dict[str, float]:
    """Run `case` in this process."""
    database = folder / f"{case}.sqlite3"
    found = (run_product if case == "erase" else run_plain)(database, folder)
    found["seconds"] = found["delete"] + found["scrub"]
    found["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def prepare(folder: Path, rows: int, gone: int, *, deliveries: bool) -> float:
    """Fill a store and copy it per case; its size in MB."""
    store = folder / "store.sqlite3"
    engine = connect(f"sqlite:///{store}")
    upgrade(engine)
    fill(engine, rows, gone, deliveries=deliveries)
    engine.dispose()
    for case in CASES:
        shutil.copy(store, folder / f"{case}.sqlite3")
    return store.stat().st_size / 1e6


def compare(rows: int, gone: int, *, deliveries: bool) -> dict[str, Any]:
    """All cases on copies of one store."""
    with tempfile.TemporaryDirectory(prefix="newsletter-bench-") as name:
        folder = Path(name)
        size = prepare(folder, rows, gone, deliveries=deliveries)
        table = {}
        for case in CASES:
            command = [sys.executable, __file__, "--case", case, "--folder", name]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            table[case] = json.loads(done.stdout)
            table[case]["canaries_left"] = len(CANARY.findall((folder / f"{case}.sqlite3").read_bytes()))
    for row in table.values():
        row["times_plain"] = row["seconds"] / table["plain"]["seconds"]
    return {"rows": rows, "gone": gone, "deliveries": deliveries, "store_mb": size, "cases": table}


def show(result: dict[str, Any]) -> None:
    """The table for people."""
    what = f"{result['gone']:,} of {result['rows']:,} people, a store of {result['store_mb']:.0f} MB"
    print(what + (", one delivery each" if result["deliveries"] else ""))
    print(f"{'':8}{'seconds':>9}{'delete':>9}{'scrub':>9}{'longest':>9}{'peak MB':>9}{'left':>6}{'x plain':>9}")
    for case, row in result["cases"].items():
        times = "".join(f"{row[key]:>9.2f}" for key in ("seconds", "delete", "scrub", "longest_page"))
        print(f"{case:8}{times}{row['memory_mb']:>9.0f}{row['canaries_left']:>6}{row['times_plain']:>9.2f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--gone", type=int, help="default: a tenth of the rows")
    parser.add_argument("--deliveries", action="store_true", help="one delivery per person besides")
    parser.add_argument("--json", type=Path, help="write the result here as well")
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case:
        print(json.dumps(measure(given.case, given.folder)))
        return
    result = compare(given.rows, given.gone or given.rows // 10, deliveries=given.deliveries)
    show(result)
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
