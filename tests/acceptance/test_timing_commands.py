"""When a mailing goes out: `send --at`, `--spread-over`, `simulate`, halting and `jobs resume --retry`; and `serve`."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from newsletter.cli.common import open_project
from newsletter.cli.sending_parts import sending_of
from newsletter.delivery.continuing import ContinuingError, continue_due
from newsletter.delivery.job import JobState
from newsletter.delivery.outcome import State
from newsletter.store import deliveries, jobs
from newsletter.store.tables import installation
from subscribers.transactions import writing
from tests.support.cli import newsletter
from tests.support.smtp import ScriptedServer, at

PEOPLE = 12
TWO_RELAYS = """
[relays.new]
host = "localhost"
port = 26
security = "none"
warm_up = {since = 2027-01-01, per_day = [5, 9]}
[lists.b]
title = "B"
from = "B <b@example.org>"
unsubscribe_mailbox = "b@example.org"
basis = "consent"
controller = "B"
relay = ["main", "new"]
"""
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%d 12:00")


class Site:
    """A project with subscribers at two providers, and a relay."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        newsletter("init", "p", cwd=folder.parent).expect(0)
        rows = "".join(f"lezer{n}@{'gmail.com' if n % 2 else 'gemeente.example'},L\n" for n in range(PEOPLE))
        (folder / "lezers.csv").write_text("email,name\n" + rows)
        options = "--list", "nieuwsbrief", "--basis", "consent", "--source", "form"
        newsletter("subscribers", "import", "lezers.csv", *options, cwd=folder).expect(0)

    def add(self, toml: str) -> None:
        with (self.folder / "newsletter.toml").open("a") as file:
            file.write(toml)

    def run(self, server: ScriptedServer, *arguments: str, env: Mapping[str, str] | None = None):
        port = {"NEWSLETTER__RELAYS__MAIN__PORT": str(server.port)}
        return newsletter(*arguments, cwd=self.folder, env={**port, **(env or {})})

    def send(self, server: ScriptedServer, *arguments: str, env: Mapping[str, str] | None = None):
        return self.run(server, "send", "issues/nieuwsbrief.md", "--yes", *arguments, env=env)

    def continue_due(self, server: ScriptedServer, hours: float):
        """What serve does, so much later."""
        project = open_project(self.folder / "newsletter.toml")
        relay = project.configuration.relays["main"].model_copy(update={"port": server.port})
        project.configuration.relays["main"] = relay
        object.__setattr__(sending := sending_of(project), "clock", lambda: datetime.now(UTC) + timedelta(hours=hours))
        try:
            return continue_due(sending)
        finally:
            project.engine.dispose()

    def counts(self):
        project = open_project(self.folder / "newsletter.toml")
        try:
            found = deliveries.counts(project.engine, 1)
            return jobs.get_job(project.engine, 1), {state: count for state, count in found.items() if count}
        finally:
            project.engine.dispose()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "p")


def test_a_planned_job_is_started_by_serve_at_its_time_and_not_before(site: Site) -> None:
    with ScriptedServer() as server:
        said = site.send(server, "--at", TOMORROW).expect(0).out
        assert "newsletter serve" in said
        assert "at 12:00" in said
        assert site.continue_due(server, 0) == []
        assert not server.accepted
        assert "it is planned for" in site.send(server).expect(1).said
        assert "Planned for" in site.run(server, "jobs", "show", "1").expect(0).out
        (result,) = site.continue_due(server, 48)
        assert result.counts[State.SENT] == PEOPLE
    assert max(server.times.values()) == 1


def test_a_planned_job_can_be_moved_and_sent_at_once(site: Site) -> None:
    with ScriptedServer() as server:
        site.send(server, "--at", TOMORROW).expect(0)
        later = json.loads(site.send(server, "--at", "2099-01-01T09:00:00+00:00", "--json").expect(0).out)
        assert later["starts_at"] == "2099-01-01T09:00:00+00:00"
        assert site.continue_due(server, 48) == []
        site.send(server, "--at", "now").expect(0)
        assert len(server.accepted) == PEOPLE


def test_a_planned_job_that_is_paused_and_resumed_keeps_its_time(site: Site) -> None:
    with ScriptedServer() as server:
        site.send(server, "--at", TOMORROW).expect(0)
        site.run(server, "jobs", "pause", "1").expect(0)
        said = " ".join(site.run(server, "jobs", "resume", "1").expect(0).out.split())
        assert "is planned: `newsletter serve` starts it on " in said
        assert "it is planned for" in site.send(server).expect(1).said
        assert site.continue_due(server, 0) == []
        assert not server.accepted


def test_a_planned_job_is_not_started_from_a_restored_database(site: Site) -> None:
    with ScriptedServer() as server:
        site.send(server, "--at", TOMORROW).expect(0)
        project = open_project(site.folder / "newsletter.toml")
        with writing(project.engine) as connection:
            connection.execute(update(installation).values(restored_at=datetime.now(UTC)))
        project.engine.dispose()
        with pytest.raises(ContinuingError, match="restored from a backup"):
            site.continue_due(server, 48)
        assert not server.accepted


def test_a_paused_job_gets_no_time_at_which_nobody_would_start_it(site: Site) -> None:
    with ScriptedServer() as server:
        site.send(server, "--at", TOMORROW).expect(0)
        site.run(server, "jobs", "pause", "1").expect(0)
        refused = site.send(server, "--at", "2099-01-01 09:00").expect(2).said
        assert "newsletter jobs resume 1" in refused
        assert "starts it then" not in refused
        shown = site.run(server, "jobs", "show", "1").expect(0).out
        assert "newsletter jobs resume 1" in shown
        assert "starts it then" not in shown
        site.run(server, "jobs", "cancel", "1", "--yes").expect(0)
        assert "starts it then" not in site.run(server, "jobs", "show", "1").expect(0).out


def test_a_job_outside_its_hours_waits_and_is_not_called_interrupted(site: Site) -> None:
    day = (datetime.now(UTC) + timedelta(days=3)).strftime("%a").lower()
    hours = {"NEWSLETTER__LISTS__NIEUWSBRIEF__SENDING_WINDOWS": f"{day} 10:00-11:00"}
    with ScriptedServer() as server:
        said = site.send(server, env=hours).expect(1).out
        assert not server.accepted
        shown = site.run(server, "jobs", "show", "1").expect(0).out
        assert json.loads(site.run(server, "jobs", "--json").out)[0]["activity"] == "waiting"
    assert "): waiting; " in said
    assert "`newsletter serve` goes on then" in " ".join(shown.split())
    assert "No process sends it" not in shown
    assert "interrupted" not in shown


def test_the_flag_makes_one_run_exact_over_a_power_cut_and_the_setting_every_run(site: Site) -> None:
    kept: set[str] = set()
    later = at("RCPT", "451 4.3.2 later", recipient="lezer0@", times=2)

    def script(peer, verb, argument):
        if verb == "DOT":
            (journal,) = (site.folder / "data" / "spool").glob("*.journal")
            kept.add(journal.read_bytes().split(b"\n")[0].decode().split()[-1])
        return later(peer, verb, argument)

    with ScriptedServer(script=script) as server:
        site.send(server, "--power-safe").expect(1)
        assert kept == {"power-safe"}
        kept.clear()
        site.add("[pace]\npower_safe = true\n")
        site.continue_due(server, 2)
        site.continue_due(server, 24)
        assert len(server.accepted) == PEOPLE
    assert kept == {"power-safe"}


def test_a_job_for_later_is_promised_no_more_than_serve_keeps_over_a_power_cut(site: Site) -> None:
    with ScriptedServer() as server:
        refused = site.send(server, "--at", TOMORROW, "--power-safe").expect(2).said
        assert "set power_safe in newsletter.toml" in " ".join(refused.split())
        assert "No job yet" in site.run(server, "jobs").expect(0).out
        setting = {"NEWSLETTER__PACE__POWER_SAFE": "true"}
        site.send(server, "--at", TOMORROW, "--power-safe", env=setting).expect(0)
        site.send(server, "--at", "now", "--power-safe").expect(0)
        assert len(server.accepted) == PEOPLE


@pytest.mark.parametrize(
    ("when", "said"), [("2001-01-01 09:00", "is past"), ("soon", "is no time"), ("2099-03-29 02:30", "the clock skips")]
)
def test_a_time_that_is_none_is_refused_and_nothing_is_planned(site: Site, when: str, said: str) -> None:
    with ScriptedServer() as server:
        assert said in site.send(server, "--at", when).expect(2).said
        assert "No job yet" in site.run(server, "jobs").expect(0).out


def test_before_asking_it_is_said_how_long_it_takes_by_group(site: Site) -> None:
    site.add('[pace.groups.gmail]\nlimit = "100/second"\n')
    with ScriptedServer() as server:
        said = site.send(server, "--at", TOMORROW, "--spread-over", "2").expect(0).out
        assert "gmail" in said
        assert "Under the limits: from" in said
        assert "Spread over 2 h" in site.run(server, "jobs", "show", "1").expect(0).out
        refused = site.send(server, "--at", "now", "--spread-over", "3").expect(2).said
        assert "fixed when it is planned" in refused


def test_whose_mail_waits_is_said_by_group_and_domains_of_a_few_are_not_named_rule_i7(site: Site) -> None:
    site.add('[pace.groups.gmail]\nlimit = "2/day"\n')
    with ScriptedServer(script=at("RCPT", "451 4.3.2 later", recipient="gemeente.example")) as server:
        events = [json.loads(line) for line in site.send(server, "--json").expect(1).out.splitlines()]
    assert all(event["slowest"][0]["name"] == "gmail" for event in events if event.get("slowest"))
    shown = newsletter("jobs", "show", "1", cwd=site.folder).expect(0).out
    assert "Waiting, the most first: other domains" not in shown
    assert "gmail 4 until " in shown
    assert "other domains 6 until " in shown
    assert "gemeente" not in shown
    found = json.loads(newsletter("jobs", "show", "1", "--json", cwd=site.folder).expect(0).out)
    assert [(one["name"], one["waiting"]) for one in found["slowest"]] == [("gmail", 4), ("other domains", 6)]


def events_of(done) -> list[dict]:
    return [json.loads(line) for line in done.out.splitlines()]


def test_what_our_own_pace_sets_aside_is_never_called_refused(site: Site) -> None:
    site.add('[pace.groups.gmail]\nlimit = "2/day"\n')
    with ScriptedServer() as server:
        events = events_of(site.send(server, "--json").expect(1))
        *progress, end = events[1:]
        assert (end["counts"]["set_aside"], end["counts"]["deferred"], end["counts"]["sent"]) == (4, 0, 8)
        assert all(event["done"] <= 8 for event in progress)
        assert progress[-1]["done"] == 8
        assert progress[-1]["seconds_left"] > 3600
        for said in (site.send(server).expect(1).out, site.run(server, "jobs", "show", "1").expect(0).out):
            assert "set aside" in said
            assert "nobody refused it" in said
            assert "refused for now" not in said


def test_every_run_with_json_ends_with_end_or_error(site: Site) -> None:
    gone = {"NEWSLETTER__RELAYS__MAIN__PORT": "1"}
    (nothing,) = events_of(newsletter("send", "none.md", "--yes", "--json", cwd=site.folder).expect(2))
    assert (nothing["event"], set(nothing)) == ("error", {"event", "what", "where", "remedy"})
    with ScriptedServer(script=at("DOT", "550 5.7.26 unauthenticated")) as server:
        (absent,) = events_of(site.send(server, "--json", env=gone).expect(3))
        assert "127.0.0.1:1" in absent["where"] + absent["what"]
        *_, halted = events_of(site.send(server, "--json").expect(1))
        assert (halted["event"], halted["stop"], halted["state"]) == ("end", "halted", "paused")
        assert halted["reason"]
        assert "jobs resume 1 --retry refused" in halted["remedy"]
        start, paused = events_of(site.send(server, "--json").expect(2))
        assert (start["event"], paused["event"]) == ("start", "error")
        assert "jobs resume" in paused["remedy"]


def test_a_simulation_says_the_same_without_a_database(site: Site) -> None:
    site.add('[pace.groups.gmail]\nlimit = ["10/second"]\n[pace.domains."gemeente.example"]\nlimit = "1/minute"\n')
    (site.folder / "mix.txt").write_text("# spread\ngmail.com 75\ngemeente.example 25\n")
    with ScriptedServer() as server:
        arguments = "simulate", "--recipients", "4000", "--mix", "mix.txt", "--json"
        found = json.loads(site.run(server, *arguments).expect(0).out)
        slowest, other = found["shares"]
        assert (slowest["name"], slowest["count"], other["count"]) == ("gemeente.example", 1000, 3000)
        assert 60_000 < slowest["seconds"] < 66_000
        assert 300 <= other["seconds"] < 340
        assert "gmail" in site.run(server, "simulate", "--list", "nieuwsbrief").expect(0).out
        assert "as a guess" in site.run(server, "simulate", "--recipients", "5000000").expect(0).out
        (site.folder / "mix.txt").write_text("gmail.com lots\n")
        assert "mix.txt:1" in site.run(server, "simulate", "--mix", "mix.txt").expect(2).said


def test_a_halted_job_says_why_and_is_tried_again_by_class(site: Site) -> None:
    with ScriptedServer(script=at("DOT", "550 5.7.26 unauthenticated")) as server:
        said = site.send(server).said
        assert "Halted" in said
        assert "newsletter doctor" in said
        assert "jobs resume 1 --retry refused --class policy" in said
        job, counts = site.counts()
        assert job.state is JobState.PAUSED
        assert counts[State.REFUSED] >= 5
        shown = site.run(server, "jobs", "show", "1").said
        assert "Halted" in shown
        assert "Nothing of it is sent until `newsletter jobs resume 1`" in shown
        assert "says why it halted" in site.send(server).expect(2).said
        wrong = site.run(server, "jobs", "resume", "1", "--retry", "refused", "--class", "sun")
        assert "is not one of" in wrong.expect(2).said
        site.run(server, "jobs", "resume", "1", "--retry", "refused", "--class", "policy", "--yes").expect(0)
    with ScriptedServer() as server:
        site.send(server).expect(0)
        assert len(server.accepted) == PEOPLE


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[pace.groups.gmail]\nlimit = "fast"\n', "is not a rate such as"),
        ('[pace]\nper_domain = ["5/second", "6/second"]\n', "same period"),
        ('[pace.groups.a]\ndomains = ["x.example"]\n[pace.groups.b]\ndomains = ["x.example"]\n', "in the groups"),
        ('[pace.groups.gmial]\nlimit = "5/minute"\n', "did you mean 'gmail'"),
        ("[relays.main.warm_up]\nsince = 2027-01-01\nper_day = [5, 4]\n", "must rise"),
        (TWO_RELAYS, "let a list use new alone until it is warm"),
    ],
)
def test_limits_that_make_no_sense_are_refused_with_the_reason(site: Site, toml: str, said: str) -> None:
    site.add(toml)
    assert said in newsletter("simulate", "--recipients", "5", cwd=site.folder).expect(2).said
