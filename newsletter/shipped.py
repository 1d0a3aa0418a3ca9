"""Files that come with the software: beside the package in a checkout, inside it once installed."""

from pathlib import Path


def templates_dir() -> Path:
    """The built-in templates: inside the installed package, or beside it in a checkout."""
    return _beside("_templates", "templates")


def rules_dir() -> Path:
    """The pages about the rules of preflight: inside the installed package, or in a checkout's documentation."""
    return _beside("_rules", "docs/rules")


def _beside(inside: str, outside: str) -> Path:
    package = Path(__file__).resolve().parent
    return package / inside if (package / inside).is_dir() else package.parent / outside
