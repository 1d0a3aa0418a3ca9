"""Dependencies run downward only, and pure modules import nothing that does I/O (docs/architecture.md, "The house")."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LAYERS = [
    "sandbox",
    "shipped",
    "config",
    "privacy",
    "issue",
    "compose",
    "preflight",
    "message",
    "store",
    "feedback",
    "delivery",
    "doctor",
    "web",
    "cli",
]
"""From the ground up; a module imports its own layer and those before it."""

RULES_OF_DELIVERY = {
    f"newsletter.delivery.{name}"
    for name in ("job", "outcome", "retry", "reply", "throttle", "pacing", "lines", "receivers", "pushback", "windows")
}
"""Pure tables and decisions, which the store's queries of jobs follow: they lie below the store (decision 0006)."""

IO_LIBRARIES = {
    "aiosmtpd",
    "aiosmtplib",
    "asyncio",
    "http",
    "httpx",
    "requests",
    "smtplib",
    "socket",
    "sqlalchemy",
    "sqlite3",
    "ssl",
    "subprocess",
    "threading",
    "urllib.request",
    "uvicorn",
}

PURE_PACKAGES = ["newsletter/issue", "newsletter/compose", "newsletter/preflight", "newsletter/message"]
PURE_MODULES = [
    *(f"{name.replace('.', '/')}.py" for name in sorted(RULES_OF_DELIVERY)),
    *(
        f"newsletter/delivery/{name}.py"
        for name in (
            "placing",
            "forecast",
            "shares",
            "line_notes",
            "portions",
            "slowest",
            "time_left",
            "lately",
            "slot_terms",
        )
    ),
    *(
        f"newsletter/delivery/maillog{name}.py"
        for name in ("", "_coverage", "_lines", "_reading", "_sessions", "_times", "_witnesses")
    ),
    *(
        f"subscribers/{name}.py"
        for name in ("address", "clock", "consent", "errors", "importing", "exporting", "retention", "subscription")
    ),
    "subscribers/notice.py",
    *(f"subscribers/{name}.py" for name in ("segment", "segments", "segment_tree", "segment_tokens", "segment_values")),
    *(f"subscribers/import_{name}.py" for name in ("formats", "grounds", "moments", "report", "rows", "states", "zip")),
    *(f"subscribers/{name}.py" for name in ("headings", "hints", "jsonl_reading", "value_types")),
    "subscribers/suppression.py",
    "subscribers/tokens.py",
    *(
        f"newsletter/feedback/{name}.py"
        for name in (
            *("addresses", "answers", "automatic", "charsets", "codes", "commands", "complaint", "delivery_report"),
            *("evidence", "failures", "headers", "html_text", "letter", "mime", "model", "notification", "parse"),
            *("policy", "returned", "second_opinion", "signs", "text_report", "wording"),
        )
    ),
]
EDGES = {
    "newsletter/compose/folders.py",  # images and templates are read from folders here and handed in
    "newsletter/preflight/asking.py",  # `check --online` asks the web
    "newsletter/preflight/spam.py",  # `check --spam` runs SpamAssassin
}
"""The modules of pure packages that reach outside; nothing pure imports them, the command line does."""


def modules(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", modules("subscribers"), ids=name_of)
def test_subscribers_never_imports_newsletter(path: Path) -> None:
    assert not [name for name in imports(path) if name.split(".")[0] == "newsletter"]


@pytest.mark.parametrize("path", modules(*(f"newsletter/{layer}" for layer in LAYERS)), ids=name_of)
def test_a_module_imports_only_its_own_layer_and_lower_ones(path: Path) -> None:
    own = LAYERS.index(path.relative_to(ROOT / "newsletter").parts[0])
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "newsletter" and len(parts) > 1 and name not in RULES_OF_DELIVERY:
            layer = "config" if parts[1].startswith("config_") else parts[1]
            assert LAYERS.index(layer) <= own, f"{name} stands above"


def test_every_package_has_a_layer() -> None:
    packages = {path.parent.name for path in (ROOT / "newsletter").glob("*/__init__.py")}
    assert packages <= set(LAYERS)


@pytest.mark.parametrize("name", sorted(RULES_OF_DELIVERY))
def test_the_rules_of_delivery_import_nothing_of_the_store(name: str) -> None:
    found = set(imports(ROOT / f"{name.replace('.', '/')}.py"))
    assert not {other for other in found if other.startswith("newsletter.") and other not in RULES_OF_DELIVERY}


@pytest.mark.parametrize(
    "path",
    [path for path in modules(*PURE_PACKAGES) if name_of(path) not in EDGES] + [ROOT / name for name in PURE_MODULES],
    ids=name_of,
)
def test_a_pure_module_imports_no_io_library(path: Path) -> None:
    found = {name for name in imports(path) if name in IO_LIBRARIES or name.split(".")[0] in IO_LIBRARIES}
    assert not found
