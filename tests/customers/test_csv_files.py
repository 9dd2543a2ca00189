"""Reading CSV: as spreadsheets write it, and whatever else somebody uploads."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.customers.csv_files import LONGEST_LINE, FileUnreadable, Row, layout_of, rows_of
from gateway.customers.exporting import defused, line

cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]


def read(content: bytes) -> tuple[tuple[str, ...], list[Row]]:
    """Return the names and the rows of a file."""
    file = io.BytesIO(content)
    layout = layout_of(file)
    rows = list(rows_of(file, layout.encoding, layout.delimiter, len(layout.columns)))
    assert len(rows) == layout.rows
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    return layout.columns, rows


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_file_is_read_however_it_is_written(encoding: str, delimiter: str) -> None:
    second = f'"Jörg ""J."" Bäcker"{delimiter}"Am Ufer 1{delimiter}\r\n2. Stock"'
    text = f"Name{delimiter}Straße\r\n{second}\r\nÉmile{delimiter}\r\n"
    columns, rows = read(text.encode(encoding))
    assert columns == ("Name", "Straße")
    assert [row.cells for row in rows] == [('Jörg "J." Bäcker', f"Am Ufer 1{delimiter}\r\n2. Stock"), ("Émile", "")]


@given(st.lists(st.lists(cells, min_size=3, max_size=3).filter(lambda row: any(cell.strip() for cell in row))))
def test_what_is_written_is_what_is_read(rows: list[list[str]]) -> None:
    _, found = read(b"a,b,c\r\n" + b"".join(line(row) for row in rows))
    assert [list(row.cells) for row in found] == [[defused(cell) for cell in row] for row in rows]


@given(st.lists(cells, min_size=1, max_size=5))
def test_no_cell_begins_a_formula(row: list[str]) -> None:
    [found] = csv.reader(io.StringIO(line(row).decode(), newline=""))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in found)
    assert [cell.removeprefix("'") for cell in found] == [cell.removeprefix("'") for cell in row]


@pytest.mark.parametrize("cell", ["\n=1+1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(1)"])
def test_neither_does_one_in_full_width_or_behind_a_line(cell: str) -> None:
    assert defused(cell) == f"'{cell}"


@given(st.one_of(st.binary(max_size=400), st.text('a",;\n\r\t\0', max_size=80).map(str.encode)))
def test_any_bytes_are_a_table_or_none(content: bytes) -> None:
    try:
        columns, rows = read(content)
    except FileUnreadable:
        return
    assert columns
    assert all(row.fault or len(row.cells) == len(columns) for row in rows)


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        (b"a,b\n1,2,3\n4,5\n", ["it has more than 2 cells", None]),
        (b"a,b\n1,2," + b"," * 1_000_000 + b"\n4,5\n", [None, None]),
        (b"a,b\n" + b"," * (LONGEST_LINE + 10) + b"\n4,5\n", [f"it is longer than {LONGEST_LINE} characters", None]),
        (b'a,b\n"' + b"x" * 200_000 + b"\n4,5\n", ["it can't be read (field larger than field limit (131072))", None]),
        (b'a,b\n"1\n2,3\n', [None]),
        (b"a,b\n1\n\n , \n2,3\n", [None, None]),
    ],
    ids=["too many cells", "a million empty cells", "a long line", "a huge cell", "a lone quote", "empty rows"],
)
def test_a_spoilt_row_spoils_no_other(content: bytes, faults: list[str | None]) -> None:
    assert [row.fault for row in read(content)[1]] == faults


@pytest.mark.parametrize("content", [b"", b"\n\n", b",,,\n1,2,3\n", b"," * 300 + b"x\n", b'"' + b"x" * 200_000])
def test_a_file_without_names_is_none(content: bytes) -> None:
    with pytest.raises(FileUnreadable):
        layout_of(io.BytesIO(content))
