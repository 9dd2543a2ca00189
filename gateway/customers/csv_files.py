"""Files of rows (RFC 4180), as spreadsheets write them: which encoding, which delimiter, and row by row.

Nothing here raises anything but ``FileUnreadable``, whatever bytes come. A row that can't be read is told as such, and
the rows after it are read on.
"""

import codecs
import csv
import io
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import IO

#: Beyond, a row is a fault of its own: somebody forgot a quote, or it is no such file.
LONGEST_LINE = 1024 * 1024
MOST_COLUMNS = 200
SAMPLE_ROWS = 5
DELIMITERS = ",;\t|"
PEEK_BYTES = 64 * 1024
#: Marks of an encoding in front of a text, the longer ones first.
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
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
    for row in rows_of(file, encoding, delimiter, len(columns)):
        count += 1
        if len(sample) < SAMPLE_ROWS and row.fault is None:
            sample.append(tuple(cell[:200].replace("\0", "") for cell in row.cells))
    return Layout(encoding, delimiter, columns, tuple(sample), count)


def encoding_of(file: IO[bytes]) -> str:
    """Return the encoding of a file: what its first bytes say, else UTF-8 if all of it is that, else Windows-1252."""
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
        return "cp1252"
    return "utf-8"


def columns_of(file: IO[bytes], encoding: str, delimiter: str) -> tuple[str, ...]:
    """Return the names in the first row.

    Raises:
        FileUnreadable: when there is none, or it has too many.
    """
    for cells, fault in _records(file, encoding, delimiter):
        if fault is not None:
            raise FileUnreadable(f"the first row should name the columns, and {fault}")
        names = tuple(cell.replace("\0", "").strip()[:200] for cell in cells)
        while names and not names[-1]:
            names = names[:-1]
        if len(names) > MOST_COLUMNS:
            raise FileUnreadable(f"the first row should name the columns, {MOST_COLUMNS} at most")
        if names:
            return names
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
    records = _records(file, encoding, delimiter)
    next(records, None)
    number = 0
    for cells, fault in records:
        if fault is None and not any(cell.strip() for cell in cells):
            continue
        number += 1
        if fault is not None:
            yield Row(number, (), fault)
        elif any(cell.strip() for cell in cells[width:]):
            yield Row(number, tuple(cells[:width]), f"it has more than {width} cells")
        else:
            yield Row(number, (*cells[:width], *[""] * (width - len(cells))))


def _records(file: IO[bytes], encoding: str, delimiter: str) -> Iterator[tuple[list[str], str | None]]:
    """Read all rows, the names too; with each, what is wrong with it."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, errors="replace", newline="")
    try:
        reader = csv.reader(_lines(text), delimiter=delimiter)
        while True:
            try:
                yield next(reader), None
            except StopIteration:
                return
            except csv.Error as error:  # a cell beyond the module's limit: mostly a quote that nobody closed
                yield [], f"it can't be read ({error})"
            except _LineTooLong:
                yield [], f"it is longer than {LONGEST_LINE} characters"
                reader = csv.reader(_lines(text), delimiter=delimiter)
    finally:
        text.detach()  # the file is its owner's to close


class _LineTooLong(Exception):
    """A line of a length that no row has."""


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            while line and not line.endswith(("\n", "\r")):
                line = text.readline(LONGEST_LINE + 1)
            raise _LineTooLong
        yield line


def _delimiter_of(file: IO[bytes], encoding: str) -> str:
    """Return what stands between the names, outside of quotes; a comma where nothing does."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, errors="replace", newline="")
    line = text.readline(LONGEST_LINE)
    text.detach()
    outside = "".join(line.split('"')[0::2])
    return max(DELIMITERS, key=outside.count)
