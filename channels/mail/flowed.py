"""Text with soft line breaks (RFC 3676): lines that a program broke for transport are joined again."""

from collections.abc import Iterator, Sequence

from channels.mail import limits

QUOTE = ">"
SIGNATURE = "-- "


def unflowed(text: str, *, delsp: bool) -> str:
    """Join the lines that end in a space with the next one of the same quote depth.

    Args:
        text: with LF line ends. What comes after ``limits.MAX_FLOWED_LINES`` of them stays as it is.
        delsp: the space before a soft break belongs to the break, as for languages that write none.
    """
    *lines, rest = text.split("\n", limits.MAX_FLOWED_LINES)
    if len(lines) < limits.MAX_FLOWED_LINES:
        return "\n".join(_joined([*lines, rest], delsp=delsp))
    return "\n".join([*_joined(lines, delsp=delsp), rest])


def _joined(lines: Sequence[str], *, delsp: bool) -> Iterator[str]:
    """Give the lines that come of some."""
    out: list[list[str]] = []
    open_at: int | None = None
    for line in lines:
        depth = len(line) - len(line.lstrip(QUOTE))
        content = line[depth:].removeprefix(" ")
        is_soft = content.endswith(" ") and content != SIGNATURE
        piece = content[:-1] if is_soft and delsp else content
        if open_at == depth and content != SIGNATURE:
            out[-1].append(piece)
        else:
            out.append([QUOTE * depth, " " if depth and content else "", piece])
        open_at = depth if is_soft else None
    return map("".join, out)
