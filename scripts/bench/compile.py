"""Compile an issue: milliseconds cold (a new process) and warm, with the stages named.

    scripts/bench/run compile [--body FILE] [--rounds 30] [--json FILE]

`--body` is Markdown that is put under a front matter unchanged; without it the sample issue is compiled. The
reference, run side by side, is Markdown to HTML by markdown-it-py alone: what any static site does with the text.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
STARTERS = ROOT / "templates" / "starters"
FRONT_MATTER = "---\nlist: nieuwsbrief\nsubject: Proef\npreheader: Een proef van de snelheid\ndate: 2027-06-14\n---\n\n"


def main() -> None:
    """Measure, print a table, keep JSON if asked."""
    options = _options()
    if options.cold:
        sys.stdout.write(str(_once(options.body)))
        return
    found = _measure(options)
    width = max(map(len, found))
    for name, value in found.items():
        print(f"{name:{width}}  {value:10.2f}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--body", type=Path, help="Markdown without front matter")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--cold", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(options: argparse.Namespace) -> dict[str, float]:
    stages, compiled = _stages(options.body)
    found: dict[str, float] = {}
    for name, work in stages.items():
        work()
        found[f"{name}, warm (ms)"] = _median(work, options.rounds)
    command = [sys.executable, __file__, "--cold", *(["--body", str(options.body)] if options.body else [])]
    times = [float(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(5)]
    found["whole, cold: first in a process (ms)"] = statistics.median(times)
    reference = found["reference: markdown-it to HTML, warm (ms)"]
    found["whole / reference, warm"] = found["whole, warm (ms)"] / reference
    found["HTML (bytes)"] = float(len("".join(map(str, compiled.html)).encode()))
    return found


def _median(work: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def _once(body: Path | None) -> float:
    began = time.perf_counter()
    stages, _ = _stages(body)
    stages["whole"]()
    return (time.perf_counter() - began) * 1000


def _stages(body: Path | None):  # noqa: ANN202 - stages by name, and a compiled issue
    from markdown_it import MarkdownIt

    from newsletter.compose.compile import compile_issue
    from newsletter.compose.folders import folder_images, project_templates
    from newsletter.compose.furniture import furniture
    from newsletter.compose.text import render_text
    from newsletter.config import load
    from newsletter.issue.parse import KnownNames, parse_issue
    from newsletter.preflight.check import preflight

    configuration = load(STARTERS / "newsletter.toml", {})
    file = STARTERS / "issues" / "nieuwsbrief.md"
    source = FRONT_MATTER + body.read_text(encoding="utf-8") if body else file.read_text(encoding="utf-8")
    known = KnownNames(lists={"nieuwsbrief": frozenset()})
    mailing_list = configuration.mailing_list("nieuwsbrief")
    templates = project_templates(configuration)
    base_url = configuration.site.base_url

    def parse():  # noqa: ANN202 - an Issue
        return parse_issue(source, file="issue.md", slug="proef", known=known)

    issue = parse()
    pieces = furniture(mailing_list, list_slug="nieuwsbrief", issue_slug="proef", base_url=base_url, date=issue.date)

    def compile_parsed():  # noqa: ANN202 - a Compilation
        return compile_issue(
            issue,
            mailing_list=mailing_list,
            furniture=pieces,
            base_url=base_url,
            templates=templates,
            load_image=folder_images(file.parent),
            limits=configuration.limits,
        )

    compiled = compile_parsed().compiled

    def whole() -> None:
        nonlocal issue
        issue = parse()
        preflight(issue, mailing_list, compile_parsed().compiled)

    markdown = MarkdownIt()
    stages = {
        "parse": parse,
        "compile (MJML, HTML, inlining, images, text)": compile_parsed,
        "of which text part": lambda: render_text(issue, pieces),
        "preflight": lambda: preflight(issue, mailing_list, compiled),
        "whole": whole,
        "reference: markdown-it to HTML": lambda: markdown.render(source),
    }
    return stages, compiled


if __name__ == "__main__":
    main()
