"""What stands before a number tells what it is: words for it, or for something else.

A text is searched for each list of words once, and only when a number asks for them; what stands before a number is
then found by halving. So it costs the same whether a text holds one number or thousands.
"""

import re
from bisect import bisect_left, bisect_right

from gateway.pii.words import any_of

#: So far back words count.
REACH = 48

#: A number after one of these is no personal one, whatever its digits add up to.
OTHER = any_of(
    r"order|track|parcel|shipment|invoice|ticket|reference|\bref\b|booking|serial|batch|article|sku|item|model|version",
    r"build|commit|transaction|receipt|request|session|timestamp|\blot\b|uuid|\bean\b|isbn|imei|latitude|longitude",
    "coordinates|price|total|amount|barcode|customer n",
    "kunden-?nummer|kunden-?nr|mitglieds-?nummer|mitglieds-?nr|z[äa]hler|bestell|auftrag|rechnung|sendung|paket",
    "vorgang|artikel|serien|charge|beleg|buchung|koordinat|preis|betrag",
    "pedido|factura|seguimiento|env[ií]o|referencia|reserva|art[ií]culo|serie|precio|importe",
    "commande|facture|suivi|colis|r[ée]f[ée]rence|r[ée]servation|prix|montant|s[ée]rie",
    "encomenda|fatura|rastre|refer[êe]ncia|nota fiscal|protocolo|pre[çc]o|valor",
    "bestelling|factuur|zending|ordine|fattura|spedizione",
    "订单|单号|运单|快递|发票|编号|ऑर्डर|चालान|ट्रैकिंग|طلب|شحنة|فاتورة",
)

#: Where a sentence or a line ends, what comes before is of something else. A dot within "Tel." ends none.
BREAK = re.compile(r"[\n;!?。]|\.\s{1,3}(?=[A-ZÄÖÜÉÀÁÍÓÚ])")


class Context:
    """A text, and where words stand in it.

    Attributes:
        text: as detectors read it.
        lower: the same in small letters, in which lists of words are written; as long as the text.
    """

    __slots__ = ("_breaks", "_said", "_since", "_starts", "_words", "lower", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        lower = text.lower()
        # İ becomes two characters, and is the only letter that does
        self.lower = lower if len(lower) == len(text) else text.replace("\u0130", "I").lower()
        self._words: dict[re.Pattern[str], tuple[list[int], list[int]]] = {}
        self._breaks: list[int] | None = None
        self._starts: list[int] = []
        self._since = (-1, 0)
        self._said: dict[re.Pattern[str], tuple[int, list[tuple[int, str]]]] = {}

    def since(self, start: int) -> int:
        """Return from where on words count that stand before a place: at most so far back, and in the same sentence."""
        if self._breaks is None:
            self._breaks, self._starts = [], []
            for one in BREAK.finditer(self.text):
                line = one.group().rfind("\n") + 1
                end = one.start() + line if line else one.end()
                self._starts.append(end)
                # a dot alone ends a sentence only when the next one has begun before the number
                self._breaks.append(end if line or one.end() == one.start() + 1 else end + 1)
        if self._since[0] != start:  # of one number, many detectors ask the same
            place = bisect_right(self._breaks, start) - 1
            self._since = (start, max(start - REACH, self._starts[place] if place >= 0 else 0))
        return self._since[1]

    def last(self, words: re.Pattern[str], start: int) -> int:
        """Return where the last of some words begins that counts at a place; -1: none does."""
        starts, ends = self._places(words)
        place = bisect_right(ends, start) - 1
        return starts[place] if place >= 0 and starts[place] >= self.since(start) else -1

    def said(self, words: re.Pattern[str], start: int) -> list[tuple[int, str]]:
        """Return what stands there of some words, and where: all that count at a place."""
        known = self._said.get(words)
        if known is not None and known[0] == start:
            return known[1]
        starts, ends = self._places(words)
        until = bisect_right(ends, start)
        since = bisect_left(starts, self.since(start), 0, until) if until else 0
        said = [(starts[place], self.lower[starts[place] : ends[place]]) for place in range(since, until)]
        self._said[words] = (start, said)
        return said

    def is_of_other(self, start: int, mine: int = -1) -> bool:
        """Tell whether the last word before a place that names anything names something else.

        Args:
            start: the place.
            mine: where the last word for what it would be begins.
        """
        return self.last(OTHER, start) > mine

    def _places(self, words: re.Pattern[str]) -> tuple[list[int], list[int]]:
        """Return where words begin and end; they don't overlap."""
        places = self._words.get(words)
        if places is None:
            found = list(words.finditer(self.lower))
            places = self._words[words] = ([one.start() for one in found], [one.end() for one in found])
        return places
