"""The API's fixtures, here too."""

from tests.api.conftest import *  # noqa: F403 - whatever the API's fixtures ask for
