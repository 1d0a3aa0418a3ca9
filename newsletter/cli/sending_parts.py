"""What sending needs of an open project."""

from newsletter.cli.common import Project
from newsletter.delivery.worker import Sending


def sending_of(project: Project) -> Sending:
    """The parts of the project that sending needs."""
    return Sending(
        configuration=project.configuration,
        engine=project.engine,
        remember=project.ledger.append,
        keyring=project.keyring,
    )
