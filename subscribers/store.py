"""The store of subscribers: what other packages call. Each function stands in the module that its name suggests."""

from subscribers.deadlines import anything_overdue, apply_policies, retention_status
from subscribers.joining import AddOutcome, AddResult, add
from subscribers.leaving import EndOutcome, EndResult, end_many, end_subscription, suppress
from subscribers.records import (
    SubscriberRecord,
    SubscriptionRecord,
    find,
    find_by_id,
    find_subscription,
    known_about,
)
from subscribers.scrubbing import erase_subscriber, run_retention

__all__ = [
    "AddOutcome",
    "AddResult",
    "EndOutcome",
    "EndResult",
    "SubscriberRecord",
    "SubscriptionRecord",
    "add",
    "anything_overdue",
    "apply_policies",
    "end_many",
    "end_subscription",
    "erase_subscriber",
    "find",
    "find_by_id",
    "find_subscription",
    "known_about",
    "retention_status",
    "run_retention",
    "suppress",
]
