"""Bounces: hard ones suppress at once, others after several days, and those about us stop the job (edge; A23, A29)."""

from datetime import UTC, timedelta

from newsletter.delivery.pushback import Halt, Halting
from newsletter.feedback.case import Case, Handled, gone, unchanged
from newsletter.feedback.judging import COUNTED, Belief, Failure, judge
from newsletter.feedback.mailboxes import key_of
from newsletter.feedback.model import BounceClass, Outcome
from newsletter.store import feedback as store
from newsletter.store.feedback import Addressee
from newsletter.store.job_times import halt_within
from subscribers.suppression import SuppressionReason

_FAILURES = frozenset(kind.value for kind in (*COUNTED, BounceClass.HARD))


def handle_bounce(case: Case) -> Handled:
    """Count what failed. The delivery stays "sent": the relay did take it, and then it came back."""
    if case.mail.evidence.delivery is None:
        return _unproven(case) if case.mail.evidence.notice is None else _service_mail(case, case.mail.evidence.notice)
    whom = case.addressee()
    if whom is None or whom.job_id is None:
        return gone("a delivery")
    verdict = judge(case.mail, whom.address_key)
    if verdict.belief is Belief.NOT_THIS_PERSON:
        return case.for_a_person("it names another address than the one our mail went to")
    if verdict.failure is None:
        return unchanged("nothing failed")
    return _count(case, whom, whom.job_id, verdict.failure)


def _service_mail(case: Case, number: int) -> Handled:
    """A confirmation or another service mail came back: only that the person's own address is dead matters."""
    found = store.by_notice(case.connection, number)
    if found is None:
        return gone("a service mail")
    person, key = found
    failure = judge(case.mail, key).failure
    if failure is None or failure.kind is not BounceClass.HARD:
        return unchanged("a service mail that came back")
    if not case.suppress(person, SuppressionReason.HARD_BOUNCE):
        return unchanged("ended before")
    case.remember()
    return Handled(outcome=Outcome.APPLIED)


def _unproven(case: Case) -> Handled:
    """Nothing signed by us is in it: it changes nobody (A18). A person may look if it names one of ours."""
    keys = {key_of(address) for item in case.mail.recipients for address in (item.address, item.original) if address}
    if store.refs_of(case.connection, keys):
        return case.for_a_person("it names a subscriber, and no mail of ours that proves it")
    return Handled(outcome=Outcome.UNMATCHED, why="it names no mail of ours", is_ours=False)


def _count(case: Case, whom: Addressee, job: int, failure: Failure) -> Handled:
    case.remember()
    store.add_bounce(
        case.connection,
        whom,
        kind=failure.kind.value,
        status=failure.status,
        reply=failure.reply,
        at=case.arrived_at,
    )
    if failure.kind is BounceClass.POLICY:
        return _about_us(case, job)
    if reason := _reason_to_suppress(case, whom, failure):
        case.suppress(whom.subscriber_id, reason)
    return Handled(outcome=Outcome.APPLIED)


def _reason_to_suppress(case: Case, whom: Addressee, failure: Failure) -> SuppressionReason | None:
    """Hard at once; anything else after several days without a mail that arrived (A23)."""
    if failure.kind is BounceClass.HARD:
        return SuppressionReason.HARD_BOUNCE
    configuration = case.means.configuration
    days = store.failing_days(
        case.connection,
        whom.subscriber_id,
        _FAILURES,
        since=case.now - timedelta(days=configuration.feedback.soft_days),
        now=case.now,
        zone=configuration.lists[whom.list].zone if whom.list in configuration.lists else UTC,
    )
    return SuppressionReason.SOFT_BOUNCE if days >= configuration.feedback.soft_limit else None


def _about_us(case: Case, job: int) -> Handled:
    """Never the subscriber. Enough of them pause a job that still runs, again at each multiple of the limit (A29)."""
    limit = case.means.configuration.feedback.policy_limit
    count = store.policy_refusals(case.connection, job)
    halt = Halt(why=Halting.BOUNCES, what=f"{count} mails came back for what is about us")
    paused = job if count % limit == 0 and halt_within(case.connection, job, str(halt)) else None
    return Handled(outcome=Outcome.UNCHANGED, why="a refusal about us, not the subscriber", paused_job=paused)
