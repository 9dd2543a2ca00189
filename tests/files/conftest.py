"""The API's fixtures, for the tests of files too."""

from tests.api.conftest import assets, other, rows, served

__all__ = ["assets", "other", "rows", "served"]
