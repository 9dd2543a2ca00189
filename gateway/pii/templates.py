"""Custom patterns: templates of numbers and codes, such as ``AB-999999``, that anybody can write.

========== ==============================================
``9``      a digit
``a``      a letter
``*``      a letter or a digit
``?``      what stands before it may be missing (four times at most)
``"…"``    the text between the quotes, whatever is in it
all else   itself, capitals and small letters being the same; a blank is one blank or none
========== ==============================================

There is no repetition and no choice: what a template costs grows with the text alone. A match neither begins nor ends
within a word.
"""

import re

from gateway.pii.finding import Finding

LONGEST = 64
#: With quotes and question marks.
LONGEST_WRITTEN = 4 * LONGEST
MOST_MISSING = 4
LEAST_FIXED = 4
CLASSES = {"9": r"\d", "a": r"[^\W\d_]", "*": r"[^\W_]", " ": " ?"}


class TemplateInvalid(ValueError):
    """A template that can't be used; its words say what to change."""


def compiled(template: str) -> re.Pattern[str]:
    """Return what finds a template.

    Raises:
        TemplateInvalid: when it is too long, too vague, or not complete.
    """
    if len(template) > LONGEST_WRITTEN:
        raise TemplateInvalid(f"the pattern may have at most {LONGEST} characters")
    elements = _elements(template)
    if not elements:
        raise TemplateInvalid("the pattern is empty")
    fixed = sum(1 for element, optional in elements if not optional and element != " ?")
    if len(elements) > LONGEST:
        raise TemplateInvalid(f"the pattern may have at most {LONGEST} characters")
    if sum(optional for _, optional in elements) > MOST_MISSING:
        raise TemplateInvalid(f"at most {MOST_MISSING} characters may be followed by ?")
    if fixed < LEAST_FIXED:
        raise TemplateInvalid(f"at least {LEAST_FIXED} characters have to be there, or nearly everything would match")
    if all(element in {CLASSES["a"], CLASSES["*"]} for element, _ in elements):
        raise TemplateInvalid("a pattern of nothing but letters matches every word: add digits, or a text of its own")
    body = "".join(element + ("?" if optional else "") for element, optional in elements)
    return re.compile(rf"(?<![^\W_]){body}(?![^\W_])", re.IGNORECASE)


def find_custom(text: str, pattern: re.Pattern[str], name: str) -> list[Finding]:
    """Find a template; ``name`` is what is told of it."""
    return [Finding("custom", name, one.start(), one.end(), 0.9) for one in pattern.finditer(text)]


def _elements(template: str) -> list[tuple[str, bool]]:
    """Return the elements of a template, and whether each may be missing."""
    elements: list[tuple[str, bool]] = []
    quoted = False
    for one in template:
        if one == '"':
            quoted = not quoted
        elif quoted:
            elements.append((re.escape(one), False))
        elif one == "?":
            if not elements or elements[-1][1] or elements[-1][0] == CLASSES[" "]:
                raise TemplateInvalid("? has to follow a character that may be missing")
            elements[-1] = (elements[-1][0], True)
        elif not one.isprintable():
            raise TemplateInvalid("the pattern holds a character that nobody sees")
        else:
            elements.append((CLASSES.get(one, re.escape(one)), False))
    if quoted:
        raise TemplateInvalid('a quote is not closed: "')
    return elements
