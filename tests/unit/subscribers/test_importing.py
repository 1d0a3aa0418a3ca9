"""Which columns are understood, which rows are refused, and why."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subscribers.cell_text import RowRefusedError, RowSkippedError
from subscribers.errors import InputError
from subscribers.import_report import ImportReport, NotTaken, SeenKeys, Why
from subscribers.import_states import Standing, standing_of
from subscribers.importing import Entry, map_columns, read_mapping
from subscribers.value_types import ValueType

HEADER = ["email", "naam", "organisatie", "gemeente"]
COLUMNS = map_columns(HEADER, ["gemeente"])


def read(*cells: str) -> Entry | None:
    return COLUMNS.read(2, cells)


def refusal(*cells: str) -> str:
    with pytest.raises(RowRefusedError) as caught:
        read(*cells)
    assert caught.value.remedy
    return caught.value.reason


# ---------------------------------------------------------------- columns


@pytest.mark.parametrize(
    "heading", ["email", "E-mail", "E-MAILADRES", " e-mail adres ", "Mail", "Email Address", "e\u2011mail", "émail"]
)
def test_the_address_column_is_found_whatever_its_case_and_accents(heading: str) -> None:
    assert map_columns(["naam", heading]).address == 1


@pytest.mark.parametrize("heading", ["Organisatie", "organization", "Organisation", "Bedrijf"])
def test_the_organisation_column_has_dutch_and_english_names(heading: str) -> None:
    assert map_columns(["email", heading]).organisation == 1


@pytest.mark.parametrize("header", [["Voornaam", "Tussenvoegsel", "Achternaam"], ["First name", "Infix", "Last Name"]])
def test_the_parts_of_a_name_are_joined(header: list[str]) -> None:
    columns = map_columns([header[2], "email", header[0], header[1]])
    entry = columns.read(2, ["Berg", "jan@example.org", "Jan", "van den"])
    assert entry
    assert entry.name == "Jan van den Berg"


def test_a_column_with_the_whole_name_comes_before_its_parts() -> None:
    columns = map_columns(["email", "Naam", "Voornaam"])
    assert columns.name == (1,)
    assert columns.ignored == ("Voornaam",)


def test_a_column_that_is_not_configured_is_reported_and_not_stored() -> None:
    columns = map_columns(["email", "Telefoon", "Gemeente", ""], ["gemeente"])
    assert columns.ignored == ("Telefoon",)
    entry = columns.read(2, ["jan@example.org", "0612345678", "Voorbeeldstad", "x"])
    assert entry
    assert "06123" not in str(entry)
    assert json.loads(entry.attributes) == {"gemeente": "Voorbeeldstad"}


def test_a_configured_attribute_is_not_taken_for_something_else() -> None:
    columns = map_columns(["email", "Bedrijf"], ["bedrijf"])
    assert columns.organisation == -1
    assert columns.attributes == (("bedrijf", 1),)


def test_two_columns_of_the_same_meaning_are_an_error_that_names_both() -> None:
    with pytest.raises(InputError, match="'email' and 'E-mailadres'"):
        map_columns(["email", "naam", "E-mailadres"])


def test_a_file_without_addresses_is_an_error_that_names_what_was_found() -> None:
    with pytest.raises(InputError, match="'naam', 'plaats'"):
        map_columns(["naam", "plaats"])


def test_a_file_without_a_header_is_recognised_and_not_repeated() -> None:
    with pytest.raises(InputError, match="not a header") as caught:
        map_columns(["jan@example.org", "Jan"])
    assert "jan@" not in str(caught.value)


# ---------------------------------------------------------------- rows


def test_a_row_becomes_an_entry() -> None:
    entry = read(" Jan@Example.ORG ", " Jan\u00a0de Vries ", "Organisatie Voorbeeld", "")
    assert entry == Entry(2, "jan@example.org", "Jan@example.org", "Jan de Vries", "Organisatie Voorbeeld", "{}")


@pytest.mark.parametrize("cells", [("", "", "", ""), (" ", "\t", "", ""), ("",), ("", "", "", "", "", "")])
def test_a_row_of_empty_cells_is_nothing(cells: tuple[str, ...]) -> None:
    assert read(*cells) is None


def test_empty_cells_beyond_the_header_do_no_harm() -> None:
    assert read("jan@example.org", "Jan", "", "", "", "")


@pytest.mark.parametrize("cells", [("jan@example.org",), ("jan@example.org", "Jan", "", "", "x")])
def test_too_few_and_too_many_cells_are_refused(cells: tuple[str, ...]) -> None:
    assert refusal(*cells).removesuffix(" and the header 4") in {"the row has 1 cell", "the row has 5 cells"}


@pytest.mark.parametrize(
    "address",
    [
        "",
        "jan",
        "jan@",
        "@example.org",
        "jan@example",
        "jan@@example.org",
        "jan @example.org",
        "jan@example.org, x@y.nl",
        "Jan <jan@example.org>",
        "jan@example.org\r\nBcc: x@example.org",
        "jan\x00@example.org",
        "j\ufffdn@example.org",
        f"{'a' * 65}@example.org",
        f"jan@{'a' * 64}.example",
        f"jan@{'a.' * 130}example",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    assert "address" in refusal(address, "Jan", "", "")


def test_a_local_part_of_64_octets_is_the_longest() -> None:
    assert read(f"{'a' * 64}@example.org", "", "", "")
    assert refusal(f"{'a' * 65}@example.org", "", "", "")


def test_an_international_domain_becomes_an_a_label() -> None:
    entry = read("jan@gemeente-één.example", "", "", "")
    assert entry
    assert entry.address == "jan@xn--gemeente-n-j7aa.example"


def test_a_local_part_outside_ascii_is_kept() -> None:
    entry = read("zoë@example.org", "", "", "")
    assert entry
    assert entry.address == "zoë@example.org"


@pytest.mark.parametrize("place", [1, 2, 3])
@pytest.mark.parametrize("bad", ["\n", "\r", "\r\nBcc: x", "\u2028", "\u0085", "\x00", "\x1b[31m", "\u202e", "\ufffd"])
def test_what_breaks_or_hides_a_line_is_refused_in_every_text(place: int, bad: str) -> None:
    cells = ["jan@example.org", "", "", ""]
    cells[place] = f"Jan{bad}Vries"
    assert "holds a" in refusal(*cells)


@pytest.mark.parametrize("text", ["=1+1", "=cmd|' /C calc'!A0", "+cmd|x", "-2+3+cmd|x", "@SUM(1+1)", "\t=1+1", "'=1+1"])
def test_a_formula_is_refused(text: str) -> None:
    assert refusal("jan@example.org", text, "", "") == "the name is a formula"


@pytest.mark.parametrize("text", ["+31 groep", "-", "- (onbekend)", "@home", "'t Hart", "Jan (IT)", "1+1", "a=b"])
def test_harmless_text_is_kept_literally(text: str) -> None:
    entry = read("jan@example.org", text, "", "")
    assert entry
    assert entry.name == text


def test_names_are_limited_in_length() -> None:
    assert read("jan@example.org", "x" * 200, "", "")
    assert refusal("jan@example.org", "x" * 201, "", "") == "the name is longer than 200 characters"
    assert refusal("jan@example.org", "", "", "x" * 501) == "the gemeente is longer than 500 characters"


def test_the_parts_of_a_name_together_are_limited_in_length() -> None:
    columns = map_columns(["email", "voornaam", "achternaam"])
    with pytest.raises(RowRefusedError):
        columns.read(2, ["jan@example.org", "x" * 150, "y" * 150])


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        ("ended", Standing.UNSUBSCRIBED),
        ("Unsubscribed", Standing.UNSUBSCRIBED),
        ("afgemeld", Standing.UNSUBSCRIBED),
        ("disabled", Standing.BY_OPERATOR),
        ("cleaned", Standing.HARD_BOUNCE),
        ("complained", Standing.COMPLAINT),
        ("suppressed", Standing.BLOCKED),
        ("blocklisted", Standing.BLOCKED),
        ("Niet bevestigd", Standing.PENDING),
    ],
)
def test_a_state_says_how_somebody_stood_where_the_file_comes_from(state: str, standing: Standing) -> None:
    entry = map_columns(["email", "status", "naam"]).read(2, ["jan@example.org", state, "Jan"])
    assert entry
    assert entry.standing is standing
    assert entry.name == ("Jan" if standing is Standing.PENDING else ""), "who left is an address and nothing more"


def test_who_never_asked_for_mail_is_skipped() -> None:
    with pytest.raises(RowSkippedError):
        map_columns(["email", "status"]).read(2, ["jan@example.org", "Non-subscribed"])


@pytest.mark.parametrize("state", ["vip", "klant", "opgezgd", "12"])
def test_a_state_that_is_not_understood_puts_nobody_on_the_list(state: str) -> None:
    with pytest.raises(RowRefusedError, match="not understood"):
        map_columns(["email", "status"]).read(2, ["jan@example.org", state])


@pytest.mark.parametrize("state", ["", "active", "Subscribed", "lid"])
def test_who_was_on_the_list_is_no_obstacle(state: str) -> None:
    assert map_columns(["email", "status"]).read(2, ["jan@example.org", state])


@given(st.lists(st.text(), max_size=6))
@settings(max_examples=300)
def test_any_cells_give_an_entry_of_single_lines_or_a_refusal_of_one_line(cells: list[str]) -> None:
    try:
        entry = read(*cells)
    except RowRefusedError as error:
        texts = (error.reason, error.remedy)
    else:
        texts = tuple(map(str, entry or ()))
    assert not [text for text in texts if {"\r", "\n", "\0"} & set(text)]


@given(st.text('"\\\\{}:, abcé€', max_size=20))
def test_attributes_are_json_whatever_they_hold(text: str) -> None:
    entry = read("jan@example.org", "", "", text)
    assert entry
    assert json.loads(entry.attributes).get("gemeente", "") == text.strip()


# ---------------------------------------------------------------- report


def test_the_report_counts_by_reason_and_hands_on_every_row() -> None:
    noted: list[NotTaken] = []
    report = ImportReport(note=noted.append)
    for line in range(100):
        report.not_taken(line, Why.REFUSED, "broken", "mend it")
    report.not_taken(100, Why.SKIPPED, "left", "none")
    report.not_taken(101, Why.DUPLICATE, "twice", "none")
    assert (report.refused, report.skipped, report.duplicates) == (100, {"left": 1}, 1)
    assert len(noted) == 102
    assert len(report.shown) == 20


def test_seen_keys_knows_each_key_once_also_after_it_grew() -> None:
    seen = SeenKeys()
    keys = [f"persoon{number}@example.org" for number in range(100_000)]
    assert not any(seen.add(key) for key in keys)
    assert all(seen.add(key) for key in keys)


@pytest.mark.parametrize("mark", ["\u061c", "\u200e", "\u200f", "\u202e", "\udcff"])
def test_a_name_with_a_mark_that_hides_or_reorders_is_refused(mark: str) -> None:
    assert "control character" in refusal("jan@example.org", f"Jan{mark}Vries", "", "")


# ---------------------------------------------------------------- what an operator says of columns


def test_a_mapping_says_what_columns_are_whatever_they_are_called() -> None:
    header = ["Contact", "E-mail", "Wie", "Sinds wanneer"]
    texts = ["Contact=email", "E-mail=skip", "Wie=name", "Sinds wanneer=consented-at"]
    columns = map_columns(header, mapping=read_mapping(texts, header, ()))
    assert (columns.address, columns.name, columns.signed_up) == (0, (2,), 3)
    assert columns.ignored == ("E-mail",)


@pytest.mark.parametrize(
    ("text", "what", "remedy"),
    [
        ("Contact", "does not say", "--map"),
        ("Contact=emial", "no column can be 'emial'", "did you mean 'email'"),
        ("Contakt=email", "there is no column 'Contakt'", "did you mean 'Contact'"),
    ],
)
def test_a_mapping_that_is_wrong_names_the_nearest(text: str, what: str, remedy: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        read_mapping([text], ["Contact", "Naam"], ("gemeente",))
    assert remedy in caught.value.remedy


@pytest.mark.parametrize("heading", ["IP-adres", "OPTIN_IP", "Latitude", "longitude", "MEMBER_RATING"])
def test_where_somebody_was_is_never_stored_even_if_it_is_configured(heading: str) -> None:
    columns = map_columns(["email", heading], [heading.casefold().replace("_", "-")])
    assert columns.ignored == (heading,)
    assert columns.never == {heading}
    assert columns.attributes == ()


def test_what_was_skipped_by_hand_is_told_apart_from_what_could_be_kept() -> None:
    header = ["email", "Notitie", "Telefoon"]
    columns = map_columns(header, mapping=read_mapping(["Notitie=skip"], header, ()))
    assert (columns.ignored, columns.left_out, columns.never) == (("Notitie", "Telefoon"), {"Notitie"}, frozenset())


def test_a_mail_that_bounced_elsewhere_does_not_say_that_the_mailbox_is_gone() -> None:
    assert standing_of("bounced") is Standing.SOFT_BOUNCE
    assert standing_of("cleaned") is Standing.HARD_BOUNCE


# ---------------------------------------------------------------- typed attributes

TYPED = {"leden": ValueType.NUMBER, "sinds": ValueType.DATE}


def test_a_typed_attribute_is_stored_in_one_form() -> None:
    entry = map_columns(["email", "Leden", "Sinds"], TYPED).read(2, ["a@example.org", "007,50", "1-2-2027"])
    assert entry
    assert json.loads(entry.attributes) == {"leden": "7.5", "sinds": "2027-02-01"}


@pytest.mark.parametrize(("leden", "sinds", "what"), [("veel", "", "leden is not a number"), ("", "gisteren", "date")])
def test_a_value_of_another_type_refuses_the_row(leden: str, sinds: str, what: str) -> None:
    with pytest.raises(RowRefusedError, match=what):
        map_columns(["email", "Leden", "Sinds"], TYPED).read(2, ["a@example.org", leden, sinds])
