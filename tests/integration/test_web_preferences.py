"""The undo, the page of one subscription and both ends of a change of address, over HTTP (I1, A12, A13, B5, B15)."""

import re
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, update

from newsletter.web.asking import PER_KEY
from subscribers.clock import utc_now
from subscribers.ledger_entry import Kind
from subscribers.store import erase_subscriber, find
from subscribers.tables import consent, subscription
from subscribers.tokens import Keyring, Purpose
from subscribers.transactions import reading, writing
from tests.support.visitors import EXTRA, hidden, link, notices
from tests.support.web import NOW, WebProject, make_project, running_site

PAGES = (Purpose.UNDO, Purpose.MANAGE, Purpose.ADDRESS, Purpose.MY_DATA)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProject]:
    made = make_project(tmp_path_factory.mktemp("site"), extra=EXTRA)
    yield made
    made.engine.dispose()


@pytest.fixture(scope="module")
def client(project: WebProject) -> Iterator[httpx.Client]:
    with running_site(project) as running_client:
        yield running_client


@pytest.fixture
def address() -> str:
    return f"{secrets.token_hex(8)}@example.org"


def row_of(project: WebProject, ref: bytes):
    with reading(project.engine) as connection:
        return connection.execute(select(subscription).where(subscription.c.ref == ref)).one()


def known(project: WebProject, address: str):
    with reading(project.engine) as connection:
        return find(connection, address)


def last_consent(project: WebProject, ref: bytes):
    query = select(consent).join(subscription).where(subscription.c.ref == ref).order_by(consent.c.id.desc()).limit(1)
    with reading(project.engine) as connection:
        return connection.execute(query).one()


# ---------------------------------------------------------------- farewell and undo


def undo_of(page: str) -> str:
    found = page.partition('action="/u/undo/')[2].partition('"')[0]
    assert len(found) == 48 + 1 + 48
    return f"/u/undo/{found}"


def press_undo(client: httpx.Client, page: str, path: str = "") -> httpx.Response:
    """Press the button of an undo as a browser does, with what stands in its form."""
    form = {name: hidden(page, name) for name in ("shown", "lists") if f'name="{name}"' in page}
    return client.post(path or undo_of(page), data=form)


def test_who_presses_our_button_is_shown_the_way_back_and_a_mail_program_is_not(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    ref = project.subscribe(address)
    path = link(project, Purpose.UNSUBSCRIBE, ref)
    one_click = client.post(path, content=b"List-Unsubscribe=One-Click")
    by_hand = client.post(path, data={"page": "1", "list": "nieuwsbrief"})
    assert "undo" not in one_click.text
    assert press_undo(client, by_hand.text).status_code == 200
    assert project.state(ref) == "active"
    assert [entry.kind for entry in project.ledger.read() if entry.ref == ref] == [Kind.ENDED, Kind.RETURNED]


def test_who_presses_after_the_owner_had_left_cannot_bring_them_back(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    """The link stands in every mail; whoever was forwarded one gets the same page, and its way back leads nowhere."""
    ref = project.subscribe(address)
    path, button = link(project, Purpose.UNSUBSCRIBE, ref), {"page": "1", "list": "nieuwsbrief"}
    assert press_undo(client, client.post(path, data=button).text).status_code == 200
    with writing(project.engine) as connection:  # the owner leaves, an hour before the stranger presses
        when = utc_now() - timedelta(hours=1)
        changed = {"state": "ended", "ended_reason": "unsubscribed", "ended_at": when, "erase_at": NOW}
        connection.execute(update(subscription).where(subscription.c.ref == ref).values(**changed))
    page = client.post(path, data=button).text
    late = undo_of(page)
    token, press = late.removeprefix("/u/undo/").split("/")
    other = project.keyring.sign(Purpose.UNSUBSCRIBE, project.subscribe(f"other-{address}"))
    assert "kan niet meer" in press_undo(client, page).text
    assert client.post(f"/u/undo/{token}").status_code == 404
    assert client.post(f"/u/undo/{other}/{press}").status_code == 404
    assert client.post(f"/u/undo/{token}/{token}").status_code == 404
    assert project.state(ref) == "ended"


def test_a13_the_farewell_of_ended_erased_and_unknown_differs_in_nothing_but_the_token(
    project: WebProject, client: httpx.Client
) -> None:
    active, erased = (project.subscribe(f"{secrets.token_hex(8)}@example.org") for _ in range(2))
    owner = row_of(project, erased).subscriber_id
    policies, record = project.configuration.policies, project.ledger.append
    erase_subscriber(project.engine, owner, policies=policies, now=NOW, record=record)
    pages = set()
    for ref in (active, active, erased, secrets.token_bytes(16)):
        page = client.post(link(project, Purpose.UNSUBSCRIBE, ref), data={"page": "1", "list": "nieuwsbrief"}).text
        token = undo_of(page).removeprefix("/u/undo/")
        assert project.keyring.verify(Purpose.UNSUBSCRIBE, token.partition("/")[0]) == ref
        pages.add(page.replace(token, ""))
    assert len(pages) == 1


def test_an_undo_tells_its_bearer_the_truth(project: WebProject, client: httpx.Client, address: str) -> None:
    ref = project.subscribe(address)
    client.post(link(project, Purpose.UNSUBSCRIBE, ref))
    path = link(project, Purpose.UNDO, ref)
    page = client.get(path).text
    assert page.count("<button") == 1
    assert client.post(path).text == page, "a press without the words of the page is asked for them"
    assert project.state(ref) == "ended"
    back = press_undo(client, page, path)
    assert "U ontvangt Nieuwsbrief Voorbeeld weer" in back.text
    for again in (press_undo(client, page, path), client.get(path)):
        assert "U bent niet meer afgemeld voor Nieuwsbrief Voorbeeld" in again.text
        assert "<button" not in again.text
    for ask in (client.get, client.post):
        assert "kan niet meer" in ask(link(project, Purpose.UNDO, secrets.token_bytes(16))).text


@pytest.mark.parametrize(("slug", "said"), [("nieuwsbrief", "Per ongeluk afgemeld?"), ("bulletin", "by accident?")])
def test_b3_an_undo_keeps_the_words_of_the_page_on_which_its_button_was_pressed(
    project: WebProject, client: httpx.Client, address: str, slug: str, said: str
) -> None:
    ref = project.subscribe(address, slug)
    farewell = client.post(link(project, Purpose.UNSUBSCRIBE, ref), data={"page": "1", "list": slug}).text
    press_undo(client, farewell)
    below = last_consent(project, ref)
    client.post(link(project, Purpose.UNSUBSCRIBE, ref))
    path = link(project, Purpose.UNDO, ref)
    page = client.get(path).text
    press_undo(client, page, path)
    mailed = last_consent(project, ref)
    assert said in below.wording
    assert all(project.configuration.lists[slug].title in row.wording.split("\n")[-1] for row in (below, mailed))
    for row, seen in ((below, farewell), (mailed, page)):
        assert (row.event, row.source, row.wording_version) == ("returned", "undo of leaving", "2")
        assert [line for line in row.wording.split("\n") if line not in unescape(seen)] == []
        assert row.wording.split("\n")[-1] in seen.partition("<button")[2]


def test_100_parallel_leaves_of_one_person_are_one_ending_and_one_mail(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    ref = project.subscribe(address, "maand")
    path = link(project, Purpose.UNSUBSCRIBE, ref)
    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda _: client.post(path, data={"page": "1"}).status_code, range(100)))
    assert set(statuses) == {200}
    assert [entry.kind for entry in project.ledger.read() if entry.ref == ref] == [Kind.ENDED]
    assert [kind for kind, _, _ in notices(project, address)] == ["left"]


def test_a_list_that_does_not_ask_mails_nobody_who_leaves(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    client.post(link(project, Purpose.UNSUBSCRIBE, project.subscribe(address)))
    assert notices(project, address) == []


# ---------------------------------------------------------------- preferences


def test_the_page_shows_nothing_that_is_stored(project: WebProject, client: httpx.Client, address: str) -> None:
    ref = project.subscribe(address, "maand")
    project.subscribe(address, "bulletin")
    page = client.get(link(project, Purpose.MANAGE, ref)).text
    assert "Uw voorkeuren voor Maandbericht" in page
    assert address.partition("@")[0] not in page
    assert "Sample Bulletin" not in page


def test_less_often_is_offered_where_the_list_does_and_kept_in_days(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    ref = project.subscribe(address, "maand")
    path = link(project, Purpose.MANAGE, ref)
    assert "hooguit één editie per 30 dagen" in client.get(path).text
    assert "opgeslagen" in client.post(path, data={"action": "pace", "pace": "fewer"}).text
    assert row_of(project, ref).every_days == 30
    assert 'value="fewer" checked' in client.get(path).text
    client.post(path, data={"action": "pace", "pace": "every"})
    assert row_of(project, ref).every_days is None
    other = project.subscribe(address)
    assert 'name="pace"' not in client.get(link(project, Purpose.MANAGE, other)).text
    refused = client.post(link(project, Purpose.MANAGE, other), data={"action": "pace", "pace": "fewer"})
    assert refused.status_code == 422
    assert "Hoe vaak: Deze nieuwsbrief kan niet minder vaak" in refused.text
    assert row_of(project, other).every_days is None


def test_leaving_one_list_leaves_the_others(project: WebProject, client: httpx.Client, address: str) -> None:
    one, two = project.subscribe(address, "maand"), project.subscribe(address)
    answer = client.post(link(project, Purpose.MANAGE, one), data={"action": "leave"})
    assert "U bent afgemeld voor Maandbericht" in answer.text
    assert (project.state(one), project.state(two)) == ("ended", "active")


def test_leaving_all_lists_is_taken_back_as_one_act(project: WebProject, client: httpx.Client, address: str) -> None:
    refs = [project.subscribe(address, slug) for slug in ("maand", "nieuwsbrief", "bulletin")]
    answer = client.post(link(project, Purpose.MANAGE, refs[1]), data={"action": "leave-all"})
    assert {project.state(ref) for ref in refs} == {"ended"}
    assert "U bent afgemeld voor al onze nieuwsbrieven" in answer.text
    back = press_undo(client, answer.text)
    assert {project.state(ref) for ref in refs} == {"active"}
    assert "Uw afmelding is ongedaan gemaakt" in back.text
    assert "ontvangt u weer wat u met deze afmelding had beëindigd" in back.text
    assert "zoals het was" not in back.text, "a list that is shown nowhere stays ended"
    for ref, title in zip(refs, ("Maandbericht", "Nieuwsbrief Voorbeeld", "Sample Bulletin"), strict=True):
        assert title in last_consent(project, ref).wording
        assert title in answer.text


def test_b3_the_mailed_undo_of_all_lists_names_what_returns_and_keeps_that_as_evidence(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    refs = [project.subscribe(address, slug) for slug in ("maand", "nieuwsbrief")]
    farewell = client.post(link(project, Purpose.MANAGE, refs[0]), data={"action": "leave-all"}).text
    press = client.get(undo_of(farewell)).text
    assert "Maandbericht" in press
    assert "Nieuwsbrief Voorbeeld" not in press, "who holds a forwarded mail learns nothing about its owner"
    path = link(project, Purpose.UNDO, refs[0])
    page = client.get(path).text
    assert "Wilt u Maandbericht en Nieuwsbrief Voorbeeld toch blijven ontvangen?" in page
    half = client.post(path, data={"lists": "maand"})
    assert (half.text, {project.state(ref) for ref in refs}) == (page, {"ended"})
    back = press_undo(client, page, path).text
    assert "U ontvangt Maandbericht en Nieuwsbrief Voorbeeld weer" in back
    assert "U staat weer op de lijst: Maandbericht en Nieuwsbrief Voorbeeld." in back
    for ref in refs:
        assert "Maandbericht en Nieuwsbrief Voorbeeld" in last_consent(project, ref).wording


def test_the_answer_to_all_lists_is_in_the_language_of_the_list_and_true_of_who_had_left_that_one(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    left, other = project.subscribe(address, "bulletin"), project.subscribe(address)
    english = client.post(link(project, Purpose.MANAGE, left), data={"action": "leave"}).text
    assert "You have unsubscribed from Sample Bulletin" in english
    answer = client.post(link(project, Purpose.MANAGE, left), data={"action": "leave-all"})
    assert "U bent afgemeld voor al onze nieuwsbrieven" in answer.text
    assert project.state(other) == "ended"
    press_undo(client, answer.text)
    assert (project.state(left), project.state(other)) == ("ended", "active"), "what this press ended, and no more"
    everything = client.post(link(project, Purpose.MANAGE, project.subscribe(f"b{address}", "bulletin")),
                             data={"action": "leave-all"})  # fmt: skip
    assert "You have unsubscribed from all our newsletters" in everything.text


def test_the_preference_link_after_leaving_mails_the_way_back_to_the_owner_and_to_nobody_else(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    """The link stands in every mail, and mails are forwarded: its bearer may ask, the owner takes it back."""
    ref = project.subscribe(address)
    path = link(project, Purpose.MANAGE, ref)
    client.post(link(project, Purpose.UNSUBSCRIBE, ref))
    page = client.get(path).text
    assert page.count("<button") == 1
    assert "/u/undo/" not in page
    answers = [client.post(path, data={"action": "undo"}) for _ in range(2)]
    assert "Kijk in uw mail" in answers[0].text
    assert answers[0].content == answers[1].content
    assert [(kind, to) for kind, _, to in notices(project, address)] == [("undo", None)]
    assert project.state(ref) == "ended"


def test_what_cannot_be_taken_back_gets_the_same_answer_and_no_mail(project: WebProject, client: httpx.Client) -> None:
    ended, bounced = (f"{secrets.token_hex(8)}@example.org" for _ in range(2))
    refs = [project.subscribe(ended), project.subscribe(bounced), secrets.token_bytes(16)]
    client.post(link(project, Purpose.UNSUBSCRIBE, refs[0]))
    with writing(project.engine) as connection:
        changed = {"state": "ended", "ended_reason": "hard-bounce", "ended_at": utc_now(), "erase_at": NOW}
        connection.execute(update(subscription).where(subscription.c.ref == refs[1]).values(**changed))
    answers = {client.post(link(project, Purpose.MANAGE, ref), data={"action": "undo"}).content for ref in refs}
    assert len(answers) == 1
    assert (len(notices(project, ended)), notices(project, bounced)) == (1, [])


def test_the_page_of_ended_erased_and_unknown_is_the_same(project: WebProject, client: httpx.Client) -> None:
    ended, erased = (project.subscribe(f"{secrets.token_hex(8)}@example.org", "maand") for _ in range(2))
    client.post(link(project, Purpose.UNSUBSCRIBE, ended))
    policies, record = project.configuration.policies, project.ledger.append
    erase_subscriber(project.engine, row_of(project, erased).subscriber_id, policies=policies, now=NOW, record=record)
    gone = [link(project, Purpose.MANAGE, ref) for ref in (ended, erased, secrets.token_bytes(16))]
    assert len({client.get(path).text for path in gone}) == 1
    for action in ("pace", "address", "name", "data", ""):
        data = {"action": action, "address": "x@example.org"}
        assert len({client.post(path, data=data).text for path in gone}) == 1


def test_a_name_is_corrected_and_shown_to_nobody(project: WebProject, client: httpx.Client, address: str) -> None:
    path = link(project, Purpose.MANAGE, project.subscribe(address))
    answer = client.post(path, data={"action": "name", "name": "Zoë de Vries", "organisation": ""})
    assert "verbeterd" in answer.text
    assert "Zoë" not in answer.text
    assert known(project, address).name == "Zoë de Vries"
    client.post(path, data={"action": "name", "organisation": "Gemeente"})
    assert (known(project, address).name, known(project, address).organisation) == ("Zoë de Vries", "Gemeente")


def test_a_name_is_not_replaced_without_end_by_who_holds_a_forwarded_mail(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    path = link(project, Purpose.MANAGE, project.subscribe(address))
    answers = [client.post(path, data={"action": "name", "name": f"Jan {number}"}) for number in range(PER_KEY + 1)]
    assert [answer.status_code for answer in answers] == [200] * PER_KEY + [429]
    assert known(project, address).name == f"Jan {PER_KEY - 1}"
    assert client.post(path, data={"action": "data"}).status_code == 200, "the owner can still ask for their data"


def invalid(page: str) -> list[str]:
    return re.findall(r'<input[^>]*aria-invalid="true"[^>]*>', page)


@pytest.mark.parametrize("bad", ["Jan\r\nBcc: a@example.org", "=cmd|x!A1", "x" * 201, "Jan\u202e"])
def test_a4_a_name_that_is_not_one_harmless_line_is_refused_at_its_field(
    project: WebProject, client: httpx.Client, address: str, bad: str
) -> None:
    path = link(project, Purpose.MANAGE, project.subscribe(address))
    answer = client.post(path, data={"action": "name", "name": bad})
    assert answer.status_code == 422
    assert 'role="alert" tabindex="-1"' in answer.text
    assert len(invalid(answer.text)) == 1
    assert known(project, address).name == ""


@pytest.mark.parametrize(
    ("field", "bad", "said"),
    [
        ("name", "=cmd|x!A1", "Uw naam: Schrijf dit op één regel"),
        ("name", "x" * 201, "Uw naam: Gebruik hooguit 200 tekens."),
        ("organisation", "www.elders.example", "Uw organisatie: Laat het webadres weg."),
        ("address", "niet goed", "Nieuw mailadres: Vul een volledig mailadres in"),
        ("address", "", "Nieuw mailadres: Vul het nieuwe mailadres in."),
    ],
)
def test_wcag_331_a_mistake_is_said_with_its_field_its_reason_and_a_way_to_it(
    project: WebProject, client: httpx.Client, address: str, field: str, bad: str, said: str
) -> None:
    action = "address" if field == "address" else "name"
    path = link(project, Purpose.MANAGE, project.subscribe(address))
    page = client.post(path, data={"action": action, "name": "Jan", field: bad}).text
    assert f'<a href="#{field}">{said}' in unescape(page)
    (wrong,) = invalid(page)
    assert f'id="{field}"' in wrong
    assert f'{field}-wrong"' in wrong.partition('aria-describedby="')[2]
    assert f'id="{field}-wrong">{said.partition(": ")[2]}' in unescape(page)


# ---------------------------------------------------------------- change of address


def ask(client: httpx.Client, project: WebProject, ref: bytes, new: str) -> httpx.Response:
    return client.post(link(project, Purpose.MANAGE, ref), data={"action": "address", "address": new})


def ends(project: WebProject, address: str) -> dict[str, str]:
    return {kind: link(project, Purpose.ADDRESS, ref) for kind, ref, _ in notices(project, address)}


def test_b15_a_known_and_an_unknown_new_address_get_the_same_answer(project: WebProject, client: httpx.Client) -> None:
    taken = f"{secrets.token_hex(8)}@example.org"
    project.subscribe(taken)
    refs = [project.subscribe(f"{secrets.token_hex(8)}@example.org") for _ in range(2)]
    free = f"{secrets.token_hex(8)}@example.org"
    answers = [ask(client, project, refs[0], taken), ask(client, project, refs[1], free)]
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1


def test_both_ends_agree_and_the_links_of_old_mails_go_on_working(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    ref, new = project.subscribe(address), f"{secrets.token_hex(8)}@example.org"
    ask(client, project, ref, new)
    both = ends(project, address)
    page = client.get(both["address-old"]).text
    assert new in page
    assert new not in client.get(both["address-new"]).text
    assert address not in client.get(both["address-new"]).text
    assert "Nog één stap" in client.post(both["address-new"], data={"action": "agree"}).text
    assert known(project, address) is not None
    assert "Uw adres is gewijzigd" in client.post(both["address-old"], data={"action": "agree"}).text
    assert known(project, address) is None
    assert known(project, new).on("nieuwsbrief").ref == ref
    client.post(link(project, Purpose.UNSUBSCRIBE, ref))
    assert project.state(ref) == "ended"


def test_the_owner_of_the_old_mailbox_can_refuse(project: WebProject, client: httpx.Client, address: str) -> None:
    ref = project.subscribe(address)
    ask(client, project, ref, f"{secrets.token_hex(8)}@example.org")
    both = ends(project, address)
    assert "gaat niet door" in client.post(both["address-old"], data={"action": "refuse"}).text
    assert "niet meer geldig" in client.post(both["address-new"], data={"action": "agree"}).text
    assert known(project, address) is not None


def test_a_wrong_address_is_said_at_its_field_with_what_was_typed(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    answer = ask(client, project, project.subscribe(address), 'niet "goed"')
    assert answer.status_code == 422
    assert "Vul een volledig mailadres in" in answer.text
    assert 'value="niet &#34;goed&#34;"' in answer.text
    assert notices(project, address) == []


def test_a_link_to_ones_own_data_goes_to_ones_own_mailbox_once(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    path = link(project, Purpose.MANAGE, project.subscribe(address))
    answers = {client.post(path, data={"action": "data"}).text for _ in range(3)}
    assert len(answers) == 1
    assert [(kind, to) for kind, _, to in notices(project, address)] == [("my-data", None)]


# ---------------------------------------------------------------- tokens and scanners


def forgeries(project: WebProject, purpose: Purpose, ref: bytes) -> list[str]:
    """Every character changed, every other purpose, another key, and plain nonsense."""
    path = link(project, purpose, ref)
    prefix, token = path[:-48], path[-48:]
    flipped = [token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :] for place in range(48)]
    others = [project.keyring.sign(other, ref) for other in Purpose if other is not purpose]
    strangers = [Keyring({1: secrets.token_bytes(32)}, 1).sign(purpose, ref)]
    return [prefix + text for text in [*flipped, *others, *strangers, token[:-1], token + "A", "x", "a" * 2000]]


@pytest.mark.parametrize("purpose", PAGES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a13_every_forged_token_gets_one_answer_and_changes_nothing(
    project: WebProject, client: httpx.Client, purpose: Purpose, method: str
) -> None:
    ref = project.subscribe(f"{secrets.token_hex(8)}@example.org", "maand")
    before = project.everything()
    answers = {
        (answer.status_code, answer.content)
        for path in forgeries(project, purpose, ref)
        for answer in [client.request(method, path, content=b"action=leave&pace=fewer" if method == "POST" else None)]
    }
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    assert project.everything() == before


def test_a13_a_token_of_one_list_does_nothing_to_another(
    project: WebProject, client: httpx.Client, address: str
) -> None:
    one, two = project.subscribe(address, "maand"), project.subscribe(address)
    client.post(link(project, Purpose.MANAGE, one), data={"action": "leave", "list": "nieuwsbrief"})
    assert project.state(two) == "active"


def test_i1_a12_1000_looks_change_nothing(project: WebProject, client: httpx.Client, address: str) -> None:
    ref = project.subscribe(address, "maand")
    ask(client, project, ref, f"{secrets.token_hex(8)}@example.org")
    client.post(link(project, Purpose.MANAGE, ref), data={"action": "data"})
    mails = {kind: mail for kind, mail, _ in notices(project, address)}
    paths = [link(project, purpose, ref) for purpose in (Purpose.UNSUBSCRIBE, Purpose.UNDO, Purpose.MANAGE)]
    paths += [link(project, Purpose.ADDRESS, mails[kind]) for kind in ("address-old", "address-new")]
    paths += [link(project, Purpose.MY_DATA, mails["my-data"]), "/mijn/", "/mijn/gegevens", "/mijn/wissen"]
    before = project.everything()
    with ThreadPoolExecutor(8) as pool:
        looks = [(method, path) for path in paths for method in ("GET", "HEAD", "OPTIONS") for _ in range(37)]
        statuses = set(pool.map(lambda look: client.request(*look).status_code, looks))
    assert len(looks) + 1 >= 1000
    assert statuses <= {200, 204, 403}
    for method in ("PUT", "DELETE", "PATCH"):
        assert {client.request(method, path).status_code for path in paths} == {405}
    assert project.everything() == before


def test_no_answer_sets_a_cookie_or_is_kept(project: WebProject, client: httpx.Client, address: str) -> None:
    ref = project.subscribe(address, "maand")
    for purpose in (Purpose.UNDO, Purpose.MANAGE):
        answer = client.get(link(project, purpose, ref))
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"


def test_a_store_that_refuses_is_answered_503(tmp_path: Path) -> None:
    project = make_project(tmp_path, extra=EXTRA)
    ref = project.subscribe("jan@example.org", "maand")

    def record(_entries: object) -> None:
        from subscribers.errors import ServiceError

        raise ServiceError("no space left")

    with running_site(project, record) as client:
        answer = client.post(link(project, Purpose.MANAGE, ref), data={"action": "leave-all"})
        assert answer.status_code == 503
    assert project.state(ref) == "active"
    project.engine.dispose()
