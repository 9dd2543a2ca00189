"""National ids: how those of each country are written, their check digits, and the words that stand before them.

Each shape names where its rules are published. One that digits meet easily by chance (no check digit, or one, and no
separators) counts only where a word for it stands before.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gateway.pii import checks
from gateway.pii.context import before, is_of_other
from gateway.pii.finding import Finding

SEPARATORS = re.compile(r"[ .\-/]")


@dataclass(frozen=True, slots=True)
class Shape:
    """An id of a country.

    Attributes:
        country: ISO 3166.
        name: what it is called there.
        written: how it is written.
        check: whether letters and digits, in capitals and without separators, can be one.
        words: what may stand before it.
        alone: how sure it is without such a word, written with the separators that are usual.
        plain: the same without separators.
    """

    country: str
    name: str
    written: re.Pattern[str]
    check: Callable[[str], bool]
    words: re.Pattern[str]
    alone: float
    plain: float


def _shape(
    country: str, name: str, written: str, check: Callable[[str], bool], words: str, alone: float, plain: float
) -> Shape:
    bounded = re.compile(rf"(?<![^\W_])(?<!\d[.,\-/])(?:{written})(?![^\W_])(?![.,\-/]\d)", re.IGNORECASE | re.ASCII)
    return Shape(country, name, bounded, check, re.compile(words, re.IGNORECASE), alone, plain)


SHAPES: Sequence[Shape] = (
    # https://www.ssa.gov/employer/randomization.html
    _shape("US", "SSN", r"\d{3}([ -])\d{2}\1\d{4}|\d{9}", checks.us_ssn, r"\bssn\b|social security", 0.75, 0.2),
    # https://www.gov.uk/hmrc-internal-manuals/national-insurance-manual/nim39110
    _shape("GB", "NINO", r"[A-Z]{2}( ?)\d{2}\1\d{2}\1\d{2}\1[A-D]", checks.gb_nino,
        r"national insurance|\bnino?\b|\bni n", 0.9, 0.85),
    # https://www.datadictionary.nhs.uk/attributes/nhs_number.html
    _shape("GB", "NHS number", r"\d{3}([ -])\d{3}\1\d{4}|\d{10}", checks.gb_nhs, r"\bnhs\b", 0.4, 0.2),
    # https://www.bzst.de/DE/Privatpersonen/SteuerlicheIdentifikationsnummer
    _shape("DE", "Steuer-ID", r"\d{2} \d{3} \d{3} \d{3}|\d{11}", checks.de_tax_id,
        r"steuer|identifikationsnummer|\bidnr|\bid-?nr|tax id|\btin\b", 0.85, 0.45),
    # http://www.interior.gob.es/opencms/es/servicios-al-ciudadano/tramites-y-gestiones/dni/calculo-del-digito-de-control
    _shape("ES", "DNI", r"(?:\d{2}\.\d{3}\.\d{3}|\d{8})[ -]?[A-Z]|[XYZ][ -]?\d{7}[ -]?[A-Z]", checks.es_dni,
        r"\bdni\b|\bnie\b|\bnif\b", 0.92, 0.9),
    # https://www.insee.fr/fr/metadonnees/definition/c1409
    _shape("FR", "NIR", r"[1-478]( ?)\d{2}\1\d{2}\1(?:\d{2}|2[AB])\1\d{3}\1\d{3} ?\d{2}", checks.fr_nir,
        r"s[ée]curit[ée] sociale|\bnir\b|\binsee\b|\bss\b", 0.96, 0.9),
    # D.M. 23 dicembre 1976 n. 13813
    _shape("IT", "Codice fiscale", r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]", checks.it_codice_fiscale,
        r"codice fiscale|\bc\.? ?f\b", 0.97, 0.97),
    # Decreto-Lei 14/2013
    _shape("PT", "NIF", r"\d{3} \d{3} \d{3}|\d{9}", checks.pt_nif, r"\bnif\b|contribuinte|\bnipc\b", 0.35, 0.2),
    # https://www.gov.br/receitafederal (CPF), Instrução Normativa RFB 1548/2015
    _shape("BR", "CPF", r"\d{3}\.\d{3}\.\d{3}-\d{2}|\d{9}-\d{2}|\d{11}", checks.br_cpf, r"\bcpf\b", 0.96, 0.4),
    # https://nl.wikipedia.org/wiki/Burgerservicenummer (elfproef)
    _shape("NL", "BSN", r"\d{4}[. ]\d{2}[. ]\d{3}|\d{9}", checks.nl_bsn, r"\bbsn\b|burgerservice|sofi", 0.5, 0.2),
    # https://www.ibz.rrn.fgov.be (numéro de Registre national, rijksregisternummer)
    _shape("BE", "National number", r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}|\d{11}", checks.be_national_number,
        r"registre national|rijksregister|\bnn\b|niss|insz", 0.97, 0.4),
    # https://obywatel.gov.pl (PESEL)
    _shape("PL", "PESEL", r"\d{11}", checks.pl_pesel, r"pesel", 0.45, 0.45),
    # https://www.skatteverket.se (personnummer)
    _shape("SE", "Personnummer", r"(?:\d{2})?\d{6}[-+]\d{4}", checks.se_personnummer, r"person-?(?:nummer|nr)",
        0.85, 0.85),
    # https://dvv.fi/en/personal-identity-code
    _shape("FI", "Henkilötunnus", r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]", checks.fi_hetu, r"henkil|\bhetu\b", 0.95, 0.95),
    # https://uidai.gov.in (Verhoeff)
    _shape("IN", "Aadhaar", r"[2-9]\d{3}([ -])\d{4}\1\d{4}|[2-9]\d{11}", checks.in_aadhaar,
        r"aadhaar|aadhar|uidai|आधार", 0.85, 0.4),
    # https://incometaxindia.gov.in (PAN)
    _shape("IN", "PAN", r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]", bool, r"\bpan\b|पैन", 0.8, 0.8),
    # GB 11643-1999
    _shape("CN", "Resident ID", r"\d{17}[\dX]", checks.cn_resident_id, r"身份证|resident id", 0.95, 0.95),
    # https://www.gob.mx/curp
    _shape("MX", "CURP", r"[A-Z]{4}\d{6}[HMX][A-Z]{2}[B-DF-HJ-NP-TV-Z]{3}[0-9A-Z]\d", checks.mx_curp, r"\bcurp\b",
        0.97, 0.97),
    # https://www.registrocivil.cl (RUN)
    _shape("CL", "RUT", r"\d{1,2}\.\d{3}\.\d{3}-[\dK]|\d{7,8}-[\dK]", checks.cl_rut, r"\brut\b|\brun\b", 0.93, 0.5),
    # https://www.zas.admin.ch (AHV-Nummer)
    _shape("CH", "AHV", r"756\.\d{4}\.\d{4}\.\d{2}|756\d{10}", checks.ch_ahv,
        r"\bahv|\bavs\b|sozialversicherung", 0.98, 0.85),
    # https://www.nvi.gov.tr (T.C. Kimlik No)
    _shape("TR", "TCKN", r"[1-9]\d{10}", checks.tr_kimlik, r"kimlik|\btckn\b|\btc\b", 0.6, 0.6),
    # https://www.dha.gov.za
    _shape("ZA", "ID number", r"\d{6} \d{4} \d{3}|\d{13}", checks.za_id, r"\bid\b|identity", 0.85, 0.45),
    # https://www.canada.ca (SIN)
    _shape("CA", "SIN", r"\d{3}([ -])\d{3}\1\d{3}|\d{9}", checks.ca_sin,
        r"\bsin\b|\bnas\b|social insurance|assurance sociale", 0.35, 0.2),
)  # fmt: skip
COUNTRIES = tuple(sorted({shape.country for shape in SHAPES}))


def find_national_ids(text: str, countries: Sequence[str] | None = None) -> Iterator[Finding]:
    """Find ids.

    Args:
        countries: of these only; None: of all that are known.
    """
    for shape in SHAPES:
        if countries is not None and shape.country not in countries:
            continue
        for match in shape.written.finditer(text):
            bare = (
                SEPARATORS.sub("", match.group()).upper()
                if shape.country not in {"SE", "FI"}
                else match.group().upper()
            )
            if shape.check(bare):
                sure = _confidence(shape, text, match)
                yield Finding("national_id", f"{shape.country} {shape.name}", match.start(), match.end(), sure)


def _confidence(shape: Shape, text: str, match: re.Match[str]) -> float:
    stretch = before(text, match.start())
    if is_of_other(stretch, shape.words):
        return min(shape.alone, 0.4) if shape.alone < 0.95 else 0.6
    if shape.words.search(stretch):
        return 0.97
    return shape.alone if SEPARATORS.search(match.group()) else shape.plain
