"""What stands before a number tells what it is: words for it, or for something else."""

import re
from functools import lru_cache

#: So far back words count.
REACH = 48

#: A number after one of these is no personal one, whatever its digits add up to.
OTHER = re.compile(
    r"order|tracking|track|parcel|shipment|invoice|ticket|reference|\bref\b|booking|serial|batch|article|sku|item|model"
    r"|version|build|commit|transaction|receipt|request|session|timestamp|\blot\b|uuid|\bean\b|isbn|imei|latitude"
    r"|longitude|coordinates|price|total|amount|barcode"
    r"|kunden-?(?:nummer|nr)|customer n|mitglieds-?(?:nummer|nr)|z[äa]hler"
    r"|bestell|auftrag|rechnung|sendung|paket|vorgang|artikel|serien|charge|beleg|buchung|koordinat|preis|betrag"
    r"|pedido|factura|seguimiento|env[ií]o|referencia|reserva|art[ií]culo|serie|precio|importe"
    r"|commande|facture|suivi|colis|r[ée]f[ée]rence|r[ée]servation|prix|montant|s[ée]rie"
    r"|encomenda|fatura|rastre|refer[êe]ncia|nota fiscal|protocolo|pre[çc]o|valor"
    r"|bestelling|factuur|zending|ordine|fattura|spedizione|订单|单号|运单|快递|发票|编号|ऑर्डर|चालान|ट्रैकिंग|طلب|شحنة|فاتورة",
    re.IGNORECASE,
)


#: Where a sentence or a line ends, what comes before is of something else. A dot within "Tel." ends none.
BREAK = re.compile(r"[\n;!?。]|\.\s{1,3}(?=[A-ZÄÖÜÉÀÁÍÓÚ])")


def before(text: str, start: int) -> str:
    """Return what stands before a place, in the same sentence."""
    stretch = text[max(start - REACH, 0) : start]
    place = 0
    for one in BREAK.finditer(stretch):
        place = one.end()
    return stretch[place:]


def is_of_other(stretch: str, mine: re.Pattern[str] | None = None) -> bool:
    """Tell whether the last word that names anything names something else.

    Args:
        stretch: what stands before the number.
        mine: words for what it would be.
    """
    other = _last(OTHER, stretch)
    return other >= 0 and (mine is None or other > _last(mine, stretch))


@lru_cache(maxsize=512)  # of one number, many detectors ask the same
def _last(words: re.Pattern[str], stretch: str) -> int:
    place = -1
    for one in words.finditer(stretch):
        place = one.start()
    return place
