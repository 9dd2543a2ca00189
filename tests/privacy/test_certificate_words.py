"""The page says what a certificate tells in its own words: it has some for every table, and for all that stays."""

from pathlib import Path

import pytest

from gateway.subjects.tables import KEPT, REACHED

WORDS = Path(__file__).parents[2] / "web/src/words"


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_has_words_for_all_that_a_certificate_tells(language: str) -> None:
    written = (WORDS / language / "certificate.ts").read_text()
    keys = [f"\n    {table}: " for table in REACHED]
    keys += [f'"{one.what}":' for one in KEPT]
    assert [key for key in keys if key not in written] == []
