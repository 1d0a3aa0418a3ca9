"""What servers say when they refuse, in the languages of our readers' servers: patterns for the table. Pure.

What follows from each is decided in newsletter/feedback/policy.py.
"""

import re

from newsletter.feedback.wording import any_of

ABOUT_US = any_of(
    r"\bspam",
    r"\bunsolicited",
    r"\bbulk mail",
    r"reputation",
    r"black-?\s?list",
    r"block-?\s?list",
    r"deny-?list",
    r"\brbl\b",
    r"dnsbl",
    r"uribl",
    r"\bsurbl",
    r"spamhaus",
    r"spamcop",
    r"barracuda",
    r"proofpoint",
    r"\bspf\b",
    r"\bdkim\b",
    r"\bdmarc\b",
    r"\bptr\b",
    r"reverse dns",
    r"reverse lookup",
    r"\bvirus",
    r"malware",
    r"phish",
    r"content (?:rejected|filter)",
    r"rejected (?:by|for|due to) (?:content|policy)",
    r"policy (?:reason|violation|restriction)",
    r"local policy",
    r"for policy",
    r"relay(?:ing)? (?:access )?(?:denied|not)",
    r"unable to relay",
    r"no relaying",
    r"rate limit",
    r"too many recipients",
    r"too many (?:connections|messages|mails)",
    r"throttl",
    r"greylist",
    r"graylist",
    r"(?<!not )\blisted (?:at|in|by|on)\b",
    r"client host (?:rejected|blocked)",
    r"sender (?:address )?(?:rejected|denied|blocked|refused)",
    r"unauthenticated",
    r"not authenticated",
    r"authentication (?:required|failed)",
    r"bounce address tag",
    r"service refus",
    r"message size",
    r"message (?:is )?too (?:big|large|long)",
    r"size (?:limit )?exceed",
    r"exceeds (?:the )?(?:maximum|size)",
)
"""About us or about the message."""
FULL = any_of(
    r"\b(?:mailbox|mail box|inbox|postbus|postfach|boîte)[^\n]{0,30}\b(?:full|vol|voll|pleine)\b",
    r"quota",
    r"over ?limit",
    r"storage",
    r"disk space",
    r"space left",
    r"temporar",
)
"""About a mailbox that is there, or a fault that passes: stronger than any status."""
ASLEEP = any_of(
    r"\bfull\b",
    r"\bdisabled",
    r"\binactive",
    r"not active",
    r"suspend",
    r"locked",
    r"deactivat",
    r"discontinued",
    r"dormant",
    r"expired",
    r"frozen",
    r"try again",
    r"later",
    r"timed? ?out",
    r"unavailable right now",
    r"deferred",
    r"too many hops",
    r"loop",
    r"\bvol\b",
    r"\bvoll\b",
    r"\bpleine?\b",
    r"\bllen[ao]\b",
    r"not accepting (?:mail|message)",
    r"cannot receive",
    r"refuse[sd] (?:to )?(?:mail|message)",
)
"""About a mailbox that may wake again."""
NOBODY = any_of(
    r"(?:no such|unknown|invalid|illegal|bad)(?: or \w{1,10})? (?:\w{1,12} )?(?:user|recipient|mailbox)",
    r"(?:no such|unknown|invalid|non-?existent|illegal|bad) (?:\w{1,12} )?(?:address|account|person|addressee)",
    r"(?:user|recipient|mailbox|address|account|addressee)(?: name| address)?(?: is| was)? ?(?:unknown|invalid)",
    r"(?:user|recipient|mailbox|address|account|addressee)(?: name| address)?(?: is| was)? ?not (?:found|known)",
    r"(?:user|recipient|mailbox|address|account|addressee)(?: name)? (?:is )?not recogni[sz]ed",
    r"(?:user|recipient|mailbox|address|account|addressee) ?(?:does not|doesn'?t|not) exist",
    r"does ?n[o']t (?:exist|have an? (?:\w{1,20} )?account)",
    r"nobody (?:by|with) that name",
    r"not a (?:valid|known) (?:user|mailbox|recipient|address)",
    r"no mailbox (?:here|by)",
    r"unknown to (?:us|the system)",
    r"(?:adres|gebruiker|ontvanger|postbus)\b[^\n]{0,40}\b(?:bestaat niet|onbekend|niet gevonden|niet bekend)",
    r"onbekende (?:gebruiker|ontvanger)",
    r"(?:empfänger|benutzer|adresse|postfach)\b[^\n]{0,40}\b(?:unbekannt|existiert nicht|nicht gefunden|ungültig)",
    r"unbekannter (?:empfänger|benutzer)",
    r"(?:utilisateur|destinataire|adresse|boîte)\b[^\n]{0,40}\b(?:inconnue?|n'existe pas|introuvable|invalide)",
    r"not listed in (?:domino )?directory",
)
"""There is nobody there."""

AFTER_RECIPIENT = re.compile(
    r"(?:after|(?:reply|response) to|like our|\[|>>> ?)\s?(?:pipelined )?RCPT[ _]TO|does not like recipient",
    re.IGNORECASE,
)
AFTER_SENDER = re.compile(r"(?:after|reply to|response to|\[|>>> ?)\s?(?:pipelined )?MAIL[ _]FROM", re.IGNORECASE)
AFTER_MESSAGE = any_of(
    r"end of (?:\w{1,8} )?(?:data|message)",
    r"(?:reply|response) to (?:end of )?DATA",
    r"final DATA",
    r"TEXT command",
    r"after (?:the )?data",
    r"sending (?:the )?(?:message|body)",
    r">>> ?DATA",
    r"\[DATA",
    r"message (?:body|content)",
)
