"""Lists of words as patterns that a text is searched for at once.

A list is a tree by first letters: at each place of a text one letter is compared, and not every word. All words begin
with a letter as it is, so that places where none begins are passed over without a try.
"""

import re
from typing import TypeAlias

ELEMENT = re.compile(r"(?:\\b|\[[^\[\]]+\]|[^\\\[])\??")
Tree: TypeAlias = "dict[str, Tree]"
END = ""


def any_of(*words: str) -> re.Pattern[str]:
    r"""Return what finds any of some words, in a text of small letters.

    Args:
        words: each one, or several with ``|`` between them. ``[ée]`` is one of these letters, ``e?`` one that may be
            missing, and ``\b`` the bound of a word; where it stands first, all in the word has to be there.
    """
    tree: Tree = {}
    for word in "|".join(words).split("|"):
        node = tree
        for element in _elements(word):
            node = node.setdefault(element, {})
        node[END] = {}
    return re.compile(_written(tree))


def _elements(word: str) -> list[str]:
    r"""Return what a word is made of. A bound in front of it is looked for behind it, so that a letter comes first."""
    bare = word.removeprefix(r"\b")
    elements = [one if one.startswith(("[", "\\")) else re.escape(one[0]) + one[1:] for one in ELEMENT.findall(bare)]
    if bare == word:
        return elements
    letters = [one for one in elements if one != r"\b"]
    return [*letters, rf"(?<!\w{''.join(letters)})", *elements[len(letters) :]]


def _written(tree: Tree) -> str:
    """Return the pattern of a tree; of words that begin alike the longer one is found."""
    branches = [element + _written(below) for element, below in tree.items() if element]
    if not branches:
        return ""
    whole = branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
    return f"(?:{whole})?" if END in tree else whole
