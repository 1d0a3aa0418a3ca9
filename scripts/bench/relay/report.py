"""What was measured, as tables for people, with what the bars ask of it."""

from typing import TypeAlias

BARS = {
    ("smtp-sink, 60 KB, 10 connections", "smtp-source"): 1.0,
    ("smtp-sink, 60 KB, 10 connections", "nodemailer"): 6.5,
    ("smtp-sink, 60 KB, 10 connections", "aiosmtplib"): 25,
    ("fast sink, 60 KB, 10 connections", "aiosmtplib"): 25,
    ("smtp-sink, 5 KB, 10 connections", "smtp-source"): 1.0,
    ("smtp-sink, 5 KB, 10 connections", "nodemailer"): 10,
    ("replies 20 ms late, 60 KB, 50 connections", "smtp-source"): 3.5,
}
"""What ours must be, as a multiple of another; of nodemailer its best, of two processes or one."""
SIGNED = {("ours, RSA-2048", "smtp-sink, 60 KB, 10"): 0.6, ("ours, Ed25519", "smtp-sink, 60 KB, 10"): 0.9}
"""What a signed job must be, as a multiple of smtp-source, which signs nothing."""
OF_OPENSSL = 0.8
"""And of the signatures that `openssl speed rsa2048` makes on the processors that sign."""
MICROSECONDS = 130
"""Processor time of a 60 KB message, at most."""
MEGABYTES = 200
"""Memory of a job of 1,000,000 recipients, at most."""
SPREAD = 1.15
"""Cost of a message in the dearest job, as a multiple of that in the cheapest."""

Found: TypeAlias = dict[str, dict[str, float]]
"""Per sender what it reached: medians, lowest and highest."""


def ratios(found: Found, sender: str = "ours") -> dict[str, float]:
    """`sender` as a multiple of each other; `nodemailer` is its best."""
    rates = {name: row["per_second"] for name, row in found.items() if not name.startswith("ours")}
    if not rates:
        return {}
    best = max((rate for name, rate in rates.items() if name.startswith("nodemailer")), default=0)
    rates = {name: rate for name, rate in rates.items() if not name.startswith("nodemailer")}
    if best:
        rates["nodemailer"] = best
    return {name: round(found[sender]["per_second"] / rate, 2) for name, rate in rates.items()}


def show(name: str, found: Found) -> None:
    """One table, and how we stand to the others."""
    print(f"\n{name}\n{'':24}{'per second':>12}{'lowest':>9}{'highest':>9}{'CPU µs':>9}{'peak MB':>9}")
    for sender, row in found.items():
        rates = f"{row['per_second']:>12,.0f}{row['lowest']:>9,.0f}{row['highest']:>9,.0f}"
        print(f"{sender:24}{rates}{row['cpu_microseconds']:>9.0f}{row['peak_mb'] or '':>9}")
    for other, ratio in ratios(found).items():
        durable = ratios(found, "ours, power-safe")[other]
        print(f"  ours is {ratio:.2f} of {other} (power-safe {durable:.2f}){_verdict(BARS.get((name, other)), ratio)}")
    for (sender, words), bar in SIGNED.items():
        if words in name and sender in found and "smtp-source" in found:
            ratio = ratios(found, sender)["smtp-source"]
            print(f"  {sender} is {ratio:.2f} of smtp-source{_verdict(bar, ratio)}")
    if " 60 KB, 10" in name:
        used = found["ours"]["cpu_microseconds"]
        print(f"  ours takes {used:.0f} µs of processor time per message{_verdict(-MICROSECONDS, -used)}")


def show_signing(signed: float, openssl: float, processes: int) -> None:
    """RSA against the fastest that signs."""
    ratio = signed / (openssl * processes)
    print(f"  openssl speed signs {openssl:,.0f} a second per processor, {processes} sign")
    print(f"  ours, RSA-2048 is {ratio:.2f} of that{_verdict(OF_OPENSSL, ratio)}")


def _verdict(bar: float | None, reached: float) -> str:
    """Whether a bar is reached; costs are negative, so that more is better."""
    return "" if bar is None else f"   bar {abs(bar):g}: {'reached' if reached >= bar else 'NOT reached'}"


def show_scale(rows: list[dict[str, float]]) -> None:
    """What one more message costs in jobs of growing size."""
    print(f"\n5 KB, fast sink, 10 connections\n{'recipients':>12}{'CPU µs each':>14}{'per second':>12}{'peak MB':>9}")
    for row in rows:
        print(f"{row['people']:>12,}{row['cpu_microseconds']:>14.1f}{row['per_second']:>12,.0f}{row['peak_mb']:>9.0f}")
    costs = [row["cpu_microseconds"] for row in rows]
    spread, peak = max(costs) / min(costs), max(row["peak_mb"] for row in rows)
    print(f"  the dearest is {spread:.2f} of the cheapest{_verdict(-SPREAD, -spread)}")
    print(f"  at most {peak:.0f} MB{_verdict(-MEGABYTES, -peak)}")


def show_stages(kilobytes: int, found: dict[str, float]) -> None:
    """The parts of a job that are not sending."""
    print(f"\nstages at {kilobytes} KB, µs per message:")
    print("  " + ", ".join(f"{name} {value:.1f}" for name, value in found.items()))
