"""A reader of `format=flowed` by RFC 3676 section 4, written from the standard and not from our own writer."""


def unflow(text: str) -> str:
    """What a reader shows: flowed lines joined, stuffed spaces off, quote marks as `> `."""
    shown: list[str] = []
    depth_before, is_open = 0, False
    for line in text.removesuffix("\n").split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        is_flowed = content.endswith(" ") and content != "-- "
        if is_open and depth == depth_before and content != "-- ":
            shown[-1] += content
        else:
            shown.append(">" * depth + (" " if depth and content else "") + content)
        depth_before, is_open = depth, is_flowed
    return "\n".join(shown) + "\n"
