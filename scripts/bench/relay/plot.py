"""Bars as SVG, drawn without any library: one row per sender, grouped by what was measured."""

from collections.abc import Mapping
from html import escape

ROW, LABEL, WIDTH, RIGHT = 24, 190, 460, 130
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1a1a1a}.title{font-weight:600}.ours{fill:#00599c}.other{fill:#9a9a9a}"
    "@media (prefers-color-scheme:dark){text{fill:#eee}.ours{fill:#6cb6ff}.other{fill:#777}}"
)


def bars(title: str, groups: Mapping[str, Mapping[str, float]]) -> str:
    """An SVG with messages per second; every group has its own scale."""
    lines, y = [], 30
    for name, rates in groups.items():
        lines.append(f'<text class="title" x="0" y="{y + 16}">{escape(name)}</text>')
        y += ROW + 4
        top = max(rates.values(), default=1)
        for sender, rate in rates.items():
            length = max(1, rate / top * WIDTH)
            kind = "ours" if sender.startswith("ours") else "other"
            lines.append(f'<text x="{LABEL - 8}" y="{y + 15}" text-anchor="end">{escape(sender)}</text>')
            lines.append(f'<rect class="{kind}" x="{LABEL}" y="{y + 2}" width="{length:.1f}" height="{ROW - 7}"/>')
            lines.append(f'<text x="{LABEL + length + 6:.1f}" y="{y + 15}">{rate:,.0f} /s</text>')
            y += ROW
        y += 12
    size = f'width="{LABEL + WIDTH + RIGHT}" height="{y}" viewBox="0 0 {LABEL + WIDTH + RIGHT} {y}"'
    spoken = "; ".join(
        f"{name}: " + ", ".join(f"{who} {rate:,.0f}" for who, rate in rates.items()) for name, rates in groups.items()
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(f"{title}. {spoken}")}">'
    heading = f'<text class="title" x="0" y="16">{escape(title)}</text>'
    return "\n".join([head, f"<style>{STYLE}</style>", heading, *lines, "</svg>", ""])
