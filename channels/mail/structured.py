"""Structured header fields (RFC 5322, 3.2): quoted strings, and comments, which nest and may hold any character."""

from channels.mail import limits


def structure(text: str) -> str | None:
    """Return a header value so that its ";", "=" and white space are those that its writer meant.

    A comment becomes a space; in a quoted string only what a domain or an address is made of stays, and "_" stands for
    the rest. A sender chooses what stands in both: neither may look like a result.

    Returns:
        The text; None when a quoted string or a comment is never closed, or when it is longer than any: nothing can be
        said about its parts then.
    """
    if len(text) > limits.MAX_HEADER_TEXT:
        return None
    out, depth, quoted, skip = [], 0, False, False
    for char in text:
        if skip:
            skip = False
            out.append("_" if quoted else "")
        elif char == "\\" and (quoted or depth):
            skip = True
        elif char == '"' and not depth:
            quoted = not quoted
            out.append(char)
        elif quoted:
            out.append(char if char.isalnum() or char in ".@-" else "_")
        elif char in "()":
            depth = max(0, depth + (1 if char == "(" else -1))
            out.append(" ")
        elif not depth:
            out.append(char)
    return None if quoted or depth else "".join(out)
