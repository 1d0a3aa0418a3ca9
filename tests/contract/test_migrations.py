"""Migrations on both databases: they make exactly the schema that the program declares, and guard its version."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Engine, inspect, text

from newsletter.config import Configuration
from newsletter.store import migrate
from newsletter.store.migrate import current, known, metadata, needed, open_store, require_current, upgrade
from subscribers.errors import ConfigurationError, InputError
from subscribers.schema import declared
from subscribers.transactions import reading, writing
from tests.support.people import joined, leave


def set_version(engine: Engine, version: str) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})


def project(folder: Path) -> Configuration:
    return Configuration.model_validate({"site": {"base_url": "http://127.0.0.1:8080"}, "folder": folder})


def differs(_context, _inspected, column, in_database, _meta, declared_here) -> bool | None:
    """Compare defaults as text: PostgreSQL has no equality of JSON, and SQLite's empty text confuses the comparison."""
    return _bare(in_database) != _bare(declared_here)


def _bare(default: str | None) -> str | None:
    return None if default is None else default.partition("::")[0].strip("()'")


def test_migrations_make_exactly_the_declared_schema(engine: Engine) -> None:
    with reading(engine) as connection:
        options = {"compare_type": True, "compare_server_default": differs}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_migrations_make_every_declared_check(engine: Engine) -> None:
    found = inspect(engine)
    for table in metadata.sorted_tables:
        declared_checks = {str(item.name) for item in table.constraints if isinstance(item, CheckConstraint)}
        assert {item["name"] for item in found.get_check_constraints(table.name)} == declared_checks


def test_an_empty_database_is_refused_until_it_is_upgraded(empty: Engine) -> None:
    assert current(empty) is None
    with pytest.raises(ConfigurationError, match="newsletter database upgrade"):
        require_current(empty)
    assert upgrade(empty) == (None, needed())
    require_current(empty)


def test_upgrading_again_changes_nothing(engine: Engine) -> None:
    joined(engine)
    assert upgrade(engine) == (needed(), needed())


def test_a_database_newer_than_the_program_is_refused_and_left_alone(engine: Engine) -> None:
    set_version(engine, "9999")
    for call in (require_current, upgrade):
        with pytest.raises(InputError, match="newer version of this program") as caught:
            call(engine)
        assert caught.value.exit_status == 2
    assert current(engine) == "9999"


def test_a_database_older_than_the_program_names_the_remedy(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = needed()
    monkeypatch.setattr(migrate, "known", lambda: (before, "9998"))
    with pytest.raises(ConfigurationError, match=f"older schema {before}") as caught:
        require_current(engine)
    assert "newsletter database upgrade" in caught.value.remedy


def test_jobs_of_the_first_schema_are_still_there_after_the_upgrade_and_not_withdrawn(
    empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "_run", lambda connection: migrate._migrate(connection, "0001"))
    monkeypatch.setattr(migrate, "require_current", lambda _engine: None)
    upgrade(empty)
    monkeypatch.undo()
    assert current(empty) == "0001"
    with writing(empty) as connection:
        values = "'d', 'nieuwsbrief', 'zomer'"
        columns = "digest, list, slug, content, identity, created_at"
        connection.execute(text(f"INSERT INTO compiled_issue ({columns}) VALUES ({values}, 'x', 'x', '2027-06-14')"))
        columns = "digest, list, slug, ref, state, audience, created_at, actor"
        row = f"{values}, '0123456789abcdef', 'finished', 3, '2027-06-14', 'operator'"
        connection.execute(text(f"INSERT INTO send_job ({columns}) VALUES ({row})"))
    assert upgrade(empty) == ("0001", needed())
    with reading(empty) as connection:
        assert list(connection.execute(text("SELECT slug, audience, withdrawn_at FROM send_job"))) == [
            ("zomer", 3, None)
        ]


def test_a_database_that_lost_its_version_is_said_to_be_damaged_and_left_alone(engine: Engine) -> None:
    joined(engine)
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    for call in (require_current, upgrade):
        with pytest.raises(ConfigurationError, match="not the version of their schema") as caught:
            call(engine)
        assert "backup" in caught.value.remedy
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM subscriber")) == 1


def test_no_password_appears_in_the_refusal(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    set_version(engine, "9999")
    monkeypatch.setattr(engine, "url", engine.url.set(username="u", password="very-secret"))
    with pytest.raises(ConfigurationError) as caught:
        require_current(engine)
    assert "very-secret" not in str(caught.value)


def test_the_revisions_known_by_file_name_are_those_of_alembic() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.FOLDER))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [needed()]
    assert tuple(reversed([item.revision for item in script.walk_revisions()])) == known()


def test_a_fresh_sqlite_store_is_made_ready_on_first_use(tmp_path: Path) -> None:
    engine = open_store(project(tmp_path))
    assert current(engine) == needed()
    engine.dispose()
    assert (tmp_path / "data" / "newsletter.sqlite3").stat().st_mode & 0o077 == 0


def test_a_store_of_a_newer_program_is_not_opened(tmp_path: Path) -> None:
    engine = open_store(project(tmp_path))
    set_version(engine, "9999")
    engine.dispose()
    with pytest.raises(ConfigurationError, match="newer"):
        open_store(project(tmp_path))


@pytest.mark.system("postgresql")
def test_postgresql_keeps_no_samples_of_personal_text_rule_i5(postgres) -> None:
    with postgres.shared_store() as engine:
        for number in range(50):
            leave(engine, joined(engine, f"kanarie{number}@example.org", name="Kanarie", wording="Ja", source="Bron"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
        with reading(engine) as connection:
            sampled = {tuple(row) for row in connection.execute(text("SELECT tablename, attname FROM pg_stats"))}
    texts = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if declared(column).personal and column.name in {"address", "address_key", "name", "organisation", "attributes"}
    }
    assert ("subscription", "list") in sampled
    assert not texts & sampled
