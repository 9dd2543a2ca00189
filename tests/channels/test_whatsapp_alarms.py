"""WhatsApp: news of the account, its numbers and templates come with a sentence for administrators."""

from typing import Any

import orjson
import pytest

from channels.events import Other
from channels.http import HttpRequest
from channels.providers.whatsapp_cloud import ADAPTER

TEMPLATE = {"message_template_id": 6, "message_template_name": "sale", "message_template_language": "en"}
NUMBER = {"display_phone_number": "13125550188"}


def noted(field: str, value: Any) -> Other:
    change = {"field": field, "value": value}
    document = {"object": "whatsapp_business_account", "entry": [{"id": "2001", "time": 1, "changes": [change]}]}
    (event,) = ADAPTER.parse(HttpRequest("POST", "", body=orjson.dumps(document)), {})
    assert isinstance(event, Other)
    return event


@pytest.mark.parametrize(
    ("field", "value", "level", "words"),
    [
        ("account_update", {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SPAM"}},
         "critical", ["2001", "SPAM"]),
        ("account_update", {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}},
         "critical", ["2001 is disabled."]),
        ("account_update",
         {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE", "waba_ban_date": "May 1"}},
         "info", ["may be used again (May 1)"]),
        ("account_update", {"event": "DISABLED_UPDATE"}, "critical", ["UNKNOWN"]),
        ("account_update",
         {"event": "ACCOUNT_RESTRICTION", "restriction_info": [{"restriction_type": "RESTRICTED_BIZ_INITIATED"}, 1]},
         "critical", ["RESTRICTED_BIZ_INITIATED"]),
        ("account_update", {"event": "ACCOUNT_RESTRICTION", "restriction_info": {}}, "critical", ["not said how"]),
        ("account_update", {"event": "ACCOUNT_DELETED"}, "critical", ["2001 was deleted"]),
        ("account_update", {"event": "ACCOUNT_OFFBOARDED"}, "critical", ["disconnected"]),
        ("account_update", {"event": "PARTNER_REMOVED"}, "warning", ["no longer shared"]),
        ("account_update",
         {"event": "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
          "partner_client_certification_info": {"status": "FAILED", "rejection_reasons": ["LEGAL NAME NOT MATCHING"]}},
         "warning", ["FAILED", "LEGAL NAME NOT MATCHING"]),
        ("account_alerts", {"entity_type": "BUSINESS", "entity_id": "9", "alert_severity": "WARNING",
                            "alert_type": "OBA_REJECTED", "alert_description": "Not notable enough."},
         "warning", ["BUSINESS 9", "OBA_REJECTED", "Not notable enough."]),
        ("account_alerts", {"alert_info": {"alert_severity": "INFORMATIONAL", "alert_type": "OBA_APPROVED"}},
         "info", ["OBA_APPROVED"]),
        ("account_review_update", {"decision": "APPROVED"}, "info", ["APPROVED"]),
        ("account_review_update", {"decision": "REJECTED"}, "critical", ["REJECTED"]),
        ("business_capability_update",
         {"max_daily_conversations_per_business": 2000, "max_phone_numbers_per_business": 20},
         "info", ["max daily conversations per business is 2000", "numbers per business is 20"]),
        ("phone_number_quality_update", NUMBER | {"event": "DOWNGRADE", "current_limit": "TIER_1K", "old_limit": "X"},
         "warning", ["13125550188", "DOWNGRADE", "TIER_1K, it was X"]),
        ("phone_number_quality_update", NUMBER | {"event": "UPGRADE"}, "info", ["UPGRADE"]),
        ("phone_number_name_update",
         NUMBER | {"decision": "REJECTED", "requested_verified_name": "Shop", "rejection_reason": "NAME_NOT_ALLOWED"},
         "warning", ["'Shop'", "13125550188", "NAME_NOT_ALLOWED"]),
        ("phone_number_name_update", NUMBER | {"decision": "APPROVED", "rejection_reason": "NONE"},
         "info", ["13125550188 is APPROVED."]),
        ("business_username_update", NUMBER | {"status": "deleted"}, "warning", ["DELETED"]),
        ("security", NUMBER | {"event": "PIN_CHANGED", "requester": "61"}, "warning", ["PIN_CHANGED", "user 61"]),
        ("message_template_status_update", TEMPLATE | {"event": "APPROVED", "reason": "NONE"},
         "info", ["the template sale (en) is APPROVED."]),
        ("message_template_status_update",
         TEMPLATE | {"event": "DISABLED", "disable_info": {"disable_date": "May 1"}}, "warning", ["from May 1"]),
        ("message_template_status_update", {"event": "REJECTED", "message_template_id": 6, "reason": "SCAM"},
         "warning", ["the template 6 is REJECTED", "Reason: SCAM."]),
        ("message_template_status_update", TEMPLATE | {"event": "UNARCHIVED"}, "info", ["UNARCHIVED"]),
        ("message_template_quality_update", TEMPLATE | {"previous_quality_score": "GREEN", "new_quality_score": "RED"},
         "warning", ["from GREEN to RED"]),
        ("message_template_components_update", TEMPLATE, "info", ["sale (en) were changed"]),
        ("template_category_update", TEMPLATE | {"previous_category": "UTILITY", "new_category": "MARKETING"},
         "warning", ["from UTILITY to MARKETING", "price"]),
        ("template_category_update", TEMPLATE | {"correct_category": "MARKETING", "new_category": "UTILITY"},
         "warning", ["will get another category: MARKETING"]),
        ("payment_configuration_update", {"configuration_name": "main", "status": "Needs_Testing"},
         "warning", ["main", "NEEDS_TESTING"]),
        ("flows", {"event": "ENDPOINT_ERROR_RATE", "flow_id": "7", "alert_state": "ACTIVATED", "message": "12 % fail"},
         "warning", ["flow 7", "12 % fail"]),
        ("flows", {"event": "ENDPOINT_ERROR_RATE", "flow_id": "7", "alert_state": "DEACTIVATED"}, "info", ["7"]),
        ("flows", {"event": "FLOW_STATUS_CHANGE", "new_status": "BLOCKED"}, "warning", ["FLOW_STATUS_CHANGE"]),
        ("flows", {"event": "FLOW_STATUS_CHANGE", "new_status": "PUBLISHED"}, "info", ["FLOW_STATUS_CHANGE"]),
    ],
)  # fmt: skip
def test_an_alarm_says_the_facts_in_a_sentence(field: str, value: Any, level: str, words: list[str]) -> None:
    event = noted(field, value)
    alarm = event.extra["alarm"]
    assert (event.subtype, alarm["level"]) == (field, level)
    assert [word for word in words if word not in alarm["sentence"]] == []
    assert alarm["sentence"].endswith((".", "fail"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account_update", {"event": "PARTNER_ADDED"}),
        ("account_update", {"event": []}),
        ("history", {"history": []}),
        ("calls", {"calls": []}),
        ("smb_app_state_sync", {"state_sync": []}),
        ("group_lifecycle_update", {"groups": []}),
        ("a_new_field", {}),
    ],
)
def test_nobody_is_alarmed_by_what_needs_no_action(field: str, value: Any) -> None:
    event = noted(field, value)
    assert (event.subtype, event.extra["waba_id"]) == (field, "2001")
    assert "alarm" not in event.extra


@pytest.mark.parametrize(
    ("error", "level", "sentence"),
    [
        ({"code": 190, "title": "Access token has expired"}, "critical",
         "WhatsApp reports trouble with the number +13125550188: Access token has expired (code 190)."),
        ({"code": 130429, "message": "Rate limit hit", "error_data": {"details": "Rate limit hit"}}, "warning",
         "WhatsApp reports trouble with the number +13125550188: Rate limit hit (code 130429)."),
        ({}, "warning",
         "WhatsApp reports trouble with the number +13125550188: it did not say which (code unknown)."),
    ],
)  # fmt: skip
def test_trouble_of_a_number_is_an_alarm(error: Any, level: str, sentence: str) -> None:
    metadata = {"display_phone_number": "13125550188", "phone_number_id": "3"}
    event = noted("messages", {"metadata": metadata, "errors": [error]})
    assert event.extra["alarm"] == {"level": level, "sentence": sentence}


def test_a_sentence_stays_readable_whatever_meta_writes() -> None:
    event = noted("account_alerts", {"alert_info": {"alert_description": "x" * 9999}})
    assert len(event.extra["alarm"]["sentence"]) == 500
