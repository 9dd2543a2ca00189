"""The page on permissions says what the table says."""

from scripts.permission_docs import PAGE, page


def test_the_page_is_the_one_that_make_docs_would_write() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `make docs`"
