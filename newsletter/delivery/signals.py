"""SIGINT and SIGTERM end a run cleanly: finish what is in flight, record it, release the rest (edge)."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from newsletter.delivery.control import Control, Stop

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopping_on_signals(control: Control) -> Iterator[None]:
    """While inside, a signal stops the run, a second one drops its connections; only the main thread gets signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, control.stop_for, Stop.INTERRUPTED)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
