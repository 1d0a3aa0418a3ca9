"""npm packages that tests check our output with: axe-core, postal-mime, mailauth."""

import fcntl
import os
import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "node"


def installed() -> Path:
    """Install what tests/node/package.json names, once, also when several workers ask; return the folder."""
    marker = FOLDER / "node_modules" / ".installed"
    wanted = (FOLDER / "package-lock.json").read_bytes()
    with Path(FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not marker.exists() or marker.read_bytes() != wanted:
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
                cwd=FOLDER,
                check=True,
                env=os.environ | {"CI": "1"},
            )
            marker.write_bytes(wanted)
    return FOLDER
