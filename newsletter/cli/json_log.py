"""`--log-json`: one JSON object per line on standard error, for whoever collects logs; nothing about anyone (I7)."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """`time`, `level` and `event`, and what belongs to the event; no tracebacks, whose values could be anyone's."""

    def format(self, record: logging.LogRecord) -> str:
        """The line for one record."""
        said = getattr(record, "event", None) or {"event": "log", "from": record.name, "text": record.getMessage()}
        if record.exc_info and record.exc_info[0]:
            said = {**said, "error": record.exc_info[0].__name__}
        head = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
        }
        return json.dumps({**head, **said}, ensure_ascii=False, default=str)


def log_as_json() -> None:
    """From here on the process logs JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("newsletter").setLevel(logging.INFO)


def tell_as_json(where: str, event: str) -> Callable[[str], None]:
    """Log JSON from here on; what is told becomes an event of its own, with the text."""
    log_as_json()
    log = logging.getLogger(where)
    return lambda line: log.info(line, extra={"event": {"event": event, "text": line}})
