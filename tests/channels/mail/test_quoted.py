"""Of a reply its new part is shown, and in doubt all of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.mail.quoted import Fold, folds, unfolded, visible_reply

ATTRIBUTIONS = [
    "On Tue, Sep 15, 2026 at 11:58 AM Acme Support <\na@example.org> wrote:",
    "On 15/09/2026 11:58, Acme wrote:",
    "On Tue, Sep 15, 2026 at 11:58 AM Acme Support Team of Someone\nwith a long name\n<a@example.org> wrote:",
    "> On 15 Sep 2026, at 11:58, Acme <a@example.org> wrote:",
    "Am Di., 15. Sept. 2026 um 11:58 Uhr schrieb Acme <\na@example.org>:",
    "Am 15.09.26 um 11:58 schrieb Acme:",
    "Le mar. 15 sept. 2026 à 11:58, Acme <a@example.org> a écrit :",
    "El mar, 15 sept 2026 a las 11:58, Acme (<a@example.org>) escribió:",
    "Il giorno mar 15 set 2026 alle ore 11:58 Acme <a@example.org> ha scritto:",
    "Op di 15 sep. 2026 om 11:58 schreef Acme <\na@example.org>:",
    "Op 15-09-2026 om 11:58 heeft Acme het volgende geschreven:",
    "Em ter., 15 de set. de 2026 às 11:58, Acme <a@example.org> escreveu:",
    "Den tirs. 15. sep. 2026 kl. 11.58 skrev Acme <a@example.org>:",
    "wt., 15 wrz 2026 o 11:58 Acme <a@example.org> napisał(a):",
    "ti 15. syysk. 2026 klo 11.58 Acme (a@example.org) kirjoitti:",
    "вт, 15 сент. 2026 г. в 11:58, Acme <a@example.org>:",
    "在 2026年9月15日 星期二 11:58,Acme <a@example.org> 写道\uff1a",
    "2026年9月15日(火) 11:58 Acme <a@example.org>:",
    "Vào Th 3, 15 thg 9, 2026 vào lúc 11:58 Acme <a@example.org> đã viết:",
    "2026/9/15 Acme <a@example.org>:",
    "Acme Support wrote:",
]
CUTS = [
    "-----Original Message-----\nFrom: A\nSent: B\nTo: C\nSubject: D\n\nx",
    "-----Ursprüngliche Nachricht-----\nVon: A\nGesendet: B\nAn: C\nBetreff: D\n\nx",
    "Von: A <a@example.org>\nGesendet: Dienstag, 15. September 2026 11:58\nAn: C\nBetreff: D\n\nx",
    "De : A <a@example.org>\nEnvoyé : mardi 15\nÀ : C\nObjet : D\n\nx",
    "De: A\nEnviado el: martes, 15 de septiembre de 2026 11:58\nPara: C\nAsunto: D\n\nx",
    "发件人\uff1aA\n发送时间\uff1a2026年9月15日 11:58\n收件人\uff1aC\n主题\uff1aD\n\nx",
    'From: "Acme, Support"\nTo: C\nSubject: D\n\nx',
    "Sent from Outlook for Android",
    "Sent from Mail for Windows",
    "Sent from my phone",
    "Enviado desde mi iPhone",
    "Отправлено с iPhone",
    "Lähetetty puhelimesta",
    "*From:* A <a@example.org>\n*Sent:* Tue\n*To:* C\n*Subject:* D\n\nx",
    "________________________________\n\nFrom: A <a@example.org>\nDate: Tue\nTo: C\nSubject: D\n\nx",
    "---- On Tue, 15 Sep 2026 11:58:00 +0200 Acme <a@example.org> wrote ----\n\nx",
    "Sent with Proton Mail secure email.\n\nOn Tuesday, September 15th, 2026 at 11:58, A <a@example.org> wrote:\n\n> x",
    "-- \nJane\nExample Org",
    "--\nJane",
    "Sent from my iPhone",
    "Von meinem iPhone gesendet",
    "Get Outlook for iOS<https://aka.ms/x>\n________________________________\nFrom: A\nSent: x\nTo: C\nSubject: D\nx",
    "## Please reply above this line ##\nfoo",
    "##- Please type your reply above this line -##\nfoo",
    "> quoted\n> more",
]
KEPT = [
    "see\n\nBegin forwarded message:\n\nFrom: A\nSubject: B\nDate: C\nTo: D\n\nx",
    "see\n\n---------- Forwarded message ---------\nFrom: A\nDate: B\nSubject: C\nTo: D\n\nx",
    "> only\n> quoted",
    "> question\n\nanswer",
    "> q1\n\nyes\n\n> q2\n\nno",
    "Hi\n\nOn Tue, Sep 15, 2026 at 11:58 AM A <a@example.org> wrote:\n> q1\nyes\n> q2\nno",
    "On 3 May 2026 I ordered. Then nothing.\nPlease help",
    "The list:\n- a\n- b",
    "In your mail of 12.09.2026 you wrote:\nthat it ships.\nIt did not.",
    "On Monday we agreed, and then Bob wrote:\nnothing at all.",
    "Question\n\n__________\nmore text",
    "Yes\nSent via DHL on Monday, tracking 123456",
    "Yes\nSent with Royal Mail",
    "Sí\nEnviado con MRW el lunes",
    "Ja\nVerzonden met PostNL, 3SABC",
    "Ja\nGesendet mit DHL am Montag",
    "Ok\nLähetetty maanantaina",
    "Да\nОтправлено почтой вчера",
    "My list:\n--\ntwo chairs\n--\none table",
    "Thanks\n--\n" + "and this is what happened next\n" * 12 + "bye",
    "Please book\n\nFrom: 1 May 2026\nTo: 5 May 2026\nSubject: room 5\nand add breakfast",
    "Prego\n\nData: 5 maggio\nDa: Roma\nA: Milano\nOggetto: treno\ndue posti",
    "Prego\n\nData: 5 maggio 2026\nDa: Roma\nA: Milano\nOggetto: treno\ndue posti",
    "From: my side all good\nTo: do\nthanks",
    "-- \nJane",
    "",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_what_stands_below_an_attribution_is_a_quote(attribution: str) -> None:
    quoted = "> > x\n> y" if attribution.startswith(">") else "> x\n>\n> y"
    assert visible_reply(f"Yes.\n\nBye\n\n{attribution}\n\n{quoted}\n") == "Yes.\n\nBye"


@pytest.mark.parametrize(
    "own", ["Yes please", "Hi Bob,\n\nyes please", "请退款", "one\ntwo\nthree\nfour", "On 3 May 2026 I paid"]
)
@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_no_empty_line_need_stand_above_an_attribution(own: str, attribution: str) -> None:
    assert visible_reply(f"{own}\n{attribution}\n> x\n> y") == own


@pytest.mark.parametrize(
    "attribution",
    [
        "2026-09-21 13:00 Acme <a@example.org>:",
        "2026-09-21 13:00 Acme <a@example.org>",
        "2026년 9월 15일 (화) 오전 11:58, Acme <a@example.org>님이 작성:",
        "On 15 Sep 2026, at 11:58,\nAcme <a@example.org> wrote:",
        "On Tue, Sep 15, 2026 at 11:58 AM\nAcme <a@example.org> wrote:",
        "On Tue, Sep 15, 2026 at 11:58 AM Acme Support Team of Someone\nwith a name <a@example.org> wrote:",
        "wt., 15 wrz 2026 o 11:58 Acme\n<a@example.org> napisał(a):",
        "Op 15-09-2026 om 11:58 heeft Acme\nhet volgende geschreven:",
        "вт, 15 сент. 2026 г. в 11:58, Acme\n<a@example.org>:",
        "Acme <a@example.org>\nwrote:",
    ],
)
def test_an_attribution_in_pieces_takes_nothing_from_above(attribution: str) -> None:
    assert visible_reply(f"Hi,\n\nrefund\nme please\n{attribution}\n> x") == "Hi,\n\nrefund\nme please"
    assert visible_reply(f"Hi,\n\nyes\n\n{attribution}\n\n> x") == "Hi,\n\nyes"


@pytest.mark.parametrize(
    "own",
    ["On 3 May 2026 I ordered it", "Am 15.09.2026 habe ich bezahlt", "On 21/09/2026 I paid 100", "Hi, it was 10.50"],
)
def test_a_line_of_the_customer_with_a_date_begins_no_attribution(own: str) -> None:
    assert visible_reply(f"{own}\nAcme <a@example.org> wrote:\n> x") == own


@pytest.mark.parametrize("below", CUTS)
def test_other_marks_of_quotes_and_signatures_cut_too(below: str) -> None:
    assert visible_reply(f"Ok\n\n{below}") == "Ok"


@pytest.mark.parametrize("text", KEPT)
def test_in_doubt_everything_is_kept(text: str) -> None:
    assert visible_reply(text) == text


def test_an_answer_below_the_quote_is_found() -> None:
    quote = "On Tue, Sep 15, 2026 at 11:58 AM A <a@example.org> wrote:\n> q1\n> q2"
    assert visible_reply(f"{quote}\n\nMy answer") == "My answer"
    assert visible_reply(f"Hello\n\n{quote}\n\nMy answer\n-- \nJ") == "Hello\n\nMy answer"


@pytest.mark.parametrize("subject", ["Fwd: x", "FW: x", "WG: x", "Fw : x"])
def test_a_forward_is_kept_whole(subject: str) -> None:
    text = "see below\n\nFrom: A <a@example.org>\nSent: B\nTo: C\nSubject: D\n\nx"
    assert visible_reply(text, subject) == text
    assert visible_reply(text, f"Re: {subject}") == "see below"


def test_an_answer_to_a_forward_is_cut() -> None:
    text = "thanks\n\nOn 15 Sep 2026, A <a@example.org> wrote:\n> ---------- Forwarded message ---------\n> x"
    assert visible_reply(text) == "thanks"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Ok\n\nOn 15 Sep 2026, A <a@example.org> wrote:\n> x\n> y", [("quote", 2, 5)]),
        ("Ok\n\n-- \nJane\nExample Org", [("signature", 2, 5)]),
        ("Ok\n\nSent from my iPhone", [("signature", 2, 3)]),
        (
            "Ok\n-- \nJane\n\nOn 15 Sep 2026, A <a@example.org> wrote:\n> x",
            [("signature", 1, 4), ("quote", 4, 6)],
        ),
        (
            "Hi\n\nOn 15 Sep 2026, A <a@example.org> wrote:\n> x\n\nMine\n-- \nJane",
            [("quote", 2, 5), ("signature", 6, 8)],
        ),
        ("one\n--\ntwo\n-- \nJane", [("signature", 3, 5)]),
        ("one\n-- \ntwo\n-- \nJane", [("signature", 3, 5)]),
        ("Just this", []),
        ("> only\n> quoted", []),
    ],
)
def test_quote_and_signature_can_be_folded_each(text: str, wanted: list[tuple[str, int, int]]) -> None:
    assert folds(text) == tuple(Fold(*one) for one in wanted)


@given(st.lists(st.sampled_from(["", "word", "> quoted", "-- ", "Sent from my iPhone", "A <a@x.org> wrote:", "  "])))
def test_folds_are_in_order_and_leave_a_text(lines: list[str]) -> None:
    text = "\n".join(lines)
    found = folds(text)
    ends = [place for fold in found for place in (fold.start, fold.end)]
    assert ends == sorted(ends)
    assert all(fold.start < fold.end <= len(lines) for fold in found)
    assert bool(unfolded(text, found)) is bool(text.strip())
    assert visible_reply(text) == (unfolded(text, found) if found else text.rstrip())
