"""What each column of an imported file holds: as somebody said, or as its name lets one guess."""

from collections.abc import Iterable, Mapping, Sequence

from gateway.store.customers_fields import Field

TEXTS = ("name", "business_name", "customer_code")
ADDRESSES = ("phone", "whatsapp", "email")
#: A column of a custom field is called so, with the field's key behind it.
FIELD = "custom_fields."
#: Once in a file; addresses may stand in several columns.
ONCE = (*TEXTS, "status", "labels")
TARGETS = (*ONCE, *ADDRESSES)

#: How columns are called in files that people have, in small letters and without signs.
KNOWN: Mapping[str, str] = {
    "name": "name", "fullname": "name", "customer": "name", "customername": "name", "contact": "name",
    "kunde": "name", "kundenname": "name",
    "businessname": "business_name", "business": "business_name", "company": "business_name",
    "companyname": "business_name", "firma": "business_name", "unternehmen": "business_name",
    "customercode": "customer_code", "code": "customer_code", "customernumber": "customer_code",
    "customerid": "customer_code", "kundennummer": "customer_code", "kundennr": "customer_code",
    "status": "status", "labels": "labels", "label": "labels", "tags": "labels", "schlagworte": "labels",
    "phone": "phone", "phonenumber": "phone", "telephone": "phone", "mobile": "phone", "number": "phone",
    "telefon": "phone", "telefonnummer": "phone", "handy": "phone", "mobil": "phone",
    "whatsapp": "whatsapp", "whatsappnumber": "whatsapp",
    "email": "email", "emailaddress": "email", "mail": "email", "emailadresse": "email",
}  # fmt: skip


def guessed(columns: Sequence[str], fields: Iterable[Field]) -> list[str | None]:
    """Guess what columns hold; None for those that nothing is known of."""
    known = {
        **{_plain(f.name): FIELD + f.key for f in fields},
        **{_plain(f.key): FIELD + f.key for f in fields},
        **KNOWN,
    }
    found: list[str | None] = []
    for column in columns:
        target = known.get(_plain(column.removeprefix(FIELD)))
        found.append(None if target in found and target not in ADDRESSES else target)
    return found


def faults_of(
    targets: Sequence[str | None], columns: Sequence[str], fields: Mapping[str, Field]
) -> list[tuple[int, str]]:
    """Say which targets are not acceptable, by place: what is wrong with each."""
    found = []
    for place, target in enumerate(targets):
        if target is None:
            continue
        if target not in TARGETS and target.removeprefix(FIELD) not in fields:
            found.append((place, "there is no such field"))
        elif target not in ADDRESSES and target in targets[:place]:
            found.append((place, "another column holds this already"))
    if len(targets) != len(columns):
        found.append((len(targets), f"there are {len(columns)} columns"))
    return found


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
