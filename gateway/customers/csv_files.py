"""Files of rows (RFC 4180), as spreadsheets write them: which encoding, which delimiter, and row by row.

Nothing here raises anything but ``FileUnreadable``, whatever bytes come. A row that can't be read is told as such, and
the rows after it are read on.
"""

import codecs
import csv
import io
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO

#: Beyond, a row is a fault of its own: somebody forgot a quote, or it is no such file.
LONGEST_LINE = 1024 * 1024
MOST_COLUMNS = 200
SAMPLE_ROWS = 5
DELIMITERS = ",;\t|"
PEEK_BYTES = 64 * 1024
#: A line and its end, or the last one without.
LINE = re.compile(r"[^\r\n]+(?:\r\n?|\n)?|\r\n?|\n")
#: Marks of an encoding in front of a text, the longer ones first.
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
#: Bytes that Windows-1252 does not use. Each takes long to be passed over, and where they are many it is not that.
UNUSED = b"\x81\x8d\x8f\x90\x9d"
UNUSED_OF_OTHERS = 0.01
#: In a text of which so large a part of the bytes is zero, each letter has two.
ZEROS_OF_UTF16 = 0.2


class FileUnreadable(ValueError):
    """A file that holds no table; the words are for people."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written, and what is in it."""

    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row; ``fault`` tells why it could not be read.

    Attributes:
        number: 1 is the first after the names.
        cells: as many as there are columns; a row that can't be read has none.
        fault: a sentence for people.
    """

    number: int
    cells: tuple[str, ...]
    fault: str | None = None


def layout_of(file: IO[bytes]) -> Layout:
    """Find out how a file is written, by reading all of it once.

    Raises:
        FileUnreadable: when it has no row of names.
    """
    encoding = encoding_of(file)
    delimiter = _delimiter_of(file, encoding)
    columns = columns_of(file, encoding, delimiter)
    sample: list[tuple[str, ...]] = []
    count = 0
    for cells, fault in islice(_records(file, encoding, delimiter), 1, None):  # most of a file's time goes here
        if fault is None and not "".join(cells).strip():
            continue
        count += 1
        if len(sample) < SAMPLE_ROWS and (row := _row(count, cells, fault, len(columns))).fault is None:
            sample.append(tuple(cell[:200].replace("\0", "") for cell in row.cells))
    return Layout(encoding, delimiter, columns, tuple(sample), count)


def encoding_of(file: IO[bytes]) -> str:
    """Return the encoding of a file: what its first bytes say, else UTF-8 if all of it is that, else Windows-1252.

    Bytes that are no letters in that, and many of them, make it Latin 1, which has a character for each.
    """
    file.seek(0)
    start = file.read(PEEK_BYTES)
    for mark, encoding in MARKS:
        if start.startswith(mark):
            return encoding
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if max(even, odd) > len(start) * ZEROS_OF_UTF16:
        return "utf-16-le" if odd > even else "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while start:
            decoder.decode(start)
            start = file.read(PEEK_BYTES)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _of_one_byte(file)
    return "utf-8"


def _of_one_byte(file: IO[bytes]) -> str:
    """Return the encoding of a file with a byte for each letter."""
    file.seek(0)
    size = unused = 0
    while piece := file.read(PEEK_BYTES):
        size += len(piece)
        unused += len(piece) - len(piece.translate(None, UNUSED))
    return "latin-1" if unused > size * UNUSED_OF_OTHERS else "cp1252"


def columns_of(file: IO[bytes], encoding: str, delimiter: str) -> tuple[str, ...]:
    """Return the names in the first row.

    Raises:
        FileUnreadable: when there is none, or it has too many.
    """
    for cells, fault in _records(file, encoding, delimiter):
        if fault is not None:
            raise FileUnreadable(f"the first row should name the columns, and {fault}")
        if "".join(cells[MOST_COLUMNS:]).replace("\0", "").strip():
            raise FileUnreadable(f"the first row should name the columns, {MOST_COLUMNS} at most")
        names = [cell.replace("\0", "").strip()[:200] for cell in cells[:MOST_COLUMNS]]
        while names and not names[-1]:
            names.pop()
        if names:
            return tuple(names)
        break
    raise FileUnreadable("the first row should name the columns, and it is empty")


def rows_of(file: IO[bytes], encoding: str, delimiter: str, width: int) -> Generator[Row, None, None]:
    """Read the rows after the names, one at a time; those without any text are passed over.

    Args:
        file: from its start; what was read of it before does not matter.
        encoding: of its texts; bytes that are none in it become U+FFFD.
        delimiter: between cells.
        width: how many columns there are.
    """
    number = 0
    for cells, fault in islice(_records(file, encoding, delimiter), 1, None):
        if fault is not None or "".join(cells).strip():
            number += 1
            yield _row(number, cells, fault, width)


def _row(number: int, cells: list[str], fault: str | None, width: int) -> Row:
    if fault is not None:
        return Row(number, (), fault)
    if "".join(cells[width:]).strip():
        return Row(number, tuple(cells[:width]), f"it has more than {width} cells")
    return Row(number, (*cells[:width], *[""] * (width - len(cells))))


def _records(file: IO[bytes], encoding: str, delimiter: str) -> Iterator[tuple[list[str], str | None]]:
    """Read all rows, the names too; with each, what is wrong with it."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, errors="replace", newline="")
    lines = _Lines(text)
    try:
        reader = csv.reader(lines.left(), delimiter=delimiter)
        while True:
            try:
                for cells in reader:
                    yield cells, None
            except csv.Error as error:  # a cell beyond the module's limit: mostly a quote that nobody closed
                yield [], f"it can't be read ({error})"
            except _LineTooLong:
                yield [], f"it is longer than {LONGEST_LINE} characters"
                reader = csv.reader(lines.left(), delimiter=delimiter)
            else:
                return
    finally:
        text.detach()  # the file is its owner's to close


class _LineTooLong(Exception):
    """A line of a length that no row has."""


class _Lines:
    """The lines of a text, with their ends, many at a time: to ask for each alone takes most of a file's time."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._rest = ""

    def left(self) -> Iterator[str]:
        """Give the lines that were not given yet.

        Raises:
            _LineTooLong: in place of such a line; the next call goes on after it.
        """
        while piece := self._text.read(PEEK_BYTES):
            self._rest += piece
            if "\n" in self._rest or "\r" in self._rest:
                lines = LINE.findall(self._rest)
                self._rest = lines.pop()  # it may go on; or be a CR, and its LF comes next
                if lines and len(lines[0]) > LONGEST_LINE:
                    self._rest = "".join(lines[1:]) + self._rest
                    raise _LineTooLong
                yield from lines
            if len(self._rest) > LONGEST_LINE:
                self._pass_over()
                raise _LineTooLong
        rest, self._rest = self._rest, ""
        yield from LINE.findall(rest)

    def _pass_over(self) -> None:
        """Pass over the rest of a line."""
        while line := self._text.readline(LONGEST_LINE):
            if line.endswith(("\n", "\r")):
                break
        self._rest = ""


def _delimiter_of(file: IO[bytes], encoding: str) -> str:
    """Return what stands between the names, outside of quotes; a comma where nothing does."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, errors="replace", newline="")
    line = text.readline(LONGEST_LINE)
    text.detach()
    outside = "".join(line.split('"')[0::2])
    return max(DELIMITERS, key=outside.count)
