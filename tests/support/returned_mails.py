"""Mail that comes back, in the shapes that servers write, with words of our own: what each is, and about whom.

Every shape here was written for these tests; the real ones are in the corpora (NEWSLETTER_CORPORA).
"""

from dataclasses import dataclass

ORIGINAL = """\
Return-Path: <nieuwsbrief@programma.example>
Received: from mail.programma.example (mail.programma.example [192.0.2.10])
 by mx.gemeente.example with ESMTPS id 4711 for <j.jansen@gemeente.example>; Mon, 14 Jun 2027 09:30:01 +0200
From: Programma Voorbeeld <nieuwsbrief@programma.example>
To: <j.jansen@gemeente.example>
Subject: Zomereditie
Date: Mon, 14 Jun 2027 09:30:00 +0200
Message-ID: <zomer.1@programma.example>
List-Id: Nieuwsbrief <nieuwsbrief.programma.example>
"""
WHO = "j.jansen@gemeente.example"
OTHER = "p.pietersen@waterschap.example"


@dataclass(frozen=True)
class Sample:
    """One mail and what it says; recipients as (address, action, status, class)."""

    name: str
    text: str
    kind: str
    recipients: tuple[tuple[str, str | None, str | None, str], ...] = ()

    @property
    def raw(self) -> bytes:
        return self.text.encode()


def mail(body: str, **headers: str) -> str:
    """A mail with those headers (`return_path` is Return-Path) and that body."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\n".join(lines) + "\n\n" + body


def daemon(body: str, subject: str = "Delivery failed", **headers: str) -> str:
    """A report by a server, in words."""
    return mail(
        body,
        **{
            "Return-Path": "<>",
            "From": "Mail Delivery System <MAILER-DAEMON@mx.gemeente.example>",
            "To": "nieuwsbrief@programma.example",
            "Subject": subject,
            **headers,
        },
    )


def dsn(fields: str, words: str = "Your mail did not arrive.", returned: str = ORIGINAL, **headers: str) -> str:
    """A report by RFC 3464 in its three parts."""
    body = (
        f"--b1\nContent-Type: text/plain; charset=utf-8\n\n{words}\n"
        f"--b1\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.gemeente.example\n\n{fields}\n"
        f"--b1\nContent-Type: message/rfc822\n\n{returned}\nDag allemaal,\n--b1--\n"
    )
    kind = "multipart/report; report-type=delivery-status; boundary=b1"
    return daemon(body, **{"MIME-Version": "1.0", "Content-Type": kind, **headers})


def arf(fields: str, returned: str = ORIGINAL) -> str:
    """A report by RFC 5965."""
    body = (
        "--b2\nContent-Type: text/plain\n\nSomeone pressed the button.\n"
        f"--b2\nContent-Type: message/feedback-report\n\n{fields}\n"
        f"--b2\nContent-Type: message/rfc822\n\n{returned}\nDag\n--b2--\n"
    )
    kind = "multipart/report; report-type=feedback-report; boundary=b2"
    sender = "fbl@provider.example"
    return mail(body, **{"From": sender, "To": "fbl@programma.example", "Subject": "Report", "Content-Type": kind})


def group(address: str, status: str, said: str = "", action: str = "failed", extra: str = "") -> str:
    """The fields of one recipient."""
    diagnostic = f"Diagnostic-Code: smtp; {said}\n" if said else ""
    return f"Final-Recipient: rfc822; {address}\n{extra}Action: {action}\nStatus: {status}\n{diagnostic}"


def person(body: str, subject: str = "Re: Zomereditie", **headers: str) -> str:
    """A mail that somebody wrote."""
    return mail(
        body,
        **{"From": f"Jan Jansen <{WHO}>", "To": "nieuwsbrief@programma.example", "Subject": subject, **headers},
    )


STANDARD = (
    Sample(
        "no such user",
        dsn(group(WHO, "5.1.1", f"550 5.1.1 <{WHO}> nobody of that name")),
        "bounce",
        ((WHO, "failed", "5.1.1", "hard"),),
    ),
    Sample(
        "null MX", dsn(group(WHO, "5.1.10", "the domain takes no mail")), "bounce", ((WHO, "failed", "5.1.10", "hard"),)
    ),
    Sample("mailbox full", dsn(group(WHO, "5.2.2", "552 over quota")), "bounce", ((WHO, "failed", "5.2.2", "soft"),)),
    Sample(
        "delayed is no failure (A19)",
        dsn(group(WHO, "4.4.1", "connection timed out", action="delayed")),
        "bounce",
        ((WHO, "delayed", "4.4.1", "soft"),),
    ),
    Sample("relayed", dsn(group(WHO, "2.0.0", action="relayed")), "bounce", ((WHO, "relayed", "2.0.0", "unknown"),)),
    Sample(
        "delivered and failed: a status per recipient",
        dsn(group(WHO, "2.1.5", action="delivered") + "\n" + group(OTHER, "5.1.1", "550 5.1.1 unknown")),
        "bounce",
        ((WHO, "delivered", "2.1.5", "unknown"), (OTHER, "failed", "5.1.1", "hard")),
    ),
    Sample(
        "two recipients without an empty line between them",
        dsn(group(WHO, "5.2.2", "552 5.2.2 full") + group(OTHER, "5.1.1", "550 5.1.1 unknown")),
        "bounce",
        ((WHO, "failed", "5.2.2", "soft"), (OTHER, "failed", "5.1.1", "hard")),
    ),
    Sample(
        "an empty line inside the group",
        dsn(f"Final-Recipient: rfc822; {WHO}\n\nAction: failed\nStatus: 5.1.1\n"),
        "bounce",
        ((WHO, "failed", "5.1.1", "hard"),),
    ),
    Sample(
        "the server's own answer says more than the status",
        dsn(group(WHO, "5.0.0", "554 5.7.1 blocked: your network is listed")),
        "bounce",
        ((WHO, "failed", "5.7.1", "policy"),),
    ),
    Sample(
        "no such user, and refused for our reputation (A29)",
        dsn(group(WHO, "5.1.1", "550 5.1.1 blocked by dnsbl.example, see spamhaus")),
        "bounce",
        ((WHO, "failed", "5.1.1", "policy"),),
    ),
    Sample(
        "Microsoft refuses who does not authenticate (A29)",
        dsn(group(WHO, "5.7.515", "550 5.7.515 Access denied, the sending domain does not pass")),
        "bounce",
        ((WHO, "failed", "5.7.515", "policy"),),
    ),
    Sample(
        "an X.400 address with ours inside",
        dsn("Final-Recipient: X400; /DD.RFC-822=j.jansen(a)gemeente.example/C=NL/\nAction: failed\nStatus: 5.1.1\n"),
        "bounce",
        ((WHO, "failed", "5.1.1", "hard"),),
    ),
    Sample(
        "an address that Exchange wrapped",
        dsn(
            "Final-Recipient: rfc822; IMCEASMTP-j+2Ejansen+40gemeente+2Eexample@ex.example\n"
            "Action: failed\nStatus: 5.1.1\n"
        ),
        "bounce",
        ((WHO, "failed", "5.1.1", "hard"),),
    ),
    Sample(
        "a program instead of an address: the returned message says who",
        dsn("Final-Recipient: rfc822; |/usr/bin/sorteer\nAction: failed\nStatus: 5.3.0\n"),
        "bounce",
        ((WHO, "failed", "5.3.0", "soft"),),
    ),
    Sample(
        "an address outside ASCII (RFC 6533)",
        dsn("Final-Recipient: utf-8; jörg@müller.example\nAction: failed\nStatus: 5.6.7\n"),
        "bounce",
        (("jörg@müller.example", "failed", "5.6.7", "soft"),),
    ),
    Sample(
        "inside a mailing list's wrapper",
        daemon(
            "--w\nContent-Type: multipart/report; boundary=b1\n\n--b1\nContent-Type: text/plain\n\nhelaas\n"
            f"--b1\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n{group(WHO, '5.1.1')}\n--b1--\n"
            "--w\nContent-Type: text/plain\n\nvoettekst\n--w--\n",
            **{"Content-Type": "multipart/mixed; boundary=w"},
        ),
        "bounce",
        ((WHO, "failed", "5.1.1", "hard"),),
    ),
    Sample(
        "the header of the multipart is lost",
        daemon(
            "Dit is MIME.\n\n--b1\n\nhelaas\n"
            f"--b1\nContent-Type: message/delivery-status\n\n{group(WHO, '5.1.1')}\n--b1--\n"
        ),
        "bounce",
        ((WHO, "failed", "5.1.1", "hard"),),
    ),
    Sample(
        "refused after the sender, so nothing about the recipient",
        dsn(group(WHO, "5.0.0", "550 no such user (in reply to MAIL FROM command)")),
        "bounce",
        ((WHO, "failed", "5.0.0", "policy"),),
    ),
)

COPY = f"\n--- Kopie van het bericht ---\n\n{ORIGINAL}\nDag allemaal\n"

WORDS = (
    Sample(
        "qmail: the address in brackets, the reason below",
        daemon(
            f"Hallo, hier de postbode van mx.\nHet lukte niet.\n\n<{WHO}>:\nHet huis zei: 550 5.1.1 niemand\n{COPY}"
        ),
        "bounce",
        ((WHO, "failed", "5.1.1", "hard"),),
    ),
    Sample(
        "Exim: the address indented, the stage in words, no enhanced status",
        daemon(
            "This mail did not get through to everyone:\n\n"
            f"  {WHO}\n    host mx.gemeente.example [192.0.2.1]\n"
            f"    SMTP error from remote mail server after RCPT TO:<{WHO}>:\n    550 No such user here\n{COPY}",
            **{"X-Failed-Recipients": WHO},
        ),
        "bounce",
        ((WHO, "failed", None, "hard"),),
    ),
    Sample(
        "the same words after the data say nothing about the address",
        daemon(
            f"Not delivered:\n\n  {WHO}\n    SMTP error from remote mail server after end of data:\n"
            f"    550 No such user here\n{COPY}"
        ),
        "bounce",
        ((WHO, "failed", None, "soft"),),
    ),
    Sample(
        "old Postfix: the address and the reason in one line",
        daemon(f"De bezorging is mislukt.\n\n<{WHO}>: host mx.gemeente.example[192.0.2.1] said: 552 5.2.2 vol\n{COPY}"),
        "bounce",
        ((WHO, "failed", "5.2.2", "soft"),),
    ),
    Sample(
        "sendmail: a transcript with two recipients",
        daemon(
            "   ----- Transcript of session -----\n... while talking to mx.gemeente.example.:\n"
            f">>> RCPT To:<{WHO}>\n<<< 550 5.1.1 <{WHO}>... nobody\n550 5.1.1 <{WHO}>... User unknown\n"
            f">>> RCPT To:<{OTHER}>\n<<< 552 5.2.2 <{OTHER}>... full\n554 5.2.2 <{OTHER}>... Mailbox full\n{COPY}"
        ),
        "bounce",
        ((WHO, "failed", "5.1.1", "hard"), (OTHER, "failed", "5.2.2", "soft")),
    ),
    Sample(
        "Exchange in Dutch: a list of recipients, no codes",
        daemon(
            "Uw bericht\n\n  Aan:       Jan Jansen\n  Onderwerp: Zomereditie\n  Verzonden: maandag 14 juni 2027\n\n"
            f"is niet bezorgd bij:\n\n{WHO} op maandag 14 juni 2027\n    Deze geadresseerde is hier onbekend\n",
            subject="Onbestelbaar: Zomereditie",
            From="Systeembeheerder <postmaster@gemeente.example>",
        ),
        "bounce",
        ((WHO, "failed", None, "soft"),),
    ),
    Sample(
        "Exchange in German, in HTML only",
        daemon(
            "<html><head><style>p { color: red }</style></head><body><p>Fehler bei der Zustellung</p>"
            f'<p><a href="mailto:{WHO}">{WHO}</a><br>Die Adresse wurde nicht gefunden.</p>'
            "<p>Diagnose:<br>#550 5.1.10 RESOLVER.ADR.NotThere ##</p></body></html>",
            subject="Unzustellbar: Zomereditie",
            **{"Content-Type": "text/html; charset=utf-8"},
        ),
        "bounce",
        ((WHO, "failed", "5.1.10", "hard"),),
    ),
    Sample(
        "Exchange in French",
        daemon(
            f"Le message n'a pas pu être remis :\n\n{WHO}\nBoîte aux lettres pleine. #552 5.2.2 ##\n",
            subject="Non remis : Zomereditie",
        ),
        "bounce",
        ((WHO, "failed", "5.2.2", "soft"),),
    ),
    Sample(
        "Domino: a label before the address, an answer in words",
        daemon(
            f"Failed to deliver to {WHO}\nReason: Jan Jansen (jansen) not listed in directory\n",
            subject="DELIVERY FAILURE: not listed",
        ),
        "bounce",
        ((WHO, "failed", None, "soft"),),
    ),
    Sample(
        "Gmail: X-Failed-Recipients and hardly a word",
        daemon(f"** Adres niet gevonden **\n\nUw bericht is niet bezorgd.\n{COPY}", **{"X-Failed-Recipients": WHO}),
        "bounce",
        ((WHO, "failed", None, "soft"),),
    ),
    Sample(
        "a delay in words (A19)",
        daemon(
            "Nog niet bezorgd, dit is alleen een waarschuwing. We keep trying.\n\n"
            f"  {WHO}\n    451 4.7.1 greylisted\n{COPY}",
            subject="Delivery delayed",
        ),
        "bounce",
        ((WHO, "delayed", "4.7.1", "policy"),),
    ),
    Sample(
        "a filter in front of the server: a sentence and the message",
        daemon(
            "--b3\nContent-Type: text/plain\n\nOur gateway could not deliver a message, the mailbox is over quota.\n"
            f"--b3\nContent-Type: message/rfc822\n\n{ORIGINAL}\nDag\n--b3--\n",
            **{"Content-Type": "multipart/mixed; boundary=b3"},
        ),
        "bounce",
        ((WHO, "failed", None, "soft"),),
    ),
    Sample(
        "a policy refusal by a filter service",
        daemon(f"Rejected by policy.\n\nRecipient: <{WHO}>\nReason: 550 5.7.25 no PTR record\n{COPY}"),
        "bounce",
        ((WHO, "failed", "5.7.25", "policy"),),
    ),
    Sample(
        "help desk and postmaster in the text are not the recipient",
        daemon(
            f"Could not deliver to the following address:\n\n{WHO}: 550 5.1.1 unknown\n\n"
            f"Questions? Write to helpdesk@gemeente.example or contact postmaster@gemeente.example.\n{COPY}"
        ),
        "bounce",
        ((WHO, "failed", "5.1.1", "hard"),),
    ),
    Sample(
        "the message below carries addresses that are none of this",
        daemon(f"Undeliverable:\n\n{WHO}: 550 5.1.1 unknown\n{COPY}\nVragen? info@programma.example\n{OTHER}: hallo\n"),
        "bounce",
        ((WHO, "failed", "5.1.1", "hard"),),
    ),
    Sample(
        "a report that names nobody",
        daemon("Your mail could not be delivered. 550 5.1.1 sorry.\n"),
        "bounce",
    ),
    Sample(
        "an excerpt of the headers above the recipients, and the fields of RFC 3464 in the text",
        daemon(
            "About the mail with these headers:\n\n  Message-ID: <zomer.1@programma.example>\n"
            "  From: nieuwsbrief@programma.example\n  To: allen@gemeente.example\n  Subject: Zomereditie\n\n"
            f"It failed for:\n  Recipient address: {WHO}\n\n"
            f"Reporting-MTA: dns; mx.gemeente.example\n\nAction: failed\nStatus: 5.2.2 (full)\n"
            f"Final-recipient: rfc822;{WHO}\n"
        ),
        "bounce",
        ((WHO, "failed", "5.2.2", "soft"),),
    ),
    Sample(
        "a robot that signs as no-reply and returns the message",
        mail(
            f"--n\nContent-Type: text/plain\n\nCould not be delivered to: <{WHO}>\nThe mailbox is full.\n"
            f"--n\nContent-Type: message/rfc822\n\n{ORIGINAL}\nDag\n--n--\n",
            From="no-reply@gemeente.example",
            To="nieuwsbrief@programma.example",
            Subject="Bericht",
            **{"Content-Type": "multipart/mixed; boundary=n"},
        ),
        "bounce",
        ((WHO, "failed", None, "soft"),),
    ),
    Sample(
        "Amazon's notification in the envelope of its messages",
        mail(
            '{"Type":"Notification","Message":"{\\"notificationType\\":\\"Complaint\\",\\"complaint\\":'
            '{\\"complainedRecipients\\":[{\\"emailAddress\\":\\"' + WHO + '\\"}]}}"}',
            From="no-reply@sns.example",
            Subject="Notification",
        ),
        "complaint",
        ((WHO, None, None, "unknown"),),
    ),
    Sample(
        "Amazon's notification in JSON",
        mail(
            '{"notificationType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress":"'
            + WHO
            + '","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 unknown"}]}}',
            From="no-reply@sns.example",
            To="nieuwsbrief@programma.example",
            Subject="Notification",
        ),
        "bounce",
        ((WHO, "failed", "5.1.1", "hard"),),
    ),
)

FIELDS = "Feedback-Type: abuse\nUser-Agent: Klik/1\nVersion: 1\n"
COMPLAINTS = (
    Sample("abuse", arf(f"{FIELDS}Original-Rcpt-To: <{WHO}>\n"), "complaint", ((WHO, None, None, "unknown"),)),
    Sample("opt-out", arf(FIELDS.replace("abuse", "opt-out")), "complaint", ((WHO, None, None, "unknown"),)),
    Sample(
        "no User-Agent: for a person (A20)",
        arf("Feedback-Type: abuse\nVersion: 1\n"),
        "other",
        ((WHO, None, None, "unknown"),),
    ),
    Sample(
        "two types: for a person (A20)",
        arf(f"{FIELDS}Feedback-Type: not-spam\n"),
        "other",
        ((WHO, None, None, "unknown"),),
    ),
)

QUOTED = (
    "\n\nOp ma 14 jun. 2027 om 09:30 schreef Programma Voorbeeld <nieuwsbrief@programma.example>:\n"
    "> Zomereditie\n> afmelden\n"
)
ME = ((WHO, None, None, "unknown"),)
LEAVING = (
    Sample("the word in the subject", person("", subject="afmelden"), "unsubscribe", ME),
    Sample("the word in the subject of an answer", person("", subject="RE: Antw: Uitschrijven"), "unsubscribe", ME),
    Sample(
        "a polite sentence", person(f"Graag wil ik mij uitschrijven voor deze nieuwsbrief.{QUOTED}"), "unsubscribe", ME
    ),
    Sample("below a greeting", person(f"Beste redactie,\n\nWilt u mij a.u.b. afmelden?{QUOTED}"), "unsubscribe", ME),
    Sample("a question that asks", person(f"Hallo,\nKunt u mij afmelden?{QUOTED}"), "unsubscribe", ME),
    Sample("a verb in two", person(f"Meld mij af.{QUOTED}"), "unsubscribe", ME),
    Sample(
        "asked in English",
        person("Please unsubscribe me from this list. Thanks!", subject="Re: News"),
        "unsubscribe",
        ME,
    ),
    Sample(
        "asked in German", person("Bitte melden Sie mich vom Newsletter ab.", subject="Re: News"), "unsubscribe", ME
    ),
    Sample("asked in French", person("Veuillez me désinscrire", subject="Re: News"), "unsubscribe", ME),
    Sample(
        "Apple Mail's button, which it calls an automatic reply",
        person(
            "Sent for you.", subject="unsubscribe", **{"Auto-Submitted": "auto-replied", "X-Apple-Unsubscribe": "true"}
        ),
        "unsubscribe",
        ME,
    ),
    Sample(
        "in HTML",
        person("<html><body><div>Uitschrijven graag</div></body></html>", **{"Content-Type": "text/html"}),
        "unsubscribe",
        ME,
    ),
)

ORDINARY = (
    Sample("only in the quotation", person(f"Mooi nummer!{QUOTED}"), "other"),
    Sample("nothing above the quotation", person(QUOTED), "other"),
    Sample("an event, not the newsletter", person("Ik wil mij afmelden voor de bijeenkomst van 21 juni."), "other"),
    Sample(
        "the word alone, about an event",
        person("Helaas kan ik niet bij de bijeenkomst van 21 juni zijn.", subject="Afmelding"),
        "other",
    ),
    Sample("how do others leave?", person("Hoe kan mijn collega zich uitschrijven?"), "other"),
    Sample("do not", person("Ik wil mij niet uitschrijven!"), "other"),
    Sample(
        "about the button", person("De link om af te melden werkt niet.", subject="unsubscribe link broken"), "other"
    ),
    Sample(
        "somebody writes about bounces",
        person(
            f"Collega's, ik krijg steeds\n<{OTHER}>: 550 5.1.1 User unknown\n"
            "undeliverable, wat nu? MAILER-DAEMON zegt niets.",
            subject="Mail delivery failed?",
        ),
        "other",
    ),
    Sample(
        "somebody forwards a bounce",
        person(
            f"> From: MAILER-DAEMON@mx.example\n> Subject: Returned mail\n>\n> <{OTHER}>: 550 5.1.1 User unknown\n",
            subject="Fwd: Returned mail",
        ),
        "other",
    ),
    Sample(
        "somebody forwards a bounce as a part",
        person(
            "--f\nContent-Type: text/plain\n\nZie hieronder.\n--f\nContent-Type: message/rfc822\n\n"
            + dsn(group(OTHER, "5.1.1"))
            + "\n--f--\n",
            **{"Content-Type": "multipart/mixed; boundary=f"},
        ),
        "other",
    ),
    Sample(
        "another newsletter",
        mail(
            "Onderwerp van deze maand: unsubscribe-links.\n",
            From="blad@elders.example",
            Subject="Unsubscribe",
            Precedence="list",
            **{"List-Unsubscribe": "<https://elders.example/u>"},
        ),
        "other",
    ),
    Sample(
        "a postmaster who writes as a person",
        mail("Wanneer verschijnt de volgende?", From="postmaster@gemeente.example", Subject="Vraag"),
        "other",
    ),
    Sample(
        "a postmaster answers a question about a bounce",
        mail(
            f"Die melding is van ons:\n550 5.1.1 <{OTHER}>... User unknown\n\n> wat betekent dit?\n",
            From="postmaster@gemeente.example",
            Subject="Re: Undeliverable",
        ),
        "other",
    ),
    Sample("an empty mail", "", "other"),
    Sample("spam", person("Buy now, 550 items, failed elsewhere", subject="Offer"), "other"),
)

AUTOMATIC = (
    Sample(
        "Dutch, by header",
        person("Ik ben er niet. Afmelden hoeft niet.", **{"Auto-Submitted": "auto-replied"}),
        "auto-reply",
    ),
    Sample("Dutch, by subject", person("Terug op 1 juli.", subject="Automatisch antwoord: Zomereditie"), "auto-reply"),
    Sample("Dutch, absent", person("Terug op 1 juli.", subject="Afwezig: Zomereditie"), "auto-reply"),
    Sample("English", person("Back in July.", subject="Automatic reply: Zomereditie"), "auto-reply"),
    Sample("English, out of office", person("unsubscribe", subject="Out of Office Re: Zomereditie"), "auto-reply"),
    Sample("German", person("Zurück im Juli.", subject="Automatische Antwort: Zomereditie"), "auto-reply"),
    Sample("German, absence", person("Zurück im Juli.", subject="Abwesenheitsnotiz: Zomereditie"), "auto-reply"),
    Sample("French", person("De retour en juillet.", subject="Réponse automatique : Zomereditie"), "auto-reply"),
    Sample("an old vacation program", person("I am out of the office.", Precedence="bulk"), "auto-reply"),
    Sample("X-Autoreply", person("afmelden", **{"X-Autoreply": "yes"}), "auto-reply"),
    Sample(
        "from the null sender, with a number that is no code",
        person(f"Ik ben afwezig. Bel 070-550 511 of mail {OTHER}.", **{"Return-Path": "<>"}),
        "auto-reply",
    ),
    Sample(
        "somebody has left",
        person(
            f"Jan werkt niet meer bij ons, mail {OTHER}.", **{"Auto-Submitted": "auto-replied", "Return-Path": "<>"}
        ),
        "auto-reply",
    ),
    Sample(
        "a ticket number", person("Wij hebben uw vraag ontvangen.", **{"Auto-Submitted": "auto-replied"}), "auto-reply"
    ),
    Sample(
        "a read receipt (RFC 8098)",
        person(
            "--r\nContent-Type: text/plain\n\nGelezen.\n--r\nContent-Type: message/disposition-notification\n\n"
            f"Final-Recipient: rfc822;{WHO}\nDisposition: manual-action/MDN-sent-manually; displayed\n--r--\n",
            **{"Content-Type": "multipart/report; report-type=disposition-notification; boundary=r"},
        ),
        "auto-reply",
    ),
)

SAMPLES = (*STANDARD, *WORDS, *COMPLAINTS, *LEAVING, *ORDINARY, *AUTOMATIC)
