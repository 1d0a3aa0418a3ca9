"""Texts of issue files for property tests: valid shards in any order, and anything else."""

from hypothesis import strategies as st

_SHARDS = [
    *("{{ name }}", "{{", "}}", '{{ name | default("x") }}', ":::note\n", ":::article {image=left}\n", ":::agenda\n"),
    *(
        ':::only name ~ "a" {web=true}\n',
        ":::only has organisation\n",
        '{{ name | date("long") | title }}',
        "-- ",
        "From ",
    ),
    *(":::cards\n", ":::quote\n", ":::invitation\n", ":::\n", "- ", "> ", "* ", "1. ", "\n", "\n\n", "    ", "\t"),
    *(
        "[a](",
        "https://e.org/",
        "#",
        ")",
        "![",
        "](",
        "`",
        "```\n",
        "## ",
        "|a|b|\n|-|-|\n|c|d|\n",
        "---\n",
        "{.button}",
    ),
    *(
        "title: x\n",
        "date: 2027-01-01\n",
        "- title: y\n  date: 2027-06-21\n",
        "programme: [a, {title: b, items: [c]}]\n",
    ),
    *("- x: [", "<b>", "&#10;", "\\", "**", "_", "[a]: b\n", "é", "\x00", "\U000f0000", "-- Mia, rol", "31 juni 2027 "),
]

bodies = st.one_of(st.text(max_size=300), st.lists(st.sampled_from(_SHARDS), max_size=40).map("".join))
"""Bodies of issue files, good and bad."""

HEAD = "---\nlist: nieuwsbrief\nsubject: Zomer\npreheader: Nieuws\ndate: 2027-06-14\n---\n"

heads = st.one_of(st.just(HEAD), bodies.map(lambda text: f"---\n{text}\n---\n"))
"""Front matter, good and bad."""
