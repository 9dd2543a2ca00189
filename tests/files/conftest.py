"""The API's fixtures, for the tests of files too."""

from tests.api.conftest import assets, other, rows, served, single_sign_on

__all__ = ["assets", "other", "rows", "served", "single_sign_on"]
