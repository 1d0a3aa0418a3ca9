"""What DNS says of a sender: a healthy domain has no fault, and every mutation of it is named with its remedy (A29)."""

from dataclasses import replace

import pytest

from newsletter.cli.doctor import sender_of
from newsletter.config import load
from newsletter.doctor.diagnosis import Diagnosis, Level
from newsletter.doctor.dkim_record import tags, zone_line
from newsletter.doctor.domain import RelayHost, Sender, examine
from newsletter.store.dkim_keys import public_record
from tests.support.dkim import ed25519_key, rsa_key
from tests.support.dns import FakeDns

KEY_NAME = "rsa2027._domainkey.example.org"
RECORD = public_record(rsa_key().private)
TWO_RELAYS = """
[site]
base_url = "https://nieuws.example.org"
[relays]
own = { host = "localhost", port = 25, security = "none" }
far = { host = "relay.example.net", port = 587, security = "starttls" }
[lists.beide]
title = "B"
from = "B <b@example.org>"
reply_to = "b@example.org"
unsubscribe_mailbox = "b@example.org"
basis = "consent"
permission = "consent"
controller = "B"
contact = "b@example.org"
purpose = "p"
relay = ["own", "far"]
"""
SENDER_RELAY = RelayHost(name="main", host="relay.example.net")
SENDER = Sender(
    domain="example.org",
    envelope="bounce.example.org",
    mailboxes=("example.org", "bounce.example.org"),
    keys=(("example.org", KEY_NAME, RECORD),),
    relays=(SENDER_RELAY,),
)


def healthy() -> FakeDns:
    return FakeDns(
        txt={
            "bounce.example.org": ("unrelated", "v=spf1 include:spf.example.net -all"),
            "spf.example.net": ("v=spf1 ip4:192.0.2.0/28 ip6:2001:db8::/64 -all",),
            KEY_NAME: (RECORD,),
            "_dmarc.example.org": ("v=DMARC1; p=reject; rua=mailto:dmarc@example.org",),
        },
        mx={"example.org": ((10, "mx.example.net"),), "bounce.example.org": ((10, "mx.example.net"),)},
        a={"mx.example.net": ("192.0.2.25",), "relay.example.net": ("192.0.2.3",)},
        ptr={"192.0.2.3": ("relay.example.net",)},
    )


def found(resolver: FakeDns, **changes) -> list[Diagnosis]:
    return list(examine(resolver, replace(SENDER, **changes)))


def bad(findings: list[Diagnosis]) -> list[tuple[str, str]]:
    return [(item.level.value, item.about) for item in findings if item.level in {Level.FAULT, Level.WARNING}]


def test_a_healthy_domain_has_nothing_to_mend():
    findings = found(healthy())
    assert bad(findings) == []
    assert {item.level for item in findings} == {Level.GOOD}


SPF = "bounce.example.org"
DMARC = "_dmarc.example.org"


@pytest.mark.parametrize(
    ("name", "texts", "level", "about", "says"),
    [
        (SPF, (), "fault", "SPF", "no record"),
        (SPF, ("v=spf1 -all", "v=spf1 ~all"), "fault", "SPF", "2 records"),
        (SPF, ("v=spf1 include:spf.example.net +all",), "fault", "SPF", "anybody"),
        (SPF, ("v=spf1 include:spf.example.net ?all",), "warning", "SPF", "?all"),
        (SPF, ("v=spf1 include:spf.example.net",), "warning", "SPF", "nothing"),
        (SPF, ("v=spf1 include:gone.example.net -all",), "fault", "SPF", "gone.example.net"),
        (SPF, ("v=spf1 ipv4:192.0.2.3 -all",), "fault", "SPF", "ipv4"),
        (SPF, ("v=spf1 ip4:192.0.2.300 -all",), "fault", "SPF", "no range"),
        (SPF, ("v=spf1 " + "a:x.example.net " * 11 + "-all",), "fault", "SPF", "11 questions"),
        (SPF, (f"v=spf1 include:{SPF} -all",), "fault", "SPF", "questions"),
        (KEY_NAME, (), "fault", "DKIM", "no record"),
        (KEY_NAME, ("v=DKIM1; p=",), "fault", "DKIM", "revoked"),
        (KEY_NAME, (RECORD, RECORD), "fault", "DKIM", "2 records"),
        (KEY_NAME, (RECORD.replace("A", "B", 1).replace("MII", "MIJ"),), "fault", "DKIM", "another key"),
        (KEY_NAME, (public_record(ed25519_key().private),), "fault", "DKIM", "another key"),
        (KEY_NAME, (f"{RECORD}; t=y",), "warning", "DKIM", "t=y"),
        (KEY_NAME, (f"{RECORD}; h=sha1",), "fault", "DKIM", "sha256"),
        (DMARC, (), "fault", "DMARC", "no record"),
        (DMARC, ("v=DMARC1; p=none",), "warning", "DMARC", "p=none"),
        (DMARC, ("v=DMARC1; p=weiger",), "fault", "DMARC", "p=weiger"),
        (DMARC, ("v=DMARC1",), "fault", "DMARC", "missing"),
        (DMARC, ("v=DMARC1; p=reject", "v=DMARC1; p=none"), "fault", "DMARC", "2 records"),
        (DMARC, ("v=DMARC1; p=reject; pct=10",), "warning", "DMARC", "pct=10"),
    ],
)
def test_a_spoilt_record_is_named_with_its_remedy(name, texts, level, about, says):
    resolver = healthy()
    resolver.txt[name] = texts
    matching = [item for item in found(resolver) if item.level.value == level]
    assert [item.about.split()[0] for item in matching][:1] == [about]
    assert says in matching[0].what
    assert matching[0].remedy


def test_what_to_publish_is_ready_to_copy():
    (missing,) = [item for item in found(FakeDns(), keys=SENDER.keys) if item.about.startswith("DKIM")]
    assert missing.record == zone_line(KEY_NAME, RECORD)
    assert tags("".join(missing.record.split('"')[1::2])) == tags(RECORD)
    assert all(len(piece) <= 255 for piece in missing.record.split('"')[1::2])


def test_spf_through_a_redirect_and_by_mx_covers_the_relay():
    resolver = healthy()
    resolver.txt[SPF] = ("v=spf1 redirect=spf2.example.net",)
    resolver.txt["spf2.example.net"] = ("v=spf1 mx:example.org -all",)
    resolver.a["mx.example.net"] = ("192.0.2.3",)
    assert bad(found(resolver)) == []
    assert any("covers" in item.what for item in found(resolver) if item.about.startswith("SPF"))


def test_a_relay_outside_spf_is_a_note_since_mail_may_leave_it_elsewhere():
    resolver = healthy()
    resolver.txt[SPF] = ("v=spf1 ip4:198.51.100.1 -all",)
    (said,) = [item for item in found(resolver) if item.level is Level.NOTE]
    assert "192.0.2.3" in said.what


@pytest.mark.parametrize(
    ("policy", "changes", "level"),
    [
        ("v=DMARC1; p=reject; adkim=s", {}, None),
        ("v=DMARC1; p=reject; adkim=s", {"domain": "nieuws.example.org"}, "warning"),
        ("v=DMARC1; p=reject; adkim=s; aspf=s", {"domain": "nieuws.example.org"}, "fault"),
        ("v=DMARC1; p=reject", {"keys": ()}, "warning"),
        ("v=DMARC1; p=reject", {"keys": (), "envelope": "bounce.example.net"}, "fault"),
        ("v=DMARC1; p=reject", {"envelope": "bounce.example.net"}, None),
    ],
)
def test_dmarc_needs_signature_or_envelope_to_speak_for_the_sender(policy, changes, level):
    resolver = healthy()
    resolver.txt[DMARC] = (policy,)
    resolver.txt["bounce.example.net"] = resolver.txt[SPF]
    resolver.mx["nieuws.example.org"] = resolver.mx["example.org"]
    about_dmarc = [item for item in bad(found(resolver, **changes)) if item[1].startswith("DMARC")]
    assert [item[0] for item in about_dmarc] == ([level] if level else [])


def test_a_policy_of_the_domain_above_holds_with_its_word_for_subdomains():
    resolver = healthy()
    resolver.txt[DMARC] = ("v=DMARC1; p=reject; sp=none",)
    resolver.mx["nieuws.example.org"] = resolver.mx["example.org"]
    assert ("warning", "DMARC nieuws.example.org") in bad(found(resolver, domain="nieuws.example.org"))


@pytest.mark.parametrize(
    ("mx", "level", "says"),
    [
        ((), "fault", "lost"),
        (((0, ""),), "fault", "null MX"),
        (((10, "gone.example.net"),), "fault", "gone.example.net"),
    ],
)
def test_a_domain_that_takes_no_mail_loses_answers(mx, level, says):
    resolver = healthy()
    resolver.mx["example.org"] = mx
    (said,) = [item for item in found(resolver) if item.about == "MX example.org"]
    assert (said.level.value, says in said.what) == (level, True)


def test_a_relay_without_a_name_that_leads_back_is_told():
    resolver = healthy()
    resolver.ptr = {}
    assert bad(found(resolver)) == [("warning", "PTR 192.0.2.3")]
    resolver.ptr = {"192.0.2.3": ("other.example.net",)}
    assert bad(found(resolver)) == [("warning", "PTR 192.0.2.3")]


def test_a_name_server_that_is_silent_is_no_verdict():
    findings = found(replace(healthy(), silent=frozenset({SPF, KEY_NAME, DMARC, "example.org", "192.0.2.3"})))
    assert {item.level for item in findings if "no answer" in item.what} == {Level.WARNING}
    assert not any(item.level is Level.FAULT for item in findings)


def test_every_relay_of_a_list_is_examined_each_address_once():
    resolver = healthy()
    resolver.a["second.example.net"] = ("192.0.2.3", "198.51.100.7")
    relays = (SENDER_RELAY, RelayHost(name="second", host="second.example.net"))
    findings = found(resolver, relays=relays)
    assert bad(findings) == [("warning", "PTR 198.51.100.7")]
    (uncovered,) = [item for item in findings if item.level is Level.NOTE]
    assert "198.51.100.7" in uncovered.what
    assert [item.about for item in findings].count("PTR 192.0.2.3") == 1


def test_of_a_relay_on_this_machine_it_is_said_what_cannot_be_seen():
    relays = (SENDER_RELAY, RelayHost(name="own", host=""))
    (said,) = [item for item in found(healthy(), relays=relays) if item.level is not Level.GOOD]
    assert (said.level, said.about) == (Level.NOTE, "relay own")
    assert "PTR" in said.what
    assert "SPF" in said.what
    assert said.remedy


def test_the_command_names_every_relay_of_the_list(tmp_path):
    (tmp_path / "newsletter.toml").write_text(TWO_RELAYS)
    configuration = load(tmp_path / "newsletter.toml", {})
    sender = sender_of(configuration, "beide", configuration.lists["beide"])
    assert sender.relays == (RelayHost(name="own", host=""), RelayHost(name="far", host="relay.example.net"))
