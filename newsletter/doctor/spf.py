"""SPF (RFC 7208): whether the record is there, can be evaluated, ends in a refusal, and covers the relay. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from newsletter.doctor.diagnosis import Diagnosis, Resolver, fault, good, note, warning

LOOKUPS = 10
"""Mechanisms that ask DNS, at most (section 4.6.4)."""
_ASKING = frozenset({"include", "a", "mx", "ptr", "exists"})
_KNOWN = _ASKING | {"all", "ip4", "ip6"}
_QUALIFIERS = "+-~?"


@dataclass(slots=True)
class _Walk:
    """What was met while the record and those that it includes were read."""

    lookups: int = 0
    faults: list[str] = field(default_factory=list)
    passes: set[str] = field(default_factory=set)


def judge_spf(resolver: Resolver, domain: str, relay: Sequence[str]) -> Iterator[Diagnosis]:
    """Whether `domain`, which stands in the envelope, lets mail come from the addresses of the `relay`."""
    about = f"SPF {domain}"
    records = _records(resolver, domain)
    wanted = f'{domain}. TXT "{_suggested(relay)}"'
    if not records:
        yield fault(about, "there is no record: receivers cannot tell your mail from a forgery", "publish one", wanted)
        return
    if len(records) > 1:
        remedy = "merge them into one and remove the others"
        yield fault(about, f"there are {len(records)} records, so none counts (RFC 7208 section 4.5)", remedy)
        return
    walk = _Walk()
    end = _read(resolver, domain, records[0], walk, relay, depth=0)
    yield from (fault(about, what, "mend the record") for what in dict.fromkeys(walk.faults))
    if walk.lookups > LOOKUPS:
        remedy = "replace includes by the ip4 and ip6 ranges that you use"
        yield fault(about, f"it takes {walk.lookups} questions to DNS, {LOOKUPS} are allowed", remedy)
    yield from _end(about, end)
    yield from _cover(about, walk, relay)


def _records(resolver: Resolver, domain: str) -> list[str]:
    return [text for text in resolver.texts(domain) if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]


def _suggested(relay: Sequence[str]) -> str:
    ranges = [f"ip{ip_address(address).version}:{address}" for address in relay]
    return " ".join(["v=spf1", *(ranges or ["mx"]), "-all"])


def _end(about: str, end: str) -> Iterator[Diagnosis]:
    """What happens to mail from anywhere else."""
    match end:
        case "-all" | "~all":
            yield good(about, f"one record, ends in {end}")
        case "+all" | "all":
            yield fault(about, f"it ends in {end}: anybody may send in your name", "end it in -all")
        case _:
            yield warning(about, f"it ends in {end or 'nothing'}: forgeries are not refused", "end it in -all or ~all")


def _cover(about: str, walk: _Walk, relay: Sequence[str]) -> Iterator[Diagnosis]:
    missing = [address for address in relay if address not in walk.passes]
    if relay and not missing:
        yield good(about, "it covers the relay's addresses")
    elif missing:
        yield note(
            about,
            f"it does not cover {', '.join(missing)}, where the relay is reached",
            "mail may leave it from other addresses: ask its operator which include to use",
        )


def _read(resolver: Resolver, domain: str, record: str, walk: _Walk, relay: Sequence[str], depth: int) -> str:
    """Go through one record; gives its last word on everybody else, also when a redirect says it."""
    end = redirect = ""
    for term in record.split()[1:]:
        name, mark, value = _parts(term)
        if mark == "=":
            redirect = value if name == "redirect" else redirect
        elif name == "all":
            end = term.lower()
        elif name not in _KNOWN:
            walk.faults.append(f"{term!r} in the record of {domain} is nothing that SPF knows")
        else:
            _mechanism(resolver, domain, term, walk, relay, depth)
    if redirect and not end:
        return _follow(resolver, redirect, walk, relay, depth)
    return end


def _mechanism(resolver: Resolver, domain: str, term: str, walk: _Walk, relay: Sequence[str], depth: int) -> None:
    name, _, value = _parts(term)
    walk.lookups += name in _ASKING
    host, _, _length = (value or domain).partition("/")
    if term[0] in "-~?" or "%" in value:
        return
    match name:
        case "ip4" | "ip6":
            walk.passes.update(_within(term, value, relay, walk))
        case "a":
            walk.passes.update(set(relay) & set(resolver.addresses(host)))
        case "mx":
            for _preference, exchanger in resolver.exchangers(host)[:LOOKUPS]:
                walk.passes.update(set(relay) & set(resolver.addresses(exchanger)))
        case "include":
            _follow(resolver, value, walk, relay, depth, counted=True)


def _follow(
    resolver: Resolver, domain: str, walk: _Walk, relay: Sequence[str], depth: int, *, counted: bool = False
) -> str:
    walk.lookups += not counted
    if depth > LOOKUPS or walk.lookups > 2 * LOOKUPS:
        return ""
    records = _records(resolver, domain)
    if len(records) != 1:
        walk.faults.append(f"it refers to {domain}, which has {len(records) or 'no'} SPF record{'s' * bool(records)}")
        return ""
    return _read(resolver, domain, records[0], walk, relay, depth + 1)


def _within(term: str, value: str, relay: Sequence[str], walk: _Walk) -> Iterator[str]:
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        walk.faults.append(f"{term!r} is no range of addresses")
        return
    yield from (address for address in relay if ip_address(address) in network)


def _parts(term: str) -> tuple[str, str, str]:
    """Name, separator and value of `include:x`, `ip4:x/24`, `redirect=x`, `a/24`."""
    bare = term.lstrip(_QUALIFIERS)
    mark = next((sign for sign in bare if sign in ":=/"), "")
    name, _, value = bare.partition(mark) if mark else (bare, "", "")
    return name.lower(), mark, f"/{value}" if mark == "/" else value
