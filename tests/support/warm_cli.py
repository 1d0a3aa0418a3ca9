"""A process that has imported the command line and forks a child for every command: the same commands, started quickly.

It reads one JSON object a line on standard input (arguments, folder, environment, files for the three streams) and
answers with the exit status. A child is a process of its own: nothing that a command does reaches the next one.
"""

import json
import os
import random
import sys
import traceback
from importlib import import_module


def main() -> None:
    """Import what commands import, then fork until standard input ends."""
    from newsletter.cli.main import COMMANDS

    for name in sorted(set(COMMANDS.values())):
        import_module(f"newsletter.cli.{name}")
    for name in ("alembic.command", "newsletter.compose.compile", "newsletter.web.app", "sqlalchemy.dialects.sqlite"):
        import_module(name)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(asked)
        sys.stderr.write(f"{child}\n")
        sys.stderr.flush()
        _, status = os.waitpid(child, 0)
        sys.stderr.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stderr.flush()


def _become(asked: dict) -> None:
    """Run one command in this child and end it, as the interpreter would."""
    os.setpgid(0, 0)
    random.seed()
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    for number, (name, flags) in enumerate(zip(asked["files"], (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)):
        opened = os.open(name, flags)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for the rest of this process
    sys.argv = ["newsletter", *asked["arguments"]]
    raise SystemExit(_run())  # the whole way out: what closes at the end of a process is closed


def _run() -> int:
    from newsletter.cli.main import run

    try:
        run()
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
            return 1
        return ended.code or 0
    except BaseException:  # noqa: BLE001 - what the interpreter would show
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main()
