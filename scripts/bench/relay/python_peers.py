"""The two ways in which Python programs usually send a newsletter; what it took as one line of JSON.

    python_peers.py smtplib|aiosmtplib PORT MESSAGES CONNECTIONS PARTS.json

Each message is built with email.message and sent over connections that are kept; nothing is stored.
"""

import asyncio
import json
import smtplib
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib

NAMES = ("Jan Jansen", "Daniëlle de Groot", "M. van den Berg", "Petra Smit")


def built(number: int, parts: dict[str, str]) -> EmailMessage:
    """The message of one recipient."""
    name, link = NAMES[number % len(NAMES)], f"https://nieuws.example.org/u/{'k' * 40}{number:08}"
    message = EmailMessage()
    message["From"] = "Programma Voorbeeld <nieuwsbrief@example.org>"
    message["To"] = f"{name} <persoon{number}@gemeente.example>"
    message["Subject"] = "Zomereditie: één nieuwe subsidieronde"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text, html = (parts[kind].replace("{{name}}", name).replace("{{link}}", link) for kind in ("text", "html"))
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


def with_smtplib(port: int, messages: int, connections: int, parts: dict[str, str]) -> None:
    """A thread per connection."""

    def work(first: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            for number in range(first, messages, connections):
                client.send_message(built(number, parts))

    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(work, range(connections)))


def with_aiosmtplib(port: int, messages: int, connections: int, parts: dict[str, str]) -> None:
    """A task per connection."""

    async def work(first: int) -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False) as client:
            for number in range(first, messages, connections):
                await client.send_message(built(number, parts))

    async def everyone() -> None:
        await asyncio.gather(*(work(first) for first in range(connections)))

    asyncio.run(everyone())


def main() -> None:
    """Send and say what it took."""
    way = {"smtplib": with_smtplib, "aiosmtplib": with_aiosmtplib}[sys.argv[1]]
    port, messages, connections = map(int, sys.argv[2:5])
    parts = json.loads(Path(sys.argv[5]).read_text("utf-8"))
    way(port, connections, connections, parts)  # not counted: what is done once
    processor, clock = time.process_time(), time.perf_counter()
    way(port, messages, min(connections, messages), parts)
    seconds, used = time.perf_counter() - clock, time.process_time() - processor
    print(json.dumps({"messages": messages, "seconds": seconds, "cpu": used}))


if __name__ == "__main__":
    main()
