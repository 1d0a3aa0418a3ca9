"""The report of a period for a privacy officer: what was erased by which rule, how late at most, and the proof."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from babel.dates import format_date

from newsletter.privacy.document import Bullets, Document, Grid, Language, Paragraph, Section, Words
from newsletter.privacy.report_texts import TEXTS, ReportTexts
from newsletter.privacy.words import moment_in_words, period_in_words, rule_in_words, table_in_words
from subscribers.deadlines import RetentionStatus
from subscribers.receipts import Receipt
from subscribers.rule_counts import RuleCount, RuleCounts

MINUTES = 60


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a report is made of. `start` is included, `end` is not."""

    start: datetime
    end: datetime
    made_at: datetime
    receipts: Sequence[Receipt]
    status: RetentionStatus
    changed: int | None
    """Id of the first receipt of the whole chain that was changed or follows one removed; None if it is whole."""
    missing: int
    """Receipts that the ledger names and the database lacks."""
    controllers: tuple[str, ...]
    zone: tzinfo

    def totals(self) -> dict[str, RuleCount]:
        """Per rule, over the period; receipts from before rules were counted are left out."""
        together = RuleCounts()
        for receipt in self.receipts:
            together.merge(RuleCounts.read(receipt.rules))
        return dict(together)

    def latest(self, rule: str) -> timedelta | None:
        """The longest time between a deadline of `rule` and the receipt that proves the erasure."""
        late = (
            receipt.at - count.oldest
            for receipt in self.receipts
            for name, count in RuleCounts.read(receipt.rules)
            if name == rule and count.oldest
        )
        return max(late, default=None)


def report(evidence: Evidence, language: Language) -> Document:
    """The report in `language`."""
    texts = TEXTS[language]
    last = evidence.end - timedelta(microseconds=1)
    span = texts.span.format(start=_day(evidence.start, language, evidence), end=_day(last, language, evidence))
    return Document(
        title=texts.title,
        language=language,
        lead=f"{span} {texts.made.format(moment=moment_in_words(evidence.made_at, language, evidence.zone))}",
        sections=(
            Section(texts.outcome, (Bullets(tuple(_outcome(evidence, texts))),)),
            Section(texts.totals, _totals(evidence, texts, language)),
            Section(texts.now, (_now(evidence, texts, language),)),
            Section(texts.policy, _policy(evidence, texts, language)),
            Section(texts.receipts, _receipts(evidence, texts, language)),
            Section(texts.checking, tuple(Paragraph(line) for line in texts.checking_how)),
        ),
    )


def _outcome(evidence: Evidence, texts: ReportTexts) -> Iterator[Words]:
    yield texts.controllers.format(names="; ".join(evidence.controllers))
    yield texts.overdue_now.format(number=evidence.status.overdue) if evidence.status.is_overdue else texts.in_time
    late = [one for rule in evidence.totals() if (one := evidence.latest(rule)) is not None]
    if late:
        yield texts.latest.format(duration=_duration(max(late), texts))
    yield _verdict(evidence, texts)


def _verdict(evidence: Evidence, texts: ReportTexts) -> str:
    """What is to be thought of the receipts, in one place: whole only if none was changed and none is missing."""
    one, many = texts.missing
    missing = (one if evidence.missing == 1 else many).format(number=evidence.missing) if evidence.missing else ""
    if evidence.changed is not None:
        return f"{texts.broken.format(number=evidence.changed)} {missing}".strip()
    return f"{missing} {texts.missing_why}" if missing else texts.whole


def _totals(evidence: Evidence, texts: ReportTexts, language: Language) -> tuple[Grid | Paragraph, ...]:
    rows = tuple(
        (rule_in_words(rule, language), str(count.erased), _duration(evidence.latest(rule), texts))
        for rule, count in evidence.totals().items()
    )
    if not rows:
        return (Paragraph(texts.nothing),)
    return (Grid(texts.totals, texts.totals_header, rows, frozenset({1, 2})),)


def _now(evidence: Evidence, texts: ReportTexts, language: Language) -> Grid:
    rows = []
    for one in evidence.status.rules:
        nearest = moment_in_words(one.nearest, language, evidence.zone) if one.nearest else texts.none
        what = texts.stays.get(one.rule.partition("-open")[0] if one.stays else "", rule_in_words(one.rule, language))
        rows.append((one.list or texts.all_lists, what, str(one.waiting), nearest, str(one.overdue)))
    return Grid(texts.now, texts.now_header, tuple(rows), frozenset({2, 4}))


def _policy(evidence: Evidence, texts: ReportTexts, language: Language) -> tuple[Grid | Paragraph, ...]:
    """The periods that the receipts name, and since which receipt."""
    rows: list[tuple[Words, ...]] = []
    before: Mapping[str, str] = {}
    for receipt in evidence.receipts:
        for key, period in receipt.policy.items():
            if before.get(key) != period:
                slug, _, rule = key.rpartition("/")
                named = slug or texts.all_lists, rule_in_words(rule, language), period_in_words(period, language)
                rows.append((*named, str(receipt.id)))
        before = receipt.policy
    return (
        (Grid(texts.policy, texts.policy_header, tuple(rows), frozenset({3})),) if rows else (Paragraph(texts.nothing),)
    )


def _receipts(evidence: Evidence, texts: ReportTexts, language: Language) -> tuple[Grid | Paragraph, ...]:
    rows = tuple(
        (
            str(receipt.id),
            moment_in_words(receipt.at, language, evidence.zone),
            "; ".join(f"{rule_in_words(rule, language)}: {count.erased}" for rule, count in _rules(receipt)),
            "; ".join(f"{table_in_words(name, language)}: {number}" for name, number in receipt.counts.items()),
            receipt.digest,
        )
        for receipt in evidence.receipts
    )
    return (Grid(texts.receipts, texts.receipts_header, rows, frozenset({0})),) if rows else (Paragraph(texts.nothing),)


def _rules(receipt: Receipt) -> RuleCounts:
    return RuleCounts.read(receipt.rules)


def as_csv(evidence: Evidence) -> str:
    """One line per receipt and rule, for other programs; times in UTC, lateness in seconds."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("receipt", "at", "rule", "erased", "oldest_deadline", "seconds_late", "digest"))
    for receipt in evidence.receipts:
        for rule, count in _rules(receipt) or (("", RuleCount(erased=sum(receipt.counts.values()))),):
            late = int((receipt.at - count.oldest).total_seconds()) if count.oldest else ""
            oldest = count.oldest.isoformat() if count.oldest else ""
            writer.writerow((receipt.id, receipt.at.isoformat(), rule, count.erased, oldest, late, receipt.digest))
    return out.getvalue()


def as_values(evidence: Evidence) -> dict[str, object]:
    """The same for `--format json`."""
    totals = {
        rule: {"erased": count.erased, "seconds_late_at_most": late.total_seconds() if late else None}
        for rule, count in evidence.totals().items()
        for late in (evidence.latest(rule),)
    }
    return {
        "from": evidence.start,
        "to": evidence.end,
        "made_at": evidence.made_at,
        "totals": totals,
        "receipts": list(evidence.receipts),
        "chain_broken_from": evidence.changed,
        "receipts_missing": evidence.missing,
        "is_overdue": evidence.status.is_overdue,
        "rules": list(evidence.status.rules),
    }


def _duration(late: timedelta | None, texts: ReportTexts) -> str:
    if late is None:
        return texts.none
    minutes = max(0, int(late.total_seconds()) // MINUTES)
    hours, rest = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return (
        texts.duration_days.format(days=days, hours=hours) if days else texts.duration.format(hours=hours, minutes=rest)
    )


def _day(moment: datetime, language: Language, evidence: Evidence) -> str:
    return format_date(moment.astimezone(evidence.zone).date(), "d MMMM y", locale=language)
