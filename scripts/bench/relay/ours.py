"""One job of ours, in a process of its own; what it took as one line of JSON.

    ours.py PROJECT PORT --kilobytes N --connections N [--power-safe] [--sign KIND] [--letter FILE] [--stages]

`--letter` writes one finished message, so that other senders can be given the same bytes. `--stages` measures the parts
of a job one by one instead: letters filled, deliveries claimed and recorded.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from project import Planned, plan

from newsletter.delivery.letters import letter_writer
from newsletter.delivery.outcome import Event, Outcome, State
from newsletter.delivery.worker import books_of, means_of, run_with
from newsletter.store.claims import Claim, Claimed, claim_batch

BATCH = 2000


def run(planned: Planned, *, power_safe: bool) -> dict[str, float]:
    """The whole job: claim, fill, send, record every outcome, settle."""
    means = means_of(planned.sending, planned.job)
    means = replace(means, power_safe=power_safe)
    processor, clock = _processor_time(), time.perf_counter()
    result = run_with(means, planned.job)
    seconds, used = time.perf_counter() - clock, _processor_time() - processor
    sent = result.counts[State.SENT]
    if sent != planned.job.audience:
        raise SystemExit(f"{sent} of {planned.job.audience} were sent")
    own, signing = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = (own.ru_maxrss + signing.ru_maxrss) / 1024
    return {"messages": sent, "seconds": seconds, "cpu": used, "peak_mb": peak}


def _processor_time() -> float:
    """Of this process and those that it started and that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def stages(planned: Planned) -> dict[str, float]:
    """Microseconds per message of what a job does besides sending."""
    batch = min(BATCH, planned.job.audience // 10)
    held = claim_batch(planned.sending.engine, planned.job.id, _claim(planned), batch).claimed
    write = letter_writer(
        planned.sending.configuration, planned.sending.keyring, planned.job, planned.issue, planned.sending.clock
    )
    books = books_of(planned.sending)

    def store() -> int:
        claimed = claim_batch(planned.sending.engine, planned.job.id, _claim(planned), batch).claimed
        outcomes = [Outcome(item.delivery, Event.ACCEPT, "", 250, "2.0.0 Ok") for item in claimed]
        books.record(planned.job.id, "bench", outcomes)
        return len(claimed)

    def fill(claimed: tuple[Claimed, ...] = held) -> int:
        for item in claimed:
            write(item)
        return len(claimed)

    return {"fill": _fastest(fill), "store": _fastest(store)}


def _claim(planned: Planned) -> Claim:
    return Claim(worker="bench", now=planned.sending.clock(), lease=timedelta(minutes=30))


def _fastest(work: Callable[[], int], times: int = 5) -> float:
    found = []
    for _ in range(times):
        start = time.perf_counter()
        done = work()
        if done:
            found.append((time.perf_counter() - start) / done * 1e6)
    return min(found)


def main() -> None:
    """Prepare a copy of the project, run, and say what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--kilobytes", type=int, default=60)
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--power-safe", action="store_true")
    parser.add_argument("--sign", default="", choices=["", "rsa", "ed25519"])
    parser.add_argument("--letter", type=Path)
    parser.add_argument("--stages", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsletter-bench-", dir=given.project.parent) as name:
        planned = plan(
            given.project,
            Path(name) / "p",
            kilobytes=given.kilobytes,
            port=given.port,
            connections=given.connections,
            sign=given.sign,
        )
        if given.letter:
            print(json.dumps({"octets": write_letter(planned, given.letter)}))
        elif given.stages:
            print(json.dumps(stages(planned)))
        else:
            print(json.dumps(run(planned, power_safe=given.power_safe)))


def write_letter(planned: Planned, path: Path) -> int:
    """One message with LF line ends, as smtp-source -F wants it; its size in octets on the wire."""
    sending = planned.sending
    write = letter_writer(sending.configuration, sending.keyring, planned.job, planned.issue, sending.clock)
    person = Claimed(1, 0, b"r" * 16, "persoon1@gemeente1.example", "Jan Jansen", "Gemeente Voorbeeld 1", {})
    message = write(person).message
    path.write_bytes(message.replace(b"\r\n", b"\n"))
    return len(message)


if __name__ == "__main__":
    main()
