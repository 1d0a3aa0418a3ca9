"""DNS for tests: records in a mapping, asked directly or over a real name server on this machine."""

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from newsletter.doctor.diagnosis import DnsUnavailableError


@dataclass
class FakeDns:
    """A `Resolver` over mappings; a name in `silent` gets no answer."""

    txt: dict[str, tuple[str, ...]] = field(default_factory=dict)
    mx: dict[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    a: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ptr: dict[str, tuple[str, ...]] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()

    def texts(self, name: str) -> tuple[str, ...]:
        return self._found(self.txt, name)

    def exchangers(self, name: str) -> tuple[tuple[int, str], ...]:
        return self._found(self.mx, name)

    def addresses(self, name: str) -> tuple[str, ...]:
        return self._found(self.a, name)

    def names(self, address: str) -> tuple[str, ...]:
        return self._found(self.ptr, address)

    def _found(self, records, name):
        if name in self.silent:
            raise DnsUnavailableError(name)
        return records.get(name, ())


class _Handler(socketserver.DatagramRequestHandler):
    def handle(self) -> None:
        question = dns.message.from_wire(self.rfile.read())
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        asked = question.question[0]
        name = asked.name.to_text(omit_final_dot=True).casefold()
        lines = self.server.records.get((name, dns.rdatatype.to_text(asked.rdtype)), ())
        if name.startswith("broken."):
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif lines:
            answer.answer.append(dns.rrset.from_text_list(asked.name, 60, dns.rdataclass.IN, asked.rdtype, lines))
        elif not any(known == name for known, _ in self.server.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.wfile.write(answer.to_wire())


@contextmanager
def name_server(
    records: Mapping[tuple[str, str], tuple[str, ...]], address: str = "127.0.0.1", port: int = 0
) -> Iterator[tuple[str, int]]:
    """A name server with records by name and type, in the words of a zone file; gives its address and port."""
    with socketserver.ThreadingUDPServer((address, port), _Handler) as server:
        server.records = dict(records)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address
        server.shutdown()
        thread.join()


def as_text(value: str) -> str:
    """A long text as the strings of one TXT record."""
    return " ".join(f'"{value[index : index + 200]}"' for index in range(0, len(value), 200))
