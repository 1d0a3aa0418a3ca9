"""The steps of the demo; each is what a person would type, shown before it runs. Started by scripts/demo."""

import argparse
import os
import re
import signal
import sys
import time
import urllib.request
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo_commands import Place, background, expect, free_port, run, screen, step
from demo_folder import project_folder
from demo_people import SUBSCRIBERS, address_of, made_up_people, mail_of_one_list, mails, received, write_people

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


def main() -> None:
    """Run every step, then say where to look."""
    options = _options()
    started = time.monotonic()
    ports = free_port(2525), free_port(8080)
    with project_folder(options.folder) as finish, ExitStack() as stack:
        place = Place(finish.folder, *ports)
        _make_project(place)
        _import_subscribers(place)
        _look_at_issues(place)
        stack.enter_context(background(place, "mailcatcher", str(place.maildir), "--port", str(place.smtp_port)))
        sent, seconds = _send(place)
        stack.enter_context(background(place, "serve", "--port", str(place.http_port)))
        address = _unsubscribe_one(place)
        _send_again(place, address)
        _forget(place, address)
        _summary(place, sent, seconds, time.monotonic() - started)
        finish()
        if options.serve:
            _wait(place)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo")
    parser.add_argument("folder", nargs="?", type=Path, help="where to make the project; a temporary folder by default")
    parser.add_argument("--serve", action="store_true", help="leave the pages up until Ctrl-C")
    return parser.parse_args()


def _make_project(place: Place) -> None:
    step("A project: configuration, two sample issues, a SQLite store")
    run(place, "init", str(place.folder), cwd=Path.cwd())
    file = place.folder / "newsletter.toml"
    text = file.read_text(encoding="utf-8").replace(":8080", f":{place.http_port}")
    text = text.replace("port = 2525", f"port = {place.smtp_port}")
    file.write_text(text + SECOND_LIST, encoding="utf-8")


def _import_subscribers(place: Place) -> None:
    step(f"{SUBSCRIBERS} made-up subscribers, on two lists")
    people = list(made_up_people(SUBSCRIBERS))
    for name, share in (("nieuwsbrief", people[:700]), ("bijeenkomsten", people[500:])):
        file = place.folder / f"{name}.csv"
        write_people(file, share)
        basis = "consent" if name == "nieuwsbrief" else "public-task"
        arguments = ["import", str(file), "--list", name, "--basis", basis, "--source", "sign-up form, spring 2026"]
        if basis == "consent":  # who joins a list on consent needs a day on which it was given
            arguments += ["--consented-at", "2026-03-21"]
        run(place, "subscribers", *arguments)
        file.unlink()  # the file holds personal data, and the store has it now


def _look_at_issues(place: Place) -> None:
    step("The editor checks and builds: a newsletter and an invitation")
    for issue in ("nieuwsbrief", "uitnodiging"):
        run(place, "check", f"issues/{issue}.md")
        run(place, "build", f"issues/{issue}.md", "--out", f"build/{issue}")


def _send(place: Place) -> tuple[int, float]:
    step("The operator sends the newsletter to a real SMTP server")
    began = time.monotonic()
    run(place, "send", "issues/nieuwsbrief.md", "--yes")
    return len(mails(place)), time.monotonic() - began


def _unsubscribe_one(place: Place) -> str:
    step("A subscriber unsubscribes with one click (RFC 8058)")
    mail = mail_of_one_list(place)
    found = re.search(r"<(http[^>]+)>", str(mail["List-Unsubscribe"]).replace("\n", ""))
    if not found:
        sys.exit("the mail has no unsubscribe link")
    request = urllib.request.Request(found[1], data=b"List-Unsubscribe=One-Click", method="POST")  # noqa: S310 - ours
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - a link of our own, on this machine
        screen.print(f"POST {place.base_url}/u/…  →  {answer.status} {answer.reason}")
    return address_of(mail)


def _send_again(place: Place, address: str) -> None:
    step("Sending the same issue again: nobody gets it twice")
    before = received(place)
    run(place, "send", "issues/nieuwsbrief.md", "--yes")
    expect(received(place) == before, "the second send mailed somebody")
    step("Sending the invitation: whoever left gets nothing")
    run(place, "send", "issues/uitnodiging.md", "--list", "nieuwsbrief", "--yes")
    expect(received(place)[address] == before[address], "the unsubscribed person was mailed")
    screen.print(f"Mails to the person who left: {before[address]}, the one from before.")


def _forget(place: Place, address: str) -> None:
    from newsletter.cli.common import open_project
    from newsletter.cli.retention import erase_due, show_run

    step("22 days later (the clock is moved): erased, with a receipt")
    project = open_project(place.folder / "newsletter.toml")
    later = datetime.now(UTC) + timedelta(days=22)
    show_run(project, erase_due(project, project.engine, quiet=True, clock=lambda: later))
    project.engine.dispose()
    data = place.folder / "data"
    ours = [path for path in [*data.rglob("*"), *place.folder.glob("*.log")] if path.is_file()]
    hits = [path for path in ours if address.encode() in path.read_bytes()]
    expect(not hits, f"the address is still in {hits}")
    screen.print(f"The address is in none of the {len(ours)} files of the project's data and logs.")


def _summary(place: Place, sent: int, seconds: float, total: float) -> None:
    build = place.folder / "build"
    screen.rule("[bold]Done")
    screen.print(
        f"{sent} mails in {seconds:.1f} s ({sent / seconds:.0f} per second, start and end of the program included); "
        f"the whole demo took {total:.0f} s.\n"
        f"\n  a newsletter in the browser   {build / 'nieuwsbrief' / 'message.html'}"
        f"\n  an invitation in the browser  {build / 'uitnodiging' / 'message.html'}"
        f"\n  a mail as it was received     {mails(place)[0]}"
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


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
