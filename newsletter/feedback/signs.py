"""Whether a mail without a machine-readable part is a server's report, and which of two things it reports. Pure.

Two signs are needed: that a server wrote it, and that it speaks of a delivery that failed. People write about bounces
too, forward them, and answer from addresses called postmaster; robots that say "on holiday" send from `<>` as well.
"""

import re

from newsletter.feedback.addresses import mailboxes
from newsletter.feedback.automatic import has_null_sender, is_automatic_reply, reads_like_absence
from newsletter.feedback.codes import find_codes
from newsletter.feedback.commands import quotes
from newsletter.feedback.headers import Headers
from newsletter.feedback.letter import Letter
from newsletter.feedback.wording import any_of

_DAEMON = any_of(
    r"mailer[-_. ]?daemon",
    r"mail[-_. ]?daemon",
    r"mail(?:er)?[-_. ]?(?:deliver\w* )?system",
    r"mail delivery",
    r"delivery[-_. ](?:sub)?system",
    r"delivery[-_. ](?:status|notification|failure|service)",
    r"double-?bounce",
    r"mdaemon",
    r"mail router",
    r"e-?mail engine",
    r"mta@",
    r"undeliver",
    r"non-?delivery",
)
"""Names that only servers write under."""
_KEEPER = any_of(
    r"post[-_. ]?master",
    r"mail(?:er)?[-_. ]?admin(?:istrator)?",
    r"system ?administrator",
    r"systeembeheer(?:der)?",
    r"bounces?[-_+@]",
    r"(?:no|do-?not)[-_.]?reply@",
)
"""Names that servers write under, and now and then the people who keep them."""
_FAILED_SUBJECT = any_of(
    r"undeliver",
    r"un ?able to deliver",
    r"not (?:be )?delivered",
    r"non-?deliver",
    r"deliver(?:y|ed)? ?(?:status|fail|error|problem|report|notification|delay|attempt|could|warning)",
    r"deliver(?:y|ed)? (?:unsuccessful|incomplete|has failed)",
    r"fail(?:ed|ure)?(?: mail| to deliver| notice| notification| delivery|:)",
    r"mail (?:delivery|system error|failure|error)",
    r"returned (?:mail|message|e-?mail|to sender)",
    r"return(?:ing|ed)? message",
    r"mail return",
    r"message (?:status|delayed|undeliverable|not sent|you sent|could not|blocked)",
    r"could not (?:be )?(?:deliver|sen[dt])",
    r"cannot (?:be )?(?:deliver|sen[dt])",
    r"bounce",
    r"rejected",
    r"warning: (?:could not|message|mail)",
    r"user unknown",
    r"permanent error",
    r"onbestelbaar",
    r"niet (?:worden )?(?:bezorg|afgelever|besteld)",
    r"bezorging",
    r"aflevering",
    r"mislukt",
    r"geweigerd",
    r"retour afzender",
    r"unzustellbar",
    r"nicht zugestellt",
    r"zustell",
    r"fehlgeschlagen",
    r"unbestellbar",
    r"rückläufer",
    r"non remis",
    r"non distribu",
    r"échec",
    r"echec",
    r"impossible de (?:remettre|distribuer)",
    r"no se puede entregar",
    r"no se ha podido",
    r"devuelto",
    r"non recapitabile",
    r"mancata consegna",
    r"não entregue",
    r"kan inte levereras",
    r"kunne ikke leveres",
    r"nie dostarczono",
    r"доставлен",
    r"送信",
    r"配信",
    r"エラー",
    r"退信",
    r"投递",
    r"無法",
)
_REACHED = r"(?:\w{1,12} ){0,2}?(?:deliver|reach|sen[dt]|accept|process)"
_FAILED_TEXT = any_of(
    rf"(?:could ?n[o']t|can ?not|can't|un ?able to|wasn'?t able to|fail(?:ed|ure) to)(?: be)? {_REACHED}",
    rf"(?:was not|were not|has not been|have not been|not been|did not) {_REACHED}",
    r"undeliver",
    r"delivery (?:to|of|has|failed|error|failure|attempt|status|delayed)",
    r"(?:following|these) (?:\w{1,12} )?(?:address|recipient)",
    r"permanent(?:ly)? (?:fatal |failure|error|fail)",
    r"fatal error",
    r"returned to sender",
    r"rejected",
    r"transcript of session",
    r"mail error",
    r"invalid user",
    r"error message below",
    r"kon niet (?:worden )?(?:bezorgd|afgeleverd|besteld)",
    r"niet (?:worden )?(?:bezorgd|afgeleverd)",
    r"kan niet worden (?:bezorgd|afgeleverd)",
    r"onbestelbaar",
    r"nicht zugestellt",
    r"unzustellbar",
    r"konnte nicht",
    r"nicht erreicht",
    r"n'a pas (?:pu|été)",
    r"non remis",
    r"échec de",
    r"no se (?:pudo|puede|ha podido) entregar",
    r"non è stato possibile",
    r"mailbox (?:is )?full",
    r"user unknown",
    r"unknown user",
    r"loop",
    r"duplicated message",
    r"exceed",
)
_DELAYED = any_of(
    r"\bwarning(?: message)? only",
    r"(?:has|have) been delayed",
    r"is delayed",
    r"delivery (?:status notification )?\(?delay",
    r"will (?:be )?(?:retried|retry|try again|continue to (?:try|be))",
    r"(?:not yet been|still trying|keep trying|continue (?:to try|trying))",
    r"do not need to re-?send",
    r"temporary failure report",
    r"delayed mail",
    r"vertraagd",
    r"nog niet (?:bezorgd|afgeleverd)",
    r"verzögert",
    r"noch nicht zugestellt",
    r"retardé",
    r"en attente",
    r"opnieuw geprobeerd",
    r"erneut versucht",
    r"sera réessayé",
)
_GIVEN_UP = any_of(
    r"giv(?:e|en|ing) up",
    r"permanent(?:ly)? (?:error|fail|fatal)",
    r"will be deleted",
    r"no longer be (?:tried|attempted)",
    r"returned (?:to sender|mail)",
    r"expired",
    r"failed permanently",
    r"will not be retried",
    r"not going to try",
)


def is_report(letter: Letter) -> bool:
    """Whether a server wrote this mail to say that another one did not arrive."""
    headers, text = letter.headers, letter.report
    if headers.has("x-failed-recipients"):
        return True
    names_failure = bool(_FAILED_SUBJECT.search(headers.subject))
    codes = find_codes(text[:8000])
    if _is_by(_KEEPER, headers) and not _is_by(_DAEMON, headers) and not has_null_sender(headers):
        returns = bool(letter.returned.fields and _FAILED_TEXT.search(text[:8000]))
        return (names_failure or returns or bool(codes.enhanced or codes.replies)) and not _is_answer(headers, text)
    speaks_of_failure = names_failure or bool(_FAILED_TEXT.search(text[:8000]) or (codes.enhanced and codes.replies))
    if _is_by(_DAEMON, headers):
        return speaks_of_failure and not (is_automatic_reply(headers) and reads_like_absence(text))
    if has_null_sender(headers) and not reads_like_absence(f"{headers.subject}\n{text}"):
        return speaks_of_failure and (names_failure or not is_automatic_reply(headers))
    return False


def _is_by(names: re.Pattern[str], headers: Headers) -> bool:
    """Whether From is one of `names`, or empty as a server's may be."""
    writer = headers.first("from")
    senders = mailboxes([writer])
    if names is _DAEMON and (not senders or "MAILER-DAEMON" in headers.first("return-path").upper()):
        return True
    local_parts = " ".join(f"{sender.rpartition('@')[0]}@" for sender in senders)
    return bool(names.search(f"{writer.partition('<')[0].partition('@')[0]} {local_parts}"))


def _is_answer(headers: Headers, text: str) -> bool:
    """Whether a person answers a mail and quotes it."""
    return headers.subject.strip().lower().startswith(("re:", "antw:", "aw:", "tr:")) and quotes(text)


def is_delay(subject: str, text: str) -> bool:
    """Whether a report says that the server still tries: never a failure (A19)."""
    return bool(_DELAYED.search(f"{subject}\n{text[:8000]}")) and not _GIVEN_UP.search(text[:8000])
