"""What a bounce says about the person it is about (A18, A19, A23, A29)."""

import pytest

from newsletter.feedback.judging import Belief, judge
from newsletter.feedback.model import Action, BounceClass, Evidence, Kind, Recipient, ReturnedMail
from newsletter.message.ids import DeliveryRef

JAN = "jan@gemeente.example"
SIGNED = Evidence(envelope=7)
MESSAGE = Evidence(message=DeliveryRef(7, b"j" * 16))


def failed(address: str = JAN, kind: BounceClass = BounceClass.HARD, **more: object) -> Recipient:
    return Recipient(address=address, action=Action.FAILED, bounce_class=kind, **more)


def report(*recipients: Recipient, evidence: Evidence = SIGNED, problem: str = "") -> ReturnedMail:
    return ReturnedMail(kind=Kind.BOUNCE, recipients=recipients, evidence=evidence, problem=problem)


def kind_of(mail: ReturnedMail) -> BounceClass | None:
    failure = judge(mail, JAN).failure
    return failure.kind if failure else None


@pytest.mark.parametrize("evidence", [SIGNED, MESSAGE])
@pytest.mark.parametrize("kind", BounceClass)
def test_a_failure_of_the_address_itself_counts_as_it_is(evidence: Evidence, kind: BounceClass) -> None:
    assert kind_of(report(failed(kind=kind), evidence=evidence)) is kind


def test_spelling_and_original_recipient_make_no_difference() -> None:
    assert kind_of(report(failed("Jan@Gemeente.Example"))) is BounceClass.HARD
    assert kind_of(report(failed("jan@binnen.example", original=JAN))) is BounceClass.HARD


def test_a18_an_original_recipient_that_comes_back_as_xtext_is_the_address_it_was() -> None:
    """RFC 3461 section 4: we send `jan+nieuws` as `jan+2Bnieuws`, and Exim returns it so."""
    mail = report(failed("jan@binnen.example", original="jan+2Bnieuws@gemeente.example"))
    assert judge(mail, "jan+nieuws@gemeente.example").failure.kind is BounceClass.HARD
    assert judge(mail, "jan+2bnieuws@gemeente.example").failure.kind is BounceClass.HARD
    assert judge(mail, "jan@gemeente.example").failure.kind is BounceClass.SOFT


def test_another_address_at_the_signed_one_is_never_hard_at_once() -> None:
    other = "jan@elders.example"
    assert kind_of(report(failed(other))) is BounceClass.SOFT
    assert kind_of(report(failed(other, BounceClass.POLICY))) is BounceClass.POLICY
    assert judge(report(failed(other), evidence=MESSAGE), JAN).belief is Belief.NOT_THIS_PERSON


def test_of_several_recipients_the_persons_own_decides() -> None:
    mail = report(failed("els@gemeente.example"), failed(kind=BounceClass.SOFT))
    assert kind_of(mail) is BounceClass.SOFT


@pytest.mark.parametrize("action", [Action.DELAYED, Action.DELIVERED, Action.RELAYED, Action.EXPANDED, None])
def test_only_failed_is_a_failure_rule_a19(action: Action | None) -> None:
    waiting = Recipient(address=JAN, action=action, bounce_class=BounceClass.HARD)
    assert judge(report(waiting), JAN).belief is Belief.NO_FAILURE


def test_a_report_at_the_signed_address_that_names_nobody_counts_as_unknown() -> None:
    assert kind_of(report(problem="nobody can tell for whom")) is BounceClass.UNKNOWN
    assert kind_of(report()) is None
    assert judge(report(problem="x", evidence=MESSAGE), JAN).belief is Belief.NOT_THIS_PERSON


def test_the_reply_that_is_stored_holds_no_address_rule_i7() -> None:
    failure = judge(report(failed(reply_code=550, diagnostic=f"<{JAN}> jan is onbekend")), JAN).failure
    assert failure
    assert "jan" not in failure.reply
    assert failure.reply.startswith("550 ")


def test_a_code_that_the_server_wrote_itself_is_stored_once() -> None:
    failure = judge(report(failed(reply_code=550, diagnostic=f"550 5.1.1 <{JAN}> unknown")), JAN).failure
    assert failure
    assert failure.reply == "550 5.1.1 <address> unknown"
