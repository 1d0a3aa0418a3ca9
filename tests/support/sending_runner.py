"""The process that crash tests kill: runs the one job of a store, as `newsletter send` would.

python -m tests.support.sending_runner URL FOLDER PORT JOB [SIZE]; ends with the exit status of the result.
"""

import sys
from pathlib import Path

from newsletter.store import jobs
from newsletter.store.engine import connect
from subscribers.errors import NewsletterError
from tests.support.sending import World


def main() -> int:
    url, folder, port, job, *size = sys.argv[1:]
    engine = connect(url)
    world = World(engine, Path(folder))
    try:
        result = world.run(jobs.get_job(engine, int(job)), int(port), size=int(size[0]) if size else 300)
    except NewsletterError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    return result.exit_status


if __name__ == "__main__":
    sys.exit(main())
