"""National ids: how those of each country are written, their check digits, and the words that stand before them.

Each shape names where its rules are published. One that digits meet easily by chance (no check digit, or one, and no
separators) counts only where a word for it stands before.

A text is searched for the ids of all countries at once: for runs of digits or letters with which one may begin. How
long a run is tells which countries' ids it can be the beginning of, and only those are tried there. Check digits are
added up only where the id would count if they were right.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from gateway.pii import checks
from gateway.pii.context import Context
from gateway.pii.finding import LEAST, Finding
from gateway.pii.words import any_of

#: From so many digits on a run is a whole number, or nearly.
PLAIN_RUN = 7
SEPARATORS = re.compile(r"[ .\-/]")
#: An id neither begins nor ends within a word or a longer number.
LEFT = r"(?<![^\W_])(?<!\d[.,\-/])"
RIGHT = r"(?![^\W_])(?![.,\-/]\d)"
#: What one begins with, up to where most other numbers differ; the group is the first run.
BEGINNING = re.compile(
    rf"{LEFT}(?=\d{{7,18}}(?!\d)|\d{{3}}[ .\-]\d{{2,4}}[ .\-]\d|\d{{4}}[ .\-]\d{{2,4}}[ .\-]\d|\d{{6}}[ \-+A-Z]\d{{3}}"
    r"|\d\d?\.\d\d\d?\.\d\d|\d\d \d{3} \d{3}|\d \d\d \d\d \d|[A-Z]{2} ?\d\d ?\d|[XYZ][ \-]?\d{7}|[A-Z]{4,6}\d\d)"
    r"(\d{1,18}|[A-Z]{1,6})",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """An id of a country.

    Attributes:
        country: ISO 3166.
        name: what it is called there.
        begins: how long the runs of digits, or of letters, are that it begins with.
        written: how it is written.
        check: whether letters and digits, in capitals and without separators, can be one.
        words: what may stand before it, in small letters.
        alone: how sure it is without such a word, written with the separators that are usual.
        plain: the same without separators.
    """

    country: str
    name: str
    begins: str
    written: re.Pattern[str]
    check: Callable[[str], bool]
    words: str
    alone: float
    plain: float


def _shape(
    country: str, name: str, begins: str, written: str, check: Callable[[str], bool], words: str, alone: float,
    plain: float,
) -> Shape:  # fmt: skip
    bounded = re.compile(rf"(?:{written}){RIGHT}", re.IGNORECASE | re.ASCII)
    return Shape(country, name, begins, bounded, check, words, alone, plain)


SHAPES: Sequence[Shape] = (
    # https://www.ssa.gov/employer/randomization.html
    _shape("US", "SSN", "3 9", r"\d{3}([ -])\d{2}\1\d{4}|\d{9}", checks.us_ssn, r"\bssn\b|social security", 0.75, 0.2),
    # https://www.gov.uk/hmrc-internal-manuals/national-insurance-manual/nim39110
    _shape("GB", "NINO", "2", r"[A-Z]{2}( ?)\d{2}\1\d{2}\1\d{2}\1[A-D]", checks.gb_nino,
        r"national insurance|\bni no\b|\bnin\b|\bnino\b|\bni n", 0.9, 0.85),
    # https://www.datadictionary.nhs.uk/attributes/nhs_number.html
    _shape("GB", "NHS number", "3 10", r"\d{3}([ -])\d{3}\1\d{4}|\d{10}", checks.gb_nhs, r"\bnhs\b", 0.4, 0.2),
    # https://www.bzst.de/DE/Privatpersonen/SteuerlicheIdentifikationsnummer
    _shape("DE", "Steuer-ID", "2 11", r"\d{2} \d{3} \d{3} \d{3}|\d{11}", checks.de_tax_id,
        r"steuer|identifikationsnummer|\bidnr|\bid-nr|tax id|\btin\b", 0.85, 0.45),
    # http://www.interior.gob.es/opencms/es/servicios-al-ciudadano/tramites-y-gestiones/dni/calculo-del-digito-de-control
    _shape("ES", "DNI", "1 2 8", r"(?:\d{2}\.\d{3}\.\d{3}|\d{8})[ -]?[A-Z]|[XYZ][ -]?\d{7}[ -]?[A-Z]", checks.es_dni,
        r"\bdni\b|\bnie\b|\bnif\b", 0.92, 0.9),
    # https://www.insee.fr/fr/metadonnees/definition/c1409
    _shape("FR", "NIR", "1 6 13 15", r"[1-478]( ?)\d{2}\1\d{2}\1(?:\d{2}|2[AB])\1\d{3}\1\d{3} ?\d{2}", checks.fr_nir,
        r"s[ée]curit[ée] sociale|\bnir\b|\binsee\b|\bss\b", 0.96, 0.9),
    # D.M. 23 dicembre 1976 n. 13813
    _shape("IT", "Codice fiscale", "6", r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]", checks.it_codice_fiscale,
        r"codice fiscale|\bcf\b|\bc f\b|\bc.f\b|\bc. f\b", 0.97, 0.97),
    # Decreto-Lei 14/2013
    _shape("PT", "NIF", "3 9", r"\d{3} \d{3} \d{3}|\d{9}", checks.pt_nif,
        r"\bnif\b|contribuinte|\bnipc\b", 0.35, 0.2),
    # https://www.gov.br/receitafederal (CPF), Instrução Normativa RFB 1548/2015
    _shape("BR", "CPF", "3 9 11", r"\d{3}\.\d{3}\.\d{3}-\d{2}|\d{9}-\d{2}|\d{11}", checks.br_cpf,
        r"\bcpf\b", 0.96, 0.4),
    # https://nl.wikipedia.org/wiki/Burgerservicenummer (elfproef)
    _shape("NL", "BSN", "4 9", r"\d{4}[. ]\d{2}[. ]\d{3}|\d{9}", checks.nl_bsn,
        r"\bbsn\b|burgerservice|sofi", 0.5, 0.2),
    # https://www.ibz.rrn.fgov.be (numéro de Registre national, rijksregisternummer)
    _shape("BE", "National number", "2 11", r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}|\d{11}", checks.be_national_number,
        r"registre national|rijksregister|\bnn\b|niss|insz", 0.97, 0.4),
    # https://obywatel.gov.pl (PESEL)
    _shape("PL", "PESEL", "11", r"\d{11}", checks.pl_pesel, r"pesel", 0.45, 0.45),
    # https://www.skatteverket.se (personnummer)
    _shape("SE", "Personnummer", "6 8", r"(?:\d{2})?\d{6}[-+]\d{4}", checks.se_personnummer,
        r"person-?nummer|person-?nr", 0.85, 0.85),
    # https://dvv.fi/en/personal-identity-code
    _shape("FI", "Henkilötunnus", "6", r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]", checks.fi_hetu, r"henkil|\bhetu\b", 0.95, 0.95),
    # https://uidai.gov.in (Verhoeff)
    _shape("IN", "Aadhaar", "4 12", r"[2-9]\d{3}([ -])\d{4}\1\d{4}|[2-9]\d{11}", checks.in_aadhaar,
        r"aadhaar|aadhar|uidai|आधार", 0.85, 0.4),
    # https://incometaxindia.gov.in (PAN)
    _shape("IN", "PAN", "5", r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]", bool, r"\bpan\b|पैन", 0.8, 0.8),
    # GB 11643-1999
    _shape("CN", "Resident ID", "17 18", r"\d{17}[\dX]", checks.cn_resident_id, r"身份证|resident id", 0.95, 0.95),
    # https://www.gob.mx/curp
    _shape("MX", "CURP", "4", r"[A-Z]{4}\d{6}[HMX][A-Z]{2}[B-DF-HJ-NP-TV-Z]{3}[0-9A-Z]\d", checks.mx_curp, r"\bcurp\b",
        0.97, 0.97),
    # https://www.registrocivil.cl (RUN)
    _shape("CL", "RUT", "1 2 7 8", r"\d{1,2}\.\d{3}\.\d{3}-[\dK]|\d{7,8}-[\dK]", checks.cl_rut,
        r"\brut\b|\brun\b", 0.93, 0.5),
    # https://www.zas.admin.ch (AHV-Nummer)
    _shape("CH", "AHV", "3 13", r"756\.\d{4}\.\d{4}\.\d{2}|756\d{10}", checks.ch_ahv,
        r"\bahv|\bavs\b|sozialversicherung", 0.98, 0.85),
    # https://www.nvi.gov.tr (T.C. Kimlik No)
    _shape("TR", "TCKN", "11", r"[1-9]\d{10}", checks.tr_kimlik, r"kimlik|\btckn\b|\btc\b", 0.6, 0.6),
    # https://www.dha.gov.za
    _shape("ZA", "ID number", "6 13", r"\d{6} \d{4} \d{3}|\d{13}", checks.za_id, r"\bid\b|identity", 0.85, 0.45),
    # https://www.canada.ca (SIN)
    _shape("CA", "SIN", "3 9", r"\d{3}([ -])\d{3}\1\d{3}|\d{9}", checks.ca_sin,
        r"\bsin\b|\bnas\b|social insurance|assurance sociale", 0.35, 0.2),
)  # fmt: skip
COUNTRIES = tuple(sorted({shape.country for shape in SHAPES}))
WORDS = any_of(*(shape.words for shape in SHAPES))


def find_national_ids(context: Context, countries: Sequence[str] | None = None) -> Iterator[Finding]:
    """Find ids.

    Args:
        context: the text.
        countries: of these only; None: of all that are known.
    """
    text, by_run = context.text, _by_run(None if countries is None else frozenset(countries))
    ends: dict[Shape, int] = {}
    for match in BEGINNING.finditer(text):
        start, run = match.start(), match.end() - match.start()
        said = context.said(WORDS, start)
        # without a word and without separators most count for nothing; only a dash goes on behind so many digits
        bare = not said and run >= PLAIN_RUN and text[match.end() : match.end() + 1] != "-"
        for shape in by_run.get(run, ()):
            if bare and shape.plain < LEAST:
                continue
            whole = shape.written.match(text, start)
            if whole is not None and start >= ends.get(shape, 0):
                ends[shape] = whole.end()
                sure = _confidence(shape, context, start, whole.group(), said)
                if sure >= LEAST and shape.check(_bare(shape, whole.group())):
                    yield Finding("national_id", f"{shape.country} {shape.name}", start, whole.end(), sure)


@lru_cache(64)
def _by_run(countries: frozenset[str] | None) -> Mapping[int, Sequence[Shape]]:
    """Return the ids of some countries by the length of the run that they begin with."""
    shapes = [shape for shape in SHAPES if countries is None or shape.country in countries]
    return {run: [one for one in shapes if str(run) in one.begins.split()] for run in range(1, 19)}


def _confidence(
    shape: Shape, context: Context, start: int, written: str, said: Sequence[tuple[int, str]]
) -> float:  # fmt: skip
    mine = max((at + _within(word)[shape] for at, word in said if shape in _within(word)), default=-1) if said else -1
    if context.is_of_other(start, mine):
        return min(shape.alone, 0.4) if shape.alone < 0.95 else 0.6
    if mine >= 0:
        return 0.97
    return shape.plain if written.isalnum() else shape.alone


def _bare(shape: Shape, written: str) -> str:
    """Return an id in capitals without separators, but with the one that tells a century."""
    return (written if shape.country in {"SE", "FI"} else SEPARATORS.sub("", written)).upper()


@lru_cache(256)
def _within(word: str) -> Mapping[Shape, int]:
    """Return for which ids a word stands, and where in it what tells so begins."""
    found = {shape: [one.start() for one in any_of(shape.words).finditer(word)] for shape in SHAPES}
    return {shape: places[-1] for shape, places in found.items() if places}
