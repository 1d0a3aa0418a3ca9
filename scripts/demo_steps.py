"""The steps of the demo; each is what a person would type, shown before it runs. Started by scripts/demo."""

import argparse
import csv
import os
import random
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_binary_file
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from typing import cast

from rich.console import Console

SUBSCRIBERS = 1000
SEED = 20270614
SECOND_LIST = """
[lists.bijeenkomsten]
title = "Bijeenkomsten Voorbeeld"
language = "nl"
from = "Programma Voorbeeld <bijeenkomsten@example.org>"
unsubscribe_mailbox = "afmelden@example.org"
basis = "public-task"
controller = "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad"
privacy_url = "https://example.org/privacy"
"""
FIRST = ["Anna", "Bram", "Chaima", "Daan", "Eva", "Fenna", "Gijs", "Hanneke", "Ilse", "Joris", "Koen", "Loïs", "Mirjam"]
LAST = ["de Vries", "van den Berg", "Özdemir", "Bakker", "Jansen", "El Idrissi", "Meijer", "Smit", "van Dijk", "Wójcik"]
PLACES = ["Voorbeeldstad", "Dorpen aan Zee", "Heidekamp", "Oud-Waterland", "Rivierenmonde"]

READY = re.compile(r"Taking mail on|Serving on")

screen = Console(highlight=False)


@dataclass(frozen=True)
class Place:
    """Where this demo happens: project folder, ports and the Maildir of the catcher."""

    folder: Path
    smtp_port: int
    http_port: int

    @property
    def maildir(self) -> Path:
        """Where the catcher delivers to."""
        return self.folder / "mail"

    @property
    def base_url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.http_port}"


def main() -> None:
    """Run every step, then say where to look."""
    options = _options()
    started = time.monotonic()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="newsletter-demo-"))
    place = Place(folder.resolve(), _free_port(2525), _free_port(8080))
    with ExitStack() as stack:
        _make_project(place)
        _import_subscribers(place)
        _look_at_issues(place)
        stack.enter_context(_background(place, "mailcatcher", str(place.maildir), "--port", str(place.smtp_port)))
        sent, seconds = _send(place)
        stack.enter_context(_background(place, "serve", "--port", str(place.http_port)))
        address = _unsubscribe_one(place)
        _send_again(place, address)
        _forget(place, address)
        _summary(place, sent, seconds, time.monotonic() - started)
        if options.serve:
            _wait(place)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo")
    parser.add_argument("folder", nargs="?", type=Path, help="where to make the project; a temporary folder by default")
    parser.add_argument("--serve", action="store_true", help="leave the pages up until Ctrl-C")
    return parser.parse_args()


# ---------------------------------------------------------------- steps


def _make_project(place: Place) -> None:
    _step("A project: configuration, two sample issues, a SQLite store")
    _newsletter(place, "init", str(place.folder), cwd=Path.cwd())
    file = place.folder / "newsletter.toml"
    text = file.read_text(encoding="utf-8").replace(":8080", f":{place.http_port}")
    text = text.replace("port = 2525", f"port = {place.smtp_port}")
    file.write_text(text + SECOND_LIST, encoding="utf-8")


def _import_subscribers(place: Place) -> None:
    _step(f"{SUBSCRIBERS} made-up subscribers, on two lists")
    people = list(_people(SUBSCRIBERS))
    for name, share in (("nieuwsbrief", people[:700]), ("bijeenkomsten", people[500:])):
        file = place.folder / f"{name}.csv"
        _write_csv(file, share)
        basis = "consent" if name == "nieuwsbrief" else "public-task"
        arguments = ["import", str(file), "--list", name, "--basis", basis, "--source", "sign-up form, spring 2026"]
        if basis == "consent":  # who joins a list on consent needs a day on which it was given
            arguments += ["--consented-at", "2026-03-21"]
        _newsletter(place, "subscribers", *arguments)
        file.unlink()  # the file holds personal data, and the store has it now


def _look_at_issues(place: Place) -> None:
    _step("The editor checks and builds: a newsletter and an invitation")
    for issue in ("nieuwsbrief", "uitnodiging"):
        _newsletter(place, "check", f"issues/{issue}.md")
        _newsletter(place, "build", f"issues/{issue}.md", "--out", f"build/{issue}")


def _send(place: Place) -> tuple[int, float]:
    _step("The operator sends the newsletter to a real SMTP server")
    began = time.monotonic()
    _newsletter(place, "send", "issues/nieuwsbrief.md", "--yes")
    return len(_mails(place)), time.monotonic() - began


def _unsubscribe_one(place: Place) -> str:
    _step("A subscriber unsubscribes with one click (RFC 8058)")
    mail = _of_one_list(place)
    found = re.search(r"<(http[^>]+)>", str(mail["List-Unsubscribe"]).replace("\n", ""))
    if not found:
        sys.exit("the mail has no unsubscribe link")
    request = urllib.request.Request(found[1], data=b"List-Unsubscribe=One-Click", method="POST")  # noqa: S310 - ours
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - a link of our own, on this machine
        screen.print(f"POST {place.base_url}/u/…  →  {answer.status} {answer.reason}")
    return _address(mail)


def _of_one_list(place: Place) -> EmailMessage:
    """A mail to somebody who is on this list only, so that everything about them goes when they leave it."""
    only = {address for address, _, _ in list(_people(SUBSCRIBERS))[:500]}
    return next(mail for mail in map(_read, _mails(place)) if _address(mail) in only)


def _send_again(place: Place, address: str) -> None:
    _step("Sending the same issue again: nobody gets it twice")
    before = _received(place)
    _newsletter(place, "send", "issues/nieuwsbrief.md", "--yes")
    _expect(_received(place) == before, "the second send mailed somebody")
    _step("Sending the invitation: whoever left gets nothing")
    _newsletter(place, "send", "issues/uitnodiging.md", "--list", "nieuwsbrief", "--yes")
    _expect(_received(place)[address] == before[address], "the unsubscribed person was mailed")
    screen.print(f"Mails to the person who left: {before[address]}, the one from before.")


def _forget(place: Place, address: str) -> None:
    from newsletter.cli.common import open_project
    from newsletter.cli.retention import erase_due, show_run

    _step("22 days later (the clock is moved): erased, with a receipt")
    project = open_project(place.folder / "newsletter.toml")
    later = datetime.now(UTC) + timedelta(days=22)
    show_run(project, erase_due(project, project.engine, quiet=True, clock=lambda: later))
    project.engine.dispose()
    data = place.folder / "data"
    ours = [path for path in [*data.rglob("*"), *place.folder.glob("*.log")] if path.is_file()]
    hits = [path for path in ours if address.encode() in path.read_bytes()]
    _expect(not hits, f"the address is still in {hits}")
    screen.print(f"The address is in none of the {len(ours)} files of the project's data and logs.")


def _summary(place: Place, sent: int, seconds: float, total: float) -> None:
    build = place.folder / "build"
    screen.rule("[bold]Done")
    screen.print(
        f"{sent} mails in {seconds:.1f} s ({sent / seconds:.0f} per second, start and end of the program included); "
        f"the whole demo took {total:.0f} s.\n"
        f"\n  a newsletter in the browser   {build / 'nieuwsbrief' / 'message.html'}"
        f"\n  an invitation in the browser  {build / 'uitnodiging' / 'message.html'}"
        f"\n  a mail as it was received     {_mails(place)[0]}"
        f"\n  the project                   {place.folder}"
        f"\n\nRemove it with: rm -r {place.folder}",
        soft_wrap=True,
    )


def _wait(place: Place) -> None:
    screen.print(f"\nThe pages are up: {place.base_url}/archive/nieuwsbrief/nieuwsbrief (Ctrl-C ends)", soft_wrap=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        screen.print("\nEnded.")


# ---------------------------------------------------------------- helpers


def _step(text: str) -> None:
    screen.print()
    screen.rule(f"[bold]{text}", align="left")


def _newsletter(place: Place, *arguments: str, cwd: Path | None = None) -> None:
    """Show and run one command; end the demo with its exit status if it fails."""
    screen.print(f"[bold]$ newsletter {shlex.join(arguments)}", soft_wrap=True)
    status = subprocess.run(_command(*arguments), cwd=cwd or place.folder, check=False).returncode
    if status:
        sys.exit(status)


def _command(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).parent / "newsletter"), *arguments]


@contextmanager
def _background(place: Place, *arguments: str) -> Iterator[None]:
    screen.print(f"[bold]$ newsletter {shlex.join(arguments)} &", soft_wrap=True)
    log = (place.folder / f"{arguments[0]}.log").open("w", encoding="utf-8")
    process = subprocess.Popen(_command(*arguments), cwd=place.folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_ready(process, Path(log.name))
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        log.close()


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it says so itself: a port that answers may be another program's."""
    for _ in range(600):
        said = log.read_text(encoding="utf-8")
        if READY.search(said):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    sys.exit(f"It did not start:\n{log.read_text(encoding='utf-8')}")


def _free_port(preferred: int) -> int:
    """`preferred`, or any other if a program listens there already."""
    with socket.socket() as probe:
        is_taken = probe.connect_ex(("127.0.0.1", preferred)) == 0
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0 if is_taken else preferred))
        return int(probe.getsockname()[1])


def _people(count: int) -> Iterator[tuple[str, str, str]]:
    chance = random.Random(SEED)
    for index in range(count):
        first, last = chance.choice(FIRST), chance.choice(LAST)
        yield f"lezer{index:04}@gemeente-{index % 97}.example", f"{first} {last}", f"Gemeente {chance.choice(PLACES)}"


def _write_csv(file: Path, people: Sequence[tuple[str, str, str]]) -> None:
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(["e-mailadres", "naam", "organisatie"])
        writer.writerows(people)


def _mails(place: Place) -> list[Path]:
    return sorted((place.maildir / "new").iterdir())


def _received(place: Place) -> dict[str, int]:
    """Mails per address."""
    counts: dict[str, int] = {}
    for path in _mails(place):
        to = _address(_read(path))
        counts[to] = counts.get(to, 0) + 1
    return counts


def _read(path: Path) -> EmailMessage:
    with path.open("rb") as stream:
        return cast("EmailMessage", message_from_binary_file(stream, policy=modern))


def _address(mail: EmailMessage) -> str:
    return str(mail["To"].addresses[0].addr_spec)


def _expect(fact: object, otherwise: str) -> None:
    if not fact:
        sys.exit(f"The demo failed: {otherwise}.")


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
