"""Meetings of an issue become calendar events; their names are stable and never another's."""

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose.compiled import CompiledIssue
from newsletter.compose.events import SEED_LENGTH, calendar_events, meetings, seed_of
from newsletter.config_lists import MailingList
from newsletter.issue.finding import IssueError
from newsletter.issue.model import Block, Issue, Note
from newsletter.issue.model_meetings import Agenda, AgendaEntry, Invitation, ProgrammeItem
from newsletter.issue.model_text import FieldRef, Filter, Strong, Text
from tests.support.calendars import events, issue


def entry(**changes: Any) -> AgendaEntry:
    return AgendaEntry(**({"title": "Spreekuur", "date": date(2027, 6, 21), "start": time(9, 30), "line": 7} | changes))


def a_list(**changes: Any) -> MailingList:
    values = {
        "title": "Nieuwsbrief",
        "from": "a@example.org",
        "unsubscribe_mailbox": "b@example.org",
        "basis": "consent",
        "controller": "Organisatie Voorbeeld",
        "privacy_url": "https://example.org/privacy",
    }
    return MailingList.model_validate(values | changes)


def an_issue(*blocks: Block) -> Issue:
    return Issue(
        list_slug="nieuwsbrief",
        slug="zomer",
        subject=("Zomer",),
        preheader=(),
        date=date(2027, 6, 14),
        blocks=blocks,
        file="zomer.md",
    )


def test_an_id_names_the_meeting_whatever_else_changes() -> None:
    assert seed_of(entry(id="spreekuur")) == "spreekuur"
    assert seed_of(entry(id="spreekuur", title="Anders", date=date(2028, 1, 1), start=None)) == "spreekuur"


def test_without_an_id_two_meetings_of_one_title_are_two_events() -> None:
    seeds = {
        seed_of(entry(date=date(2027, 6, day), start=start)) for day in (1, 2) for start in (None, time(9), time(14))
    }
    assert len(seeds) == 6
    assert seed_of(entry()) == "spreekuur-2027-06-21-0930"


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Ronde tafel: één jaar verder!", "ronde-tafel-een-jaar-verder"),
        ("  --  A/B?  ", "a-b"),
        ("../../etc/passwd", "etc-passwd"),
    ],
)
def test_a_title_becomes_a_slug(title: str, slug: str) -> None:
    assert seed_of(entry(title=title, start=None)) == f"{slug}-2027-06-21"


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_any_title_gives_a_file_name_and_titles_without_latin_letters_stay_apart(one: str, two: str) -> None:
    for title in (one, two):
        seed = seed_of(entry(title=title, start=None)).removesuffix("-2027-06-21")
        assert set(seed) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert len(seed) <= SEED_LENGTH
    assert seed_of(entry(title="漢字")) != seed_of(entry(title="漢語"))


def test_a_title_too_long_for_a_file_name_stays_apart_from_its_like() -> None:
    assert seed_of(entry(title="a" * 200)) != seed_of(entry(title="a" * 201))


def test_agenda_entries_and_invitations_become_events_in_their_order() -> None:
    invitation = Invitation(title="Ronde tafel", date=date(2027, 9, 2), place="Utrecht", line=9)
    agenda = Agenda(entries=(entry(place="online"), entry(id="dag", start=None, is_cancelled=True)), line=5)
    found = calendar_events(an_issue(Note(blocks=(agenda,), line=4), invitation), a_list())
    assert [event.uid_seed for event in found] == ["spreekuur-2027-06-21-0930", "dag", "ronde-tafel-2027-09-02"]
    assert [event.place for event in found] == ["online", "", "Utrecht"]
    assert [event.is_cancelled for event in found] == [False, True, False]
    assert {event.zone for event in found} == {"Europe/Amsterdam"}


def test_the_description_tells_what_changed_for_whom_and_the_programme() -> None:
    programme = (
        ProgrammeItem(
            title=(Text("Opening door "), Strong((Text("Mia"),))),
            start=time(9, 30),
            end=time(10),
            items=(ProgrammeItem(title=(Text("Welkom"),), line=12),),
            line=11,
        ),
    )
    invitation = Invitation(
        title="Ronde tafel",
        date=date(2027, 9, 2),
        audience="Gemeenten",
        cost="geen",
        closing_date=date(2027, 8, 20),
        was=date(2027, 9, 1),
        programme=programme,
        line=9,
    )
    (event,) = calendar_events(an_issue(invitation), a_list())
    assert event.description.split("\n") == [
        "Eerder aangekondigd voor woensdag 1 september 2027.",
        "Voor wie: Gemeenten",
        "Kosten: geen",
        "Aanmelden kan tot en met 20 augustus 2027",
        "Programma:",
        "- 9.30\N{EN DASH}10.00 uur: Opening door Mia",
        "  - Welkom",
    ]


def test_i7_a_link_with_a_field_gets_its_default_and_nobodys_value() -> None:
    link = ("https://example.org/?van=", FieldRef("organisation", (Filter("default", "een gast"),)), "&x=1")
    (event,) = calendar_events(an_issue(Agenda(entries=(entry(link=link),), line=5)), a_list())
    assert event.url == "https://example.org/?van=een%20gast&x=1"


def test_the_same_meeting_in_agenda_and_invitation_is_one_event() -> None:
    invitation = Invitation(title="Anders", date=date(2027, 6, 21), start=time(9, 30), id="tafel", line=9)
    agenda = Agenda(entries=(entry(id="tafel"),), line=5)
    assert len(calendar_events(an_issue(agenda, invitation), a_list())) == 1


def test_one_id_for_two_meetings_is_an_error_with_both_lines() -> None:
    agenda = Agenda(entries=(entry(id="tafel", line=7), entry(id="tafel", date=date(2027, 6, 28), line=12)), line=5)
    with pytest.raises(IssueError) as caught:
        calendar_events(an_issue(agenda), a_list())
    (finding,) = caught.value.findings
    assert finding.line == 12
    assert "line 7" in finding.what


def test_meetings_are_found_in_whatever_block_they_stand() -> None:
    inner = Note(blocks=(Note(blocks=(Agenda(entries=(entry(),), line=5),), line=4),), line=3)
    assert list(meetings((inner,))) == [entry()]


@given(st.lists(events(), max_size=4).map(tuple))
def test_i6_events_survive_the_frozen_bytes(found: tuple[Any, ...]) -> None:
    compiled = issue(events=found)
    again = CompiledIssue.from_content(compiled.content)
    assert again == compiled
    assert again.digest == compiled.digest


def test_i6_an_issue_without_events_has_the_digest_it_had_before_there_were_any() -> None:
    assert b'"events"' not in issue().content
    assert replace(issue(), events=()).digest == issue().digest
