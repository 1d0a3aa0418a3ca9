"""DMARC (RFC 7489): whether there is a policy, and whether what we send can pass it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.config_dkim import is_aligned
from newsletter.doctor.diagnosis import Diagnosis, Resolver, fault, good, warning
from newsletter.doctor.dkim_record import tags

_POLICIES = ("none", "quarantine", "reject")
_LEAST_LABELS = 2


def judge_dmarc(
    resolver: Resolver, sender: str, *, envelope: str, signed_by: Sequence[str], relay_signs: bool
) -> Iterator[Diagnosis]:
    """Whether mail From `sender`, with this `envelope` domain and signatures of these domains, passes (A21, A29)."""
    about = f"DMARC {sender}"
    place, records = _found(resolver, sender)
    wanted = f'_dmarc.{sender}. TXT "v=DMARC1; p=none; rua=mailto:postmaster@{sender}"'
    if not records:
        what = "there is no record: Gmail, Yahoo and Outlook refuse bulk mail without one"
        yield fault(about, what, "publish one; begin with p=none, read the reports, then p=reject", wanted)
        return
    if len(records) > 1:
        yield fault(about, f"there are {len(records)} records at {place}, so none counts", "keep one")
        return
    policy = records[0]
    yield from _policy(about, policy, is_inherited=place != f"_dmarc.{sender}")
    spoken = _Spoken(sender=sender, house=place.removeprefix("_dmarc."))
    yield from _alignment(about, policy, spoken, envelope, signed_by, relay_signs=relay_signs)


def _found(resolver: Resolver, sender: str) -> tuple[str, list[dict[str, str]]]:
    """The record of the domain itself, else of the nearest domain above it that has one."""
    labels = sender.split(".")
    for index in range(max(len(labels) - _LEAST_LABELS + 1, 1)):
        place = f"_dmarc.{'.'.join(labels[index:])}"
        records = [tags(text) for text in resolver.texts(place) if text.replace(" ", "").lower().startswith("v=dmarc1")]
        if records:
            return place, records
    return f"_dmarc.{sender}", []


def _policy(about: str, policy: dict[str, str], *, is_inherited: bool) -> Iterator[Diagnosis]:
    said = policy.get("sp", policy.get("p", "")) if is_inherited else policy.get("p", "")
    if said.lower() not in _POLICIES:
        yield fault(about, f"p={said or '(missing)'} is no policy", "write p=none, p=quarantine or p=reject")
    elif said.lower() == "none":
        remedy = "when the reports show nothing strange, p=quarantine and then p=reject"
        yield warning(about, "p=none: forgeries are only reported, not refused", remedy)
    else:
        yield good(about, f"p={said.lower()}")
    if policy.get("pct", "100") not in {"", "100"}:
        yield warning(about, f"pct={policy['pct']}: the policy holds for a part of the mail", "take pct= out")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spoken:
    """The sender, and the domain whose policy holds: below that one all domains are of one house."""

    sender: str
    house: str

    def is_aligned(self, domain: str, mode: str) -> bool:
        """Whether `domain` speaks for the sender: strictly by being it, relaxed by being of its house."""
        if mode.lower() == "s":
            return domain.casefold() == self.sender.casefold()
        return any(is_aligned(above, domain) for above in (self.sender, self.house)) or is_aligned(domain, self.sender)


def _alignment(
    about: str, policy: dict[str, str], spoken: _Spoken, envelope: str, signed_by: Sequence[str], *, relay_signs: bool
) -> Iterator[Diagnosis]:
    """One of the two must be aligned; that it is the signature survives forwarding."""
    signature = any(spoken.is_aligned(domain, policy.get("adkim", "r")) for domain in signed_by)
    by_spf = spoken.is_aligned(envelope, policy.get("aspf", "r"))
    sender = spoken.sender
    if signature:
        yield good(about, "the signature speaks for the sender")
    elif relay_signs and by_spf:
        remedy = f"check in a test mail that the relay signs with d={sender}, or sign here: [dkim]"
        yield warning(about, "only the envelope speaks for the sender, which forwarding breaks", remedy)
    elif by_spf:
        remedy = "adkim=s asks for d= equal to the sender's domain: make a key for it"
        yield warning(about, "the signature's domain is not aligned, only the envelope's is", remedy)
    else:
        remedy = f"sign with a key of {sender} ([dkim]), or use a bounce mailbox below {sender}"
        yield fault(about, "neither signature nor envelope speaks for the sender: DMARC fails", remedy)
