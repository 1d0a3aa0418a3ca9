"""Where the access token of a relay comes from (edge; XOAUTH2, RFC 7628's ancestor that Microsoft and Google speak).

Tokens live for about an hour and somebody else renews them. A file is read for every connection. A command is run when
the token that it gave is five minutes old, or was refused; its output goes nowhere but to the relay.
"""

import asyncio
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from newsletter.config import Configuration
from newsletter.config_relays import Relay
from newsletter.config_secrets import read_secret
from subscribers.errors import ConfigurationError, ServiceError

FRESH_SECONDS = 300.0
LONGEST_RUN = 30.0
"""Seconds that a command may take."""
LONGEST_TOKEN = 16 * 1024


class TokenSource(Protocol):
    """Gives a token that is good now."""

    async def token(self) -> str:
        """The token; raises ConfigurationError or ServiceError, without it."""

    def forget(self) -> None:
        """The relay refused the last one: get a new one next time."""


class Given:
    """A token from the configuration or a file: whoever wrote it renews it."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read

    async def token(self) -> str:
        """Read anew."""
        return _checked(await asyncio.to_thread(self._read), "the token")

    def forget(self) -> None:
        """It is read anew anyway."""


class FromCommand:
    """A token that a program prints; connections that open together share one run, whatever comes of it."""

    def __init__(self, command: tuple[str, ...], folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._command, self._folder, self._clock = command, folder, clock
        self._known, self._until = "", 0.0
        self._running: asyncio.Task[str] | None = None

    async def token(self) -> str:
        """The one in hand if it is fresh, else a new one."""
        if self._known and self._clock() < self._until:
            return self._known
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._new())
        return await asyncio.shield(self._running)  # who gives up waiting ends it for nobody else

    async def _new(self) -> str:
        found = _checked(await asyncio.to_thread(self._run), "what token_command prints")
        self._known, self._until = found, self._clock() + FRESH_SECONDS
        return found

    def forget(self) -> None:
        """Run the program again."""
        self._known = ""

    def _run(self) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
                self._command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # it may repeat secrets
                timeout=LONGEST_RUN,
                check=True,
            )
        except subprocess.CalledProcessError as error:
            raise _failed(f"it ended with status {error.returncode}", self._command) from None
        except subprocess.TimeoutExpired:
            raise _failed(f"it took longer than {LONGEST_RUN:.0f} seconds", self._command) from None
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"token_command cannot be run: {getattr(error, 'strerror', None) or type(error).__name__}",
                where=self._command[0],
                remedy="name a program and its arguments, one text each",
            ) from None
        return done.stdout.decode("utf-8", "replace").strip()


def token_source(configuration: Configuration, relay: Relay) -> TokenSource | None:
    """Where the token of `relay` comes from; None if it takes a password or nothing."""
    if relay.auth != "xoauth2":
        return None
    if relay.token_command:
        return FromCommand(relay.token_command, configuration.folder)
    if relay.token_file:
        path = configuration.folder / relay.token_file
        return Given(lambda: read_secret(path, "token_file"))
    secret = relay.token
    return Given(lambda: secret.get_secret_value() if secret else "")


def _checked(text: str, what: str) -> str:
    """One word of visible ASCII (RFC 6750): anything else would be half of another command, or a mistake."""
    if not text or len(text) > LONGEST_TOKEN or not text.isascii() or not text.isprintable() or " " in text:
        raise ServiceError(f"{what} is not an access token", where="XOAUTH2", remedy="it is one word, printed alone")
    return text


def _failed(what: str, command: tuple[str, ...]) -> ServiceError:
    return ServiceError(
        f"token_command gave no token: {what}", where=command[0], remedy="run it by hand, as the user that sends"
    )
