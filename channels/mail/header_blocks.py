"""Outlook's way to quote: a block of From, Sent, To, Subject, and nothing marked below it."""

import re
from collections.abc import Sequence

LABELS = {
    "from": "from von de da van fra från od lähettäjä от 发件人 寄件者 差出人 보낸사람 gönderen",
    "sent": "sent date gesendet datum envoyé enviado enviada inviato verzonden sendt skickat data fecha wysłano dato "
    "lähetetty отправлено дата 发送时间 日期 送信日時 gönderildi",
    "to": "to an à para a aan til till do vastaanottaja кому 收件人 宛先 받는사람 kime",
    "subject": "subject betreff objet asunto oggetto onderwerp emne ämne assunto temat aihe тема konu 主题 主旨 件名",
    "cc": "cc kopie copie copia kopia",
}
KINDS = {word: kind for kind, words in LABELS.items() for word in words.split()}
LABEL = re.compile(r"\s{0,10}[*_]{0,2}([^\W\d_]{1,20})(?:\s(?:el|em))?\s{0,3}[*_]{0,2}\s{0,3}[:\uff1a]")
ORIGINAL = re.compile(
    r"(?i)\s*-{2,}\s*(?:original (?:message|appointment)|ursprüngliche nachricht|originalnachricht|"
    r"message d.origine|message original|mensaje original|messaggio originale|oorspronkelijk bericht|"
    r"mensagem original|originalmeddelande|ursprungligt meddelande|oprindelig meddelelse|"
    r"opprinnelig melding|alkuperäinen viesti|"
    r"wiadomość oryginalna|исходное сообщение|原始邮件|原始郵件|元のメッセージ)\s*-{2,}\s*"
)
DASHED = re.compile(r"\s*-{3,}[^-].{1,300}\s-{3,}\s*")
FORWARDED = re.compile(
    r"(?i)\s*(?:-{2,}\s*(?:forwarded (?:message|by).{0,80}|weitergeleitete nachricht|message transféré|"
    r"mensaje reenviado|messaggio inoltrato|mensagem encaminhada|doorgestuurd bericht|"
    r"vidarebefordrat meddelande|"
    r"videresendt (?:meddelelse|melding)|przekazana wiadomość|пересылаемое сообщение|转发的邮件)\s*-{2,}"
    r"|begin forwarded message:|anfang der weitergeleiteten nachricht:"
    r"|début du message (?:transféré|réexpédié).{0,3}:"
    r"|inizio messaggio inoltrato:|inicio del mensaje reenviado:|begin doorgestuurd bericht:)\s*"
)
SENDER = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,255}|[:\uff1a][*_\s]{0,6}[\"“„«]")
DATE = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)|\d{1,2}[./-]\d{1,2}[./-]\d{2}(?!\d)")
TIME = re.compile(r"(?<!\d)\d{1,2}[:.h]\d{2}(?!\d)|\d{1,2}時")
RULE = re.compile(r"\s*_{10,}\s*")
MAX_BLOCK = 10


def is_forward_mark(line: str) -> bool:
    """Tell whether below this line stands forwarded mail: content, not a quote."""
    return len(line) <= 300 and FORWARDED.fullmatch(line) is not None


def is_original_mark(line: str) -> bool:
    """Tell whether a line such as ``-----Original Message-----`` stands here."""
    return len(line) <= 400 and ORIGINAL.fullmatch(line) is not None


def is_dashed(line: str) -> bool:
    """Tell whether text stands between dashes, as in ``---- Jane wrote ----``."""
    return len(line) <= 400 and DASHED.fullmatch(line) is not None


def begins_header_block(lines: Sequence[str], at: int) -> bool:
    """Tell whether at least three kinds of header labels follow, From or Sent first.

    People write such lines too (from, to and subject of a journey): the block has to show an address or a name in
    quotes as its sender, or when it was sent to the minute. A line of underscores before all four labels will do.
    """
    ruled = RULE.fullmatch(lines[at][:200]) is not None
    if ruled:
        at = next((n for n in range(at + 1, min(at + 4, len(lines))) if lines[n].strip()), len(lines))
    if at >= len(lines) or _kind(lines[at]) not in ("from", "sent"):
        return False
    block: dict[str, str] = {}
    for line in lines[at : at + MAX_BLOCK]:
        if not line.strip():
            break
        if (kind := _kind(line)) not in (None, "cc"):
            block.setdefault(str(kind), line)
    if len(block) < 3 or "from" not in block:
        return False
    sent = block.get("sent", "")
    return bool(
        SENDER.search(block["from"]) or (DATE.search(sent) and TIME.search(sent)) or (ruled and len(block) == 4)
    )


def _kind(line: str) -> str | None:
    label = LABEL.match(line)
    return KINDS.get(label[1].lower()) if label is not None else None
