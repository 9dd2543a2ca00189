"""Every recorded webhook means what was written down beside it, and no forged copy of it gets in."""

import re
from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

import channels.providers
from channels.adapter import Adapter
from channels.errors import SignatureInvalid
from channels.http import Headers, HttpRequest
from channels.registry import ADAPTERS
from tests.channels.fixtures import PROVIDERS, Recorded, all_recorded, forgeries, normal_forms
from tests.channels.matching import differences

CASES = all_recorded()
GENUINE = [case for case in CASES if case.valid]
REFUSED = [case for case in CASES if not case.valid]
FORGERIES = [(case, word, request) for case in GENUINE for word, request in forgeries(case)]
EXCHANGEABLE = [case for case in GENUINE if case.secret_field]
#: What could be meant as a place for the connection's URL or host in a step.
PLACES = re.compile(r"\{\w*\}")


@pytest.mark.parametrize("case", GENUINE, ids=str)
def test_a_recorded_webhook_is_genuine_and_means_what_is_written_beside_it(case: Recorded) -> None:
    case.verify()
    allowed = case.status if isinstance(case.status, list) else [case.status]
    assert case.adapter.acknowledgement.status in allowed
    assert differences(case.events, normal_forms(case.parse())) == []


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_a_recorded_webhook_that_is_not_genuine_is_refused(case: Recorded) -> None:
    with pytest.raises(SignatureInvalid) as refusal:
        case.verify()
    assert case.adapter.status_of(refusal.value) == case.status


@pytest.mark.parametrize(
    ("case", "request_"), [(c, r) for c, _, r in FORGERIES], ids=[f"{c}: {w}" for c, w, _ in FORGERIES]
)
def test_a_forged_copy_is_refused(case: Recorded, request_: HttpRequest) -> None:
    with pytest.raises(SignatureInvalid):
        case.verify(request_)


@pytest.mark.parametrize("case", EXCHANGEABLE, ids=str)
def test_another_secret_refuses_a_webhook_and_a_previous_one_still_lets_it_in(case: Recorded) -> None:
    field = case.secret_field or ""
    with pytest.raises(SignatureInvalid):
        case.verify(credentials={field: case.other_secret, f"previous_{field}": []})
    secret = case.credentials[field]
    case.verify(credentials={field: case.other_secret, f"previous_{field}": [case.other_secret, secret]})


@pytest.mark.parametrize("case", GENUINE, ids=str)
def test_what_is_stored_of_a_webhook_is_enough_to_parse_it(case: Recorded) -> None:
    kept = ("content-type", *case.adapter.kept_headers)
    headers = Headers.of({name: case.request.headers.get(name) for name in kept if name in case.request.headers})
    assert case.parse() == list(case.adapter.parse(replace(case.request, headers=headers), case.context))


@pytest.mark.parametrize("case", GENUINE, ids=str)
def test_the_ids_of_a_post_differ(case: Recorded) -> None:
    events: list[Any] = case.parse()
    ids = [(event.address, event.external_id) for event in events if event.external_id]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("case", [case for case in GENUINE if case.provider in PROVIDERS], ids=str)
def test_each_event_of_a_recording_has_an_address(case: Recorded) -> None:
    events: list[Any] = case.parse()
    assert all(event.address for event in events)


@pytest.mark.parametrize("provider", sorted(set(ADAPTERS) - {"smtp"}))
def test_each_provider_has_recordings(provider: str) -> None:
    assert any(case.provider == provider for case in GENUINE)


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=lambda adapter: adapter.provider)
def test_each_provider_is_described_for_people(adapter: Adapter) -> None:
    assert set(adapter.capabilities.channels) <= {"whatsapp", "sms", "mms", "email"}
    assert adapter.capabilities.channels
    for step in adapter.setup.steps:
        assert set(PLACES.findall(step)) <= {"{hook_url}", "{host}"}
        assert "{{" not in step
    for name, field in adapter.credentials.model_fields.items():
        assert field.title, name
        assert field.description, name


def test_every_module_that_offers_an_adapter_is_registered() -> None:
    names = [found.name for found in iter_modules(channels.providers.__path__)]
    modules = [import_module(f"channels.providers.{name}") for name in names]
    offered = {module.ADAPTER.provider: module.ADAPTER for module in modules}
    assert offered == dict(ADAPTERS)
    assert all(isinstance(adapter, Adapter) for adapter in offered.values())
