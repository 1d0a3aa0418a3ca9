"""The process that crash tests kill: runs the one job of a store, as `newsletter send` would.

python -m tests.support.sending_runner URL FOLDER PORT JOB [SIZE [power-safe] [shared] [signed]]; ends with the exit
status of the result. `shared`: the relay has a name and the limits of SHARED, which hold for all processes together.
`signed`: with the key in KEY_FILE of the folder, by SIGNERS processes, as if the job were large.
"""

import sys
from dataclasses import replace
from pathlib import Path

from newsletter.delivery.means import Means
from newsletter.delivery.relays import Limits
from newsletter.delivery.worker import run_with
from newsletter.store import jobs
from newsletter.store.engine import connect
from subscribers.errors import NewsletterError
from tests.support.sending import World, paced

SHARED = Limits(connections=4, messages_per_second=60)
KEY_FILE = "rsa.pem"
SIGNERS = 2


def main() -> int:
    url, folder, port, job, *more = sys.argv[1:]
    size, is_power_safe = int(more[0]) if more else 300, "power-safe" in more
    engine = connect(url)
    world = World(engine, Path(folder))
    try:
        means = replace(world.means(int(port), size=size), power_safe=is_power_safe)
        if "shared" in more:
            pace = paced(connections=SHARED.connections, messages_per_second=SHARED.messages_per_second)
            means = replace(means, relay="main", limits=SHARED, pace=pace)
        if "signed" in more:
            means = _signed(means, world.folder)
        result = run_with(means, jobs.get_job(engine, int(job)))
    except NewsletterError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    return result.exit_status


def _signed(means: Means, folder: Path) -> Means:
    from newsletter.delivery import signing
    from newsletter.message.dkim import Signer
    from tests.support.dkim import key_in, letter

    signing.processes_for = lambda *_: SIGNERS
    return replace(means, write=letter, signer=Signer((key_in(folder / KEY_FILE),)))


if __name__ == "__main__":
    sys.exit(main())
