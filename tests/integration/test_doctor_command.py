"""`newsletter doctor` in a real project, and its resolver before a real name server."""

import json
from pathlib import Path

import pytest

from newsletter.doctor.diagnosis import DnsUnavailableError
from newsletter.doctor.resolving import DnsResolver
from tests.support.cli import newsletter
from tests.support.dns import as_text, name_server

ZONE = {
    ("example.org", "TXT"): ('"v=spf1 " "-all"', as_text("x" * 300)),
    ("example.org", "MX"): ("20 b.example.net.", "10 a.example.net."),
    ("a.example.net", "A"): ("192.0.2.1",),
    ("a.example.net", "AAAA"): ("2001:db8::1",),
    ("null.example.org", "MX"): ("0 .",),
    ("1.2.0.192.in-addr.arpa", "PTR"): ("a.example.net.",),
}


def test_the_resolver_reads_what_a_name_server_says() -> None:
    with name_server(ZONE) as (address, port):
        resolver = DnsResolver([address], port)
        assert sorted(resolver.texts("example.org")) == ["v=spf1 -all", "x" * 300]
        assert resolver.exchangers("Example.org.") == ((10, "a.example.net"), (20, "b.example.net"))
        assert resolver.exchangers("null.example.org") == ((0, ""),)
        assert resolver.addresses("a.example.net") == ("192.0.2.1", "2001:db8::1")
        assert resolver.addresses("192.0.2.9") == ("192.0.2.9",)
        assert resolver.names("192.0.2.1") == ("a.example.net",)
        assert resolver.texts("nowhere.example.org") == ()
        with pytest.raises(DnsUnavailableError, match="TXT broken"):
            resolver.texts("broken.example.org")


def test_a_new_project_is_examined_without_asking_anyone_outside(tmp_path: Path) -> None:
    newsletter("init", ".", cwd=tmp_path)
    done = newsletter("doctor", "--offline", "--json", cwd=tmp_path).expect(1)
    found = {(item["about"], item["level"]) for item in json.loads(done.out)["findings"]}
    assert {("secret key", "good"), ("database", "good"), ("deadlines", "good"), ("relay main", "fault")} <= found
    shown = newsletter("doctor", "--offline", cwd=tmp_path).expect(1).out
    assert "1 fault, 1 warning" in shown
    assert "Connection refused" in shown


def test_a21_a_new_key_is_private_and_is_never_overwritten(tmp_path: Path) -> None:
    newsletter("init", ".", cwd=tmp_path)
    settings = tmp_path / "newsletter.toml"
    settings.write_text(
        settings.read_text() + '\n[dkim.een]\ndomain = "example.org"\nselector = "een"\nkey_file = "dkim/een.pem"\n'
    )
    shown = newsletter("doctor", "--new-dkim-key", "een", cwd=tmp_path).out
    assert 'een._domainkey.example.org. TXT "v=DKIM1; k=rsa; p=' in shown
    key = tmp_path / "dkim" / "een.pem"
    assert key.stat().st_mode & 0o077 == 0
    before = key.read_bytes()
    assert b"PRIVATE KEY" in before
    assert "PRIVATE" not in shown
    again = newsletter("doctor", "--new-dkim-key", "een", cwd=tmp_path).expect(2)
    assert "perhaps a key in use" in again.err
    assert key.read_bytes() == before
    unknown = newsletter("doctor", "--new-dkim-key", "twee", cwd=tmp_path).expect(2)
    assert "[dkim.twee]" in unknown.err
