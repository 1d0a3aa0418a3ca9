"""Import of generated rows: rows per second, peak memory, and the time against plain sqlite3 executemany.

    scripts/bench/run imports [--rows 1000000] [--rounds 1] [--json FILE]

Every run is a process of its own, on a new database file with the schema of the store. The plain runs write the same
rows into the same tables (subscriber, subscription, consent) with three executemany in one transaction, their values
ready in memory order: no CSV, no checks, no evidence. `plain` uses the same pragmas as the store (WAL,
synchronous=FULL, secure_delete, 64 MB of cache), `plain-defaults` none at all.
"""

import argparse
import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from newsletter.store.engine import _prepare, connect
from newsletter.store.tables import delivery
from subscribers.csv_reading import CsvReader
from subscribers.import_grounds import Grounds
from subscribers.import_report import ImportReport
from subscribers.import_store import import_files
from subscribers.importing import map_columns

NOW = datetime(2027, 6, 14, 9, 0, tzinfo=UTC)
SOURCE = "sign-up form of the old system"
CASES = ("plain", "plain-defaults", "import", "import-again", "dry-run")


def people(rows: int) -> Iterator[tuple[str, str, str, str]]:
    """Made-up people, their addresses in no order."""
    for number in range(rows):
        mixed = number * 7_368_787 % rows
        yield (f"persoon{mixed}@gemeente{mixed % 343}.example", f"Jan de Vries {number}", "Gemeente Voorbeeld", "Noord")


def write_csv(path: Path, rows: int) -> None:
    """The file as Excel saves it in the Netherlands."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("e-mail;naam;organisatie;regio\r\n")
        file.writelines(";".join(person) + "\r\n" for person in people(rows))


def run_import(database: Path, file: Path, *, dry_run: bool = False) -> None:
    """One import through the product."""
    engine = connect(f"sqlite:///{database}")
    with file.open("rb") as stream:
        reader = CsvReader(stream)
        grounds = Grounds(list="nieuwsbrief", basis="consent", source=SOURCE, now=NOW)
        columns = map_columns(reader.header, ["regio"])
        import_files(engine, [(reader, columns)], grounds, report=ImportReport(), dry_run=dry_run)
    engine.dispose()


def run_plain(database: Path, rows: int, *, defaults: bool) -> None:
    """The same rows through sqlite3 alone."""
    connection = sqlite3.connect(database)
    if not defaults:
        _prepare(connection, None)  # type: ignore[arg-type]  # the pool's entry is not used
    moment = NOW.replace(tzinfo=None).isoformat(" ", "microseconds")
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO subscriber (ref, address_key, address, name, organisation, attributes, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (os.urandom(16), address, address, name, organisation, '{"regio": "Noord"}', moment)
            for address, name, organisation, _ in people(rows)
        ),
    )
    connection.executemany(
        "INSERT INTO subscription (ref, subscriber_id, list, state, created_at, actor) VALUES (?, ?, ?, ?, ?, ?)",
        ((os.urandom(16), number, "nieuwsbrief", "active", moment, "operator") for number in range(1, rows + 1)),
    )
    connection.executemany(
        "INSERT INTO consent (subscription_id, at, event, basis, source, wording, wording_version, actor) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ((number, moment, "imported", "consent", SOURCE, "", "", "operator") for number in range(1, rows + 1)),
    )
    connection.commit()
    connection.close()


def measure(case: str, folder: Path, rows: int) -> dict[str, float]:
    """Run `case` in this process: seconds, and the peak of memory in MB."""
    database, file = folder / f"{case}.sqlite3", folder / "people.csv"
    if case in {"plain", "plain-defaults", "import"}:
        delivery.metadata.create_all(connect(f"sqlite:///{database}"))
    else:
        database = folder / "import.sqlite3"
    runs: dict[str, Callable[[], None]] = {
        "plain": lambda: run_plain(database, rows, defaults=False),
        "plain-defaults": lambda: run_plain(database, rows, defaults=True),
        "import": lambda: run_import(database, file),
        "import-again": lambda: run_import(database, file),
        "dry-run": lambda: run_import(database, file, dry_run=True),
    }
    before, cpu_before = time.perf_counter(), time.process_time()
    runs[case]()
    seconds, cpu = time.perf_counter() - before, time.process_time() - cpu_before
    return {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def measure_apart(case: str, folder: Path, rows: int) -> dict[str, float]:
    """`measure` in a process of its own, so that peaks do not mix."""
    command = [sys.executable, __file__, "--rows", str(rows), "--case", case, "--folder", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def compare(rows: int, rounds: int, cases: Sequence[str]) -> dict[str, Any]:
    """Medians over all rounds, and the ratios to the plain runs."""
    found: dict[str, list[dict[str, float]]] = {case: [] for case in cases}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="newsletter-bench-") as name:
            write_csv(Path(name) / "people.csv", rows)
            for case in cases:
                found[case].append(measure_apart(case, Path(name), rows))
    table = {
        case: {key: statistics.median(run[key] for run in runs) for key in ("seconds", "cpu_seconds", "memory_mb")}
        for case, runs in found.items()
    }
    for row in table.values():
        row["rows_per_second"] = rows / row["seconds"]
        row["times_plain"] = row["seconds"] / table["plain"]["seconds"]
        row["cpu_times_plain"] = row["cpu_seconds"] / table["plain"]["cpu_seconds"]
    return {"rows": rows, "rounds": rounds, "cases": table}


def show(result: dict[str, Any]) -> None:
    """The table for people."""
    print(f"{result['rows']:,} rows, median of {result['rounds']}")
    print(f"{'':16}{'seconds':>9}{'rows/s':>11}{'peak MB':>9}{'x plain':>9}{'CPU s':>8}{'x plain':>9}")
    for case, row in result["cases"].items():
        print(
            f"{case:16}{row['seconds']:>9.2f}{row['rows_per_second']:>11,.0f}"
            f"{row['memory_mb']:>9.0f}{row['times_plain']:>9.2f}"
            f"{row['cpu_seconds']:>8.1f}{row['cpu_times_plain']:>9.2f}"
        )


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", type=Path, help="keep the numbers here")
    parser.add_argument("--only", choices=CASES, nargs="+", default=CASES, help="measure these cases (plain is needed)")
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(measure(options.case, options.folder, options.rows)))
        return
    result = compare(options.rows, options.rounds, options.only)
    show(result)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
