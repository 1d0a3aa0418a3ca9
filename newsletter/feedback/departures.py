"""Complaints and requests to leave that come by mail (edge; A15, A20)."""

from collections.abc import Collection, Sequence

from newsletter.feedback.authentication import is_authenticated
from newsletter.feedback.case import Case, Handled, gone, unchanged
from newsletter.feedback.judging import Complaint, judge_complaint
from newsletter.feedback.mailboxes import key_of
from newsletter.feedback.model import Outcome
from newsletter.store import feedback as store
from subscribers.farewell import queue_leaving_mails
from subscribers.leaving import EndOutcome, end_many
from subscribers.notice import NoticeKind
from subscribers.subscription import Actor, EndedReason
from subscribers.suppression import SuppressionReason

BY_MAIL = "mail to the list's mailbox"
"""Source of the withdrawal in the evidence of consent."""
BY_COMPLAINT = "a complaint about a mail of ours, as its provider reported it"
"""The same, for a report that does not say who complained."""


def handle_complaint(case: Case) -> Handled:
    """Ends everything at once (A20) if the report is proven; what the link in the mail ends, if only the mail is."""
    evidence = case.mail.evidence
    if not case.mail.ends_at_once:
        return case.for_a_person("a report of another kind than abuse or opt-out")
    if evidence.delivery is None:
        return _plausible(case, evidence.token) if evidence.token else case.for_a_person(_about_no_mailing(case))
    whom = case.addressee()
    if whom is None:
        return gone("someone")
    match judge_complaint(case.mail, whom.address_key):
        case Complaint.PROVEN:
            return _silence(case, whom.subscriber_id)
        case Complaint.PLAUSIBLE:
            return _plausible(case, whom.subscription_ref)
        case Complaint.ANOTHER:
            return case.for_a_person("a complaint that holds our Message-ID, and names another than that mail went to")


def _silence(case: Case, subscriber_id: int) -> Handled:
    if not case.suppress(subscriber_id, SuppressionReason.COMPLAINT):
        return unchanged("ended before")
    case.remember()
    return Handled(outcome=Outcome.APPLIED)


def _about_no_mailing(case: Case) -> str:
    if case.has_evidence:
        return "a complaint about a service mail"
    return "a complaint about no mail of ours that can be found"


def handle_leaving(case: Case) -> Handled:
    """Ends what the sender may end (A15), in this order of proof: a token; the signed Message-ID that the owner of
    its delivery answers to; a From that our own server found genuine, on the lists of the mailbox it was sent to.
    """
    token = case.mail.evidence.token
    if token:
        return _end(case, [token])
    sender = case.only_sender()
    if sender is None:
        return case.for_a_person("asks to leave, and From does not name one sender")
    answered = case.addressee()
    if answered and answered.address_key == key_of(sender):
        return _end(case, [answered.subscription_ref])
    if not is_authenticated(case.mail.authentication, case.means.configuration.feedback.trusted_authserv, sender):
        return case.for_a_person("asks to leave without a token, and nothing proves who wrote it")
    lists = case.means.mailboxes.lists_at(case.recipients())
    found = store.by_address(case.connection, key_of(sender), lists)
    if not found:
        return case.for_a_person("asks to leave, from an address that is not on the list of this mailbox")
    return _end(case, [item.subscription_ref for item in found])


def _plausible(case: Case, ref: bytes) -> Handled:
    """Ends what the mail's own link ends. The owner may be told, who may not have complained; no farewell is said."""
    return _end(case, [ref], source=BY_COMPLAINT, actor=Actor.SYSTEM, mails={NoticeKind.LEFT})


def _end(
    case: Case,
    refs: Sequence[bytes],
    *,
    source: str = BY_MAIL,
    actor: Actor = Actor.SUBSCRIBER,
    mails: Collection[NoticeKind] = (NoticeKind.LEFT, NoticeKind.FAREWELL),
) -> Handled:
    if store.agreed_after(case.connection, refs, case.arrived_at, now=case.now):  # an old mail, read late
        return case.for_a_person("asks to leave, and whoever wrote it agreed to the list after that")
    results = end_many(
        case.connection,
        [(ref, case.arrived_at) for ref in refs],
        reason=EndedReason.UNSUBSCRIBED,
        actor=actor,
        policies=case.means.configuration.policies,
        record=case.means.record,
        source=source,
    )
    wanted = {slug: kind for slug, kind in _wanted(case).items() if kind in mails}
    queue_leaving_mails(case.connection, results, wanted, policies=case.means.configuration.policies, now=case.now)
    outcomes = {result.outcome for result in results}
    if EndOutcome.ENDED in outcomes:
        case.remember()
        return Handled(outcome=Outcome.APPLIED)
    return gone("a subscription") if outcomes == {EndOutcome.UNKNOWN} else unchanged("ended before")


def _wanted(case: Case) -> dict[str, NoticeKind]:
    """The one mail that a list may want to go to the owner of the mailbox: about the ending, never in answer to a mail.

    It goes to the subscriber's own address, for an ending that happened, once a day at most (A16).
    """
    lists = case.means.configuration.lists
    kinds = {"owner": NoticeKind.LEFT, "farewell": NoticeKind.FAREWELL}
    return {slug: kinds[item.leaving_mail] for slug, item in lists.items() if item.leaving_mail in kinds}
