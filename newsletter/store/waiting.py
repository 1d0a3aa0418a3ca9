"""How the deliveries of a job that wait spread over domains: asked seldom, since it looks at each of them."""

from datetime import datetime

from sqlalchemy import Engine, func, select

from newsletter.delivery.outcome import State
from newsletter.store.domains import domain_of_key
from newsletter.store.tables import delivery
from subscribers.tables import subscriber, subscription
from subscribers.transactions import reading


def waiting_by_domain(engine: Engine, job: int) -> list[tuple[str, int, datetime | None]]:
    """Domain, how many of the job wait there, and when the last of them is due."""
    domain = domain_of_key(engine.dialect.name)
    people = delivery.join(subscription, subscription.c.id == delivery.c.subscription_id).join(
        subscriber, subscriber.c.id == subscription.c.subscriber_id
    )
    query = (
        select(domain, func.count(), func.max(delivery.c.due_at))
        .select_from(people)
        .where(delivery.c.job_id == job, delivery.c.state == int(State.DEFERRED))
        .group_by(domain)
    )
    with reading(engine) as connection:
        return [(str(name), int(count), due) for name, count, due in connection.execute(query)]
