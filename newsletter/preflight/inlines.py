"""What is in running text: its words, links, fields and stressed parts. Pure."""

from collections.abc import Iterator, Sequence

from newsletter.issue.model_text import Code, Emphasis, FieldRef, Inlines, LineBreak, Link, Mixed, Strong, Text


def plain(content: Inlines) -> str:
    """The words of `content`, fields as spaces."""
    return "".join(_words(content))


def _words(content: Inlines) -> Iterator[str]:
    for item in content:
        match item:
            case Text(text) | Code(text):
                yield text
            case Strong(children) | Emphasis(children):
                yield from _words(children)
            case Link():
                yield from _words(item.children)
            case LineBreak() | FieldRef():
                yield " "


def plain_mixed(pieces: Mixed, field: str | None = None) -> str:
    """`pieces` as one text; a field as `{{name}}` or as `field`."""
    return "".join(
        piece if isinstance(piece, str) else (f"{{{{{piece.name}}}}}" if field is None else field) for piece in pieces
    )


def links(content: Inlines) -> Iterator[Link]:
    """Every link."""
    for item in content:
        match item:
            case Link():
                yield item
            case Strong(children) | Emphasis(children):
                yield from links(children)


def fields(content: Inlines) -> Iterator[FieldRef]:
    """Every field, also in the words of links; not in their targets."""
    for item in content:
        match item:
            case FieldRef():
                yield item
            case Strong(children) | Emphasis(children):
                yield from fields(children)
            case Link():
                yield from fields(item.children)


def fields_of(mixed: Mixed) -> Iterator[FieldRef]:
    """Every field of a subject or a target."""
    return (piece for piece in mixed if isinstance(piece, FieldRef))


def stressed(content: Inlines) -> int:
    """How many characters are bold or italic."""
    size = 0
    for item in content:
        match item:
            case Strong(children) | Emphasis(children):
                size += len(plain(children))
            case Link():
                size += stressed(item.children)
    return size


def is_all_stressed(content: Sequence[object]) -> bool:
    """Whether nothing but bold or italic words stands here."""
    parts = [item for item in content if not (isinstance(item, Text) and not item.text.strip())]
    return bool(parts) and all(isinstance(item, Strong | Emphasis | LineBreak) for item in parts)
