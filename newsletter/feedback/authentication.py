"""Whether our own server found that a mail comes from the domain in its From (A15; RFC 8601). Pure.

Authentication-Results are only worth what their author is: a header counts if it names a server that the operator
trusts, and that server removes what others wrote under its name. For each method the topmost header decides. "Comes
from" means that DKIM or SPF passed for the domain of the From or one above it, or that DMARC passed for it.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_METHOD = re.compile(r"(dkim|spf|dmarc)(?:/\d+)?\s*=\s*([a-z]+)", re.IGNORECASE | re.ASCII)
_PROPERTY = re.compile(r"(?<!\S)([a-z]+)\s*\.\s*([a-z_-]+)\s*=\s*(\S+)", re.IGNORECASE | re.ASCII)
LARGEST = 8192
"""Characters of one header that are read."""
_DOMAINS = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom", "smtp.mail"), "dmarc": ("header.from",)}
"""Where each method says which domain it is about, the first that is there."""


@dataclass(frozen=True, slots=True)
class Result:
    """One method's verdict in one header: `dkim`, `pass`, `example.org`."""

    method: str
    verdict: str
    domain: str


def is_authenticated(headers: Sequence[str], trusted: Collection[str], sender: str | None) -> bool:
    """Whether `sender`, the one address of From, is proven by `headers`, the topmost first, of `trusted` servers."""
    domain = (sender or "").rpartition("@")[2].casefold()
    names = {name.casefold() for name in trusted}
    decided: set[str] = set()
    for header in headers:
        author, results = read(header)
        if not domain or author not in names:
            continue
        if any(_speaks_for(result, domain) for result in results if result.method not in decided):
            return True
        decided.update(result.method for result in results)
    return False


def read(header: str) -> tuple[str, tuple[Result, ...]]:
    """The server that wrote a header (lower case) and what it found; empty for anything else."""
    first, *rest = _parts(_without_comments(header[:LARGEST]))
    author = first.strip().strip('"').partition(" ")[0].casefold()
    return author, tuple(result for part in rest if (result := _result(part)))


def _parts(text: str) -> list[str]:
    """Split at semicolons that stand outside quotes."""
    return [part.replace("\0", ";") for part in _QUOTED.sub(lambda m: m[0].replace(";", "\0"), text).split(";")]


def _without_comments(text: str) -> str:
    """`text` without what stands in parentheses, also nested, outside quotes; unbalanced ones hide the rest."""
    return "".join(_outside(text))


def _outside(text: str) -> Iterator[str]:
    depth, is_quoted, is_escaped = 0, False, False
    for character in text:
        if is_escaped or character == "\\":
            is_escaped = not is_escaped
        elif character == '"' and not depth:
            is_quoted = not is_quoted
        elif character == "(" and not is_quoted:
            depth += 1
        elif character == ")" and not is_quoted and depth:
            depth -= 1
            continue
        if not depth:
            yield character


def _result(part: str) -> Result | None:
    found = _METHOD.match(part.strip())
    if not found:
        return None
    method = found[1].lower()
    said: dict[str, str] = {}
    for kind, name, value in _PROPERTY.findall(_QUOTED.sub(_in_one_piece, part)):
        name_of = f"{kind}.{name}".lower()
        said[name_of] = value if said.get(name_of, value) == value else ""  # said twice and not alike: not believed
    value = next((said[name] for name in _DOMAINS[method] if name in said), "")
    return Result(method, found[2].lower(), value.strip('"<>').rpartition("@")[2].rstrip(".").casefold())


def _in_one_piece(quoted: re.Match[str]) -> str:
    """A quoted text without its blanks: what a sender writes into a local part must not read as a property."""
    return re.sub(r"\s", "_", quoted[0])


def _speaks_for(result: Result, domain: str) -> bool:
    """Whether a pass is about `domain` or a domain above it; a top-level domain speaks for nobody."""
    if result.verdict != "pass" or "." not in result.domain:
        return False
    return domain == result.domain or (result.method != "dmarc" and domain.endswith(f".{result.domain}"))
