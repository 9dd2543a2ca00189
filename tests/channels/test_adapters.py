"""Every recorded webhook means what was written down beside it, and no forged copy of it gets in."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

import channels.providers
from channels.adapter import Adapter
from channels.errors import SignatureInvalid
from channels.http import HttpRequest
from channels.registry import ADAPTERS
from tests.channels.fixtures import PROVIDERS, Recorded, differences, forgeries, normal_forms, recorded

CASES = recorded(*PROVIDERS)
FORGERIES = [(case, word, request) for case in CASES for word, request in forgeries(case)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_recorded_webhook_is_genuine_and_means_what_is_written_beside_it(case: Recorded) -> None:
    case.verify()
    assert case.status == case.adapter.acknowledgement.status
    assert differences(case.events, normal_forms(case.parse())) == []


@pytest.mark.parametrize(
    ("case", "request_"), [(c, r) for c, _, r in FORGERIES], ids=[f"{c}: {w}" for c, w, _ in FORGERIES]
)
def test_a_forged_copy_is_refused(case: Recorded, request_: HttpRequest) -> None:
    with pytest.raises(SignatureInvalid):
        case.verify(request_)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_another_secret_refuses_a_webhook_and_a_previous_one_still_lets_it_in(case: Recorded) -> None:
    field, secret = next((name, value) for name, value in case.credentials.items() if name != "account_sid")
    with pytest.raises(SignatureInvalid):
        case.verify(credentials={field: "another-secret"})
    case.verify(credentials={field: "another-secret", f"previous_{field}": ["a-third-one", secret]})


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_event_of_a_recording_has_its_own_address_and_the_ids_of_a_post_differ(case: Recorded) -> None:
    events: list[Any] = case.parse()
    ids = [(event.address, event.external_id) for event in events if event.external_id]
    assert len(set(ids)) == len(ids)
    assert all(event.address for event in events)


def test_every_module_that_offers_an_adapter_is_registered() -> None:
    names = [found.name for found in iter_modules(channels.providers.__path__)]
    modules = [import_module(f"channels.providers.{name}") for name in names]
    offered = {module.ADAPTER.provider: module.ADAPTER for module in modules if hasattr(module, "ADAPTER")}
    assert offered == dict(ADAPTERS)
    assert all(isinstance(adapter, Adapter) for adapter in offered.values())
