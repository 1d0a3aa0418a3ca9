"""`newsletter check`, `explain` and `send --allow` as an editor meets them."""

import json
from pathlib import Path

import pytest

from newsletter.delivery.catcher import Catcher
from newsletter.preflight.spam import read_report
from tests.support.cli import newsletter

FRONT = "---\nlist: nieuwsbrief\nsubject: Proef\npreheader: Een proef\ndate: 2099-06-15\n---\n\n"
SPOILT = FRONT + "Lees [hier](https://example.org/gids).\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    newsletter("init", "p", cwd=tmp_path).expect(0)
    (tmp_path / "p" / "issues" / "proef.md").write_text(SPOILT, encoding="utf-8")
    return tmp_path / "p"


def test_findings_come_in_the_language_of_the_list_or_in_english(project):
    dutch = newsletter("check", "issues/proef.md", cwd=project).expect(1)
    assert "issues/proef.md:8: fout [A41] de linktekst 'hier' zegt niet waar de link heen gaat" in dutch.out
    assert dutch.out.rstrip().endswith("1 fout, geen waarschuwingen")
    english = newsletter("check", "issues/proef.md", "--language", "en", cwd=project).expect(1)
    assert "issues/proef.md:8: error [A41] the link text 'hier' does not say where it leads" in english.out
    assert english.out.rstrip().endswith("1 error, no warnings")


def test_json_has_every_part_of_a_finding(project):
    (finding,) = json.loads(newsletter("check", "issues/proef.md", "--json", cwd=project).expect(1).out)["findings"]
    assert set(finding) == {"severity", "rule", "file", "line", "what", "remedy"}
    assert (finding["severity"], finding["rule"], finding["line"]) == ("error", "A41", 8)


def test_what_cannot_be_compiled_is_told_together_with_the_rest(project):
    text = FRONT + "![Een tafel](weg.jpg)\n\nLees [hier](https://example.org/gids).\n"
    (project / "issues" / "proef.md").write_text(text, encoding="utf-8")
    said = newsletter("check", "issues/proef.md", cwd=project).expect(1).out
    assert "[image]" in said
    assert "[A41]" in said
    unread = f"{text}\n:::agneda\n:::\n\n{{{{ naam }}}} [hier](javascript:x)\n"
    (project / "issues" / "proef.md").write_text(unread, encoding="utf-8")
    said = newsletter("check", "issues/proef.md", cwd=project).expect(1).out
    for line, rule in ((8, "image"), (10, "A41"), (12, "directive"), (15, "field")):
        assert f"proef.md:{line}: " in said
        assert f"[{rule}]" in said, "what cannot be read is told together with the rest, too"
    assert said.count("proef.md:15: ") == 2, "of a line that cannot be read, only that is told"


def test_a_rule_is_explained_and_all_are_listed(tmp_path):
    page = newsletter("explain", "a41", cwd=tmp_path).expect(0).out
    assert page.startswith("# A41: A link text says where it leads")
    assert "## How to mend it" in page
    listed = newsletter("explain", cwd=tmp_path).expect(0).out
    assert any(
        line.split() == ["spam", "Spam", "filters", "let", "the", "mail", "pass"] for line in listed.splitlines()
    )


def test_a_rule_that_is_none_is_refused_with_the_nearest_one(tmp_path):
    assert "link-target" in newsletter("explain", "link-targt", cwd=tmp_path).expect(2).said


# ---------------------------------------------------------------- overriding


def add_reader(project: Path) -> None:
    (project / "lezers.csv").write_text("email\nlezer@gemeente.example\n", encoding="utf-8")
    newsletter(
        "subscribers", "import", "lezers.csv", "--list", "nieuwsbrief", "--basis", "consent", "--source", "form",
        cwd=project,
    ).expect(0)  # fmt: skip


def test_errors_keep_an_issue_from_being_sent_unless_their_rule_is_allowed(project, tmp_path):
    add_reader(project)
    with Catcher(tmp_path / "mail", port=0) as catcher:
        env = {"NEWSLETTER__RELAYS__MAIN__PORT": str(catcher.port)}
        refused = newsletter("send", "issues/proef.md", "--yes", cwd=project, env=env).expect(1)
        assert "A41" in refused.err
        newsletter("send", "issues/proef.md", "--yes", "--allow", "A40", cwd=project, env=env).expect(1)
        assert not list((tmp_path / "mail").glob("new/*"))
        sent = newsletter("send", "issues/proef.md", "--yes", "--allow", "a41", cwd=project, env=env).expect(0)
        assert "Let pass by name: A41" in sent.err
        assert len(list((tmp_path / "mail").glob("new/*"))) == 1
        again = newsletter("send", "issues/proef.md", "--yes", cwd=project, env=env).expect(0)
    assert "nobody gets it twice" in again.said
    job = json.loads(newsletter("jobs", "show", "1", "--json", cwd=project).expect(0).out)
    assert job["overrides"] == ["A41"]


def test_an_unknown_rule_cannot_be_allowed(project):
    outcome = newsletter("send", "issues/proef.md", "--yes", "--allow", "A14", cwd=project).expect(2)
    assert "there is no rule 'A14'" in outcome.err


# ---------------------------------------------------------------- spam


@pytest.mark.system("spamassassin")
@pytest.mark.parametrize("name", ["nieuwsbrief", "uitnodiging"])
def test_a_sample_scores_at_most_half_a_point(project, name):
    said = json.loads(newsletter("check", f"issues/{name}.md", "--spam", "--json", cwd=project).out)
    assert said["spam"]["score"] <= 0.5
    assert "spam" not in {finding["rule"] for finding in said["findings"]}


@pytest.mark.system("spamassassin")
def test_a_mail_that_looks_like_spam_is_told_which_rules_fired(project):
    text = FRONT.replace("Proef", "MAKE MONEY FAST!!! 100% FREE VIAGRA") + "Koop nu viagra.\n"
    (project / "issues" / "proef.md").write_text(text, encoding="utf-8")
    said = json.loads(newsletter("check", "issues/proef.md", "--spam", "--json", cwd=project).out)
    (finding,) = (finding for finding in said["findings"] if finding["rule"] == "spam")
    assert said["spam"]["score"] > 0.5
    heaviest = said["spam"]["fired"][0]
    assert f"{heaviest['name']} {heaviest['points']:g}" in finding["what"]


def test_without_spamassassin_the_package_is_named(project):
    env = {"PATH": str(project)}
    assert "apt-get install spamassassin" in newsletter("check", "issues/proef.md", "--spam", cwd=project, env=env).err


def test_a_report_is_read_with_rules_that_run_over_two_lines():
    report = read_report(
        "X-Spam-Status: No, score=0.7 required=5.0 tests=A\n\nContent analysis details:   (0.7 points)\n"
        "---- ---------------------- ------\n"
        " 0.7 HTML_FONT_LOW_CONTRAST BODY: HTML font color similar to\n                            background\n"
        " 0.0 HTML_MESSAGE           BODY: HTML included\n"
    )
    assert report.score == 0.7
    assert [(rule.name, rule.what) for rule in report.fired] == [
        ("HTML_FONT_LOW_CONTRAST", "BODY: HTML font color similar to background")
    ]
