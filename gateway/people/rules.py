"""Which passwords are good enough (NIST SP 800-63B section 3.1.1: length counts, and not being a common one)."""

import unicodedata

SHORTEST = 10
LONGEST = 1024
#: The commonest of at least ten characters; shorter ones are refused anyway.
LISTED = (
    "0123456789 0987654321 1020304050 1111111111 1122334455 11223344556677889900 1234512345 1234567890 12345678900 "
    "12345678910 123456789a 1234567890a 123456789q 1234qwerasdf 1234qwerty 123456qwerty 1q2w3e4r5t 1q2w3e4r5t6y "
    "1qaz2wsx3edc 1qazxsw23edc 3141592653 9876543210 abc1234567 abcd123456 abcd12345678 abcdefghij abcdefghijk "
    "adgjmptw123 administrator america123 asdfghjkl1 asdfghjkl123 asdfghjkl; baseball123 basketball butterfly1 "
    "changeit123 changeme123 changemenow charlie123 chocolate1 computer123 cristina123 default123 dragon12345 "
    "evangelion football123 football1234 fuckyou123 hello12345 helloworld helloworld1 iloveyou12 iloveyou123 "
    "iloveyou1234 internet123 letmein123 letmein1234 letmeinnow liverpool1 liverpool123 manchester master1234 "
    "michael123 mynameis123 newpassword p@ssw0rd12 p@ssw0rd123 p@ssword123 pa$$word123 pass123456 passw0rd12 "
    "passw0rd123 passwd1234 password01 password10 password11 password12 password123 password1234 password12345 "
    "password123456 password2024 password2025 password2026 password99 passwordpassword princess12 princess123 "
    "q1w2e3r4t5 q1w2e3r4t5y6 qazwsx12345 qazwsxedc123 qazwsxedcrfv qwe123qwe123 qwer123456 qwert12345 "
    "qwerty1234 qwerty12345 qwerty123456 qwerty123! qwertyqwerty qwertyuiop qwertyuiop1 qwertyuiop123 qwertzuiop "
    "secret1234 spiderman1 starwars12 starwars123 summer2024 summer2025 summer2026 sunshine12 sunshine123 "
    "superman12 superman123 test123456 testtest12 testtest123 thisisapassword trustno1234 unknown123 welcome123 "
    "welcome1234 welcome2024 welcome2025 welcome2026 whatever12 whatever123 winter2024 winter2025 winter2026 "
    "yourpassword zaq12wsxcde3 zxcvbnm123 zxcvbnm1234"
)
COMMON = frozenset(LISTED.split())


def weakness(password: str, email: str) -> str | None:
    """Return what is wrong with a password in words; None when nothing is.

    Args:
        password: a new one.
        email: of the person; it must not be the password.
    """
    plain = unicodedata.normalize("NFC", password).strip().lower()
    if len(password) < SHORTEST:
        return f"a password has at least {SHORTEST} characters"
    if len(password) > LONGEST:
        return f"a password has at most {LONGEST} characters"
    if plain in {email.lower(), email.lower().partition("@")[0]}:
        return "the e-mail address is not a good password"
    if plain in COMMON or len(set(plain)) < 3:
        return "this is one of the passwords that are tried first"
    return None
