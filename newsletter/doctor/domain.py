"""Everything that DNS says of a sender: who takes its mail, who may send for it, who it really is. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from newsletter.doctor.diagnosis import Diagnosis, DnsUnavailableError, Resolver, fault, good, note, warning
from newsletter.doctor.dkim_record import judge_dkim
from newsletter.doctor.dmarc import judge_dmarc
from newsletter.doctor.spf import judge_spf


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayHost:
    """A relay by its name in newsletter.toml."""

    name: str
    host: str
    """Empty for a relay on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What of a list matters to DNS. Domains are A-labels."""

    domain: str
    """Of the From."""
    envelope: str
    """Of the envelope sender, which SPF looks at."""
    mailboxes: tuple[str, ...]
    """Domains that must take mail: answers, unsubscribe mails, bounces."""
    keys: tuple[tuple[str, str, str], ...]
    """Domain, name in DNS and wanted record of every key that signs."""
    relays: tuple[RelayHost, ...]
    """All that its mail goes through."""


def examine(resolver: Resolver, sender: Sender) -> Iterator[Diagnosis]:
    """Every finding about one sender; a question that gets no answer is one of them."""
    relay = list(dict.fromkeys(address for item in sender.relays for address in _asked(resolver, item.host)))
    yield from _careful(f"SPF {sender.envelope}", partial(judge_spf, resolver, sender.envelope, relay))
    for _, name, wanted in sender.keys:
        yield from _careful(f"DKIM {name}", partial(judge_dkim, resolver, name, wanted))
    if not sender.keys:
        remedy = "check in a test mail that it does, with both unsubscribe headers in h= (A14), or sign here: [dkim]"
        yield note(f"DKIM {sender.domain}", "no key of ours signs; the relay must", remedy)
    signed_by = [domain for domain, _, _ in sender.keys]
    yield from _careful(
        f"DMARC {sender.domain}",
        partial(
            judge_dmarc,
            resolver,
            sender.domain,
            envelope=sender.envelope,
            signed_by=signed_by,
            relay_signs=not sender.keys,
        ),
    )
    for domain in dict.fromkeys((sender.domain, *sender.mailboxes)):
        yield from _careful(f"MX {domain}", partial(judge_mx, resolver, domain))
    for item in sender.relays:
        if not item.host:
            what = "it is on this machine: its PTR, and whether SPF covers it, cannot be seen from here"
            yield note(f"relay {item.name}", what, "look up both for the address that its mail leaves from")
    for address in relay:
        yield from _careful(f"PTR {address}", partial(judge_ptr, resolver, address))


def judge_mx(resolver: Resolver, domain: str) -> Iterator[Diagnosis]:
    """Whether somebody takes mail for `domain`: answers and bounces must arrive (B6)."""
    about = f"MX {domain}"
    found = resolver.exchangers(domain)
    if any(not host for _, host in found):
        yield fault(about, "a null MX: the domain takes no mail (RFC 7505)", "use a mailbox of another domain")
    elif found:
        dead = [host for _, host in found if not resolver.addresses(host)]
        if dead:
            yield fault(about, f"{', '.join(dead)} has no address", "mend the record or the host's address")
        else:
            yield good(about, f"{len(found)} host{'s' * (len(found) > 1)}, all with an address")
    elif resolver.addresses(domain):
        yield warning(about, "no MX; mail goes to the address of the domain itself", "publish an MX")
    else:
        yield fault(about, "nobody takes mail for this domain: answers and bounces are lost", "publish an MX")


def judge_ptr(resolver: Resolver, address: str) -> Iterator[Diagnosis]:
    """Whether the relay's address has a name that leads back to it, as Gmail asks (A29)."""
    about = f"PTR {address}"
    names = resolver.names(address)
    if not names:
        yield warning(about, "the relay's address has no name", "ask whoever owns the address to give it one")
    elif not any(address in resolver.addresses(name) for name in names):
        yield warning(about, f"its name {names[0]} does not lead back to it", "mend the address of that name")
    else:
        yield good(about, f"is {names[0]}, and back")


def _asked(resolver: Resolver, host: str) -> Sequence[str]:
    try:
        return resolver.addresses(host) if host else ()
    except DnsUnavailableError:
        return ()


def _careful(about: str, judge: Callable[[], Iterable[Diagnosis]]) -> Iterator[Diagnosis]:
    """The findings of `judge`, or that DNS did not answer."""
    try:
        yield from judge()
    except DnsUnavailableError as problem:
        yield warning(about, f"no answer from DNS: {problem}", "try again, or check the resolver of this machine")
