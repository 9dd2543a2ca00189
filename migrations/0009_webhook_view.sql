-- How a received webhook looks to the outside.

CREATE FUNCTION webhook_json(w inbound_webhooks) RETURNS json
LANGUAGE sql STABLE
RETURN json_build_object(
    'id', public_id('whk_', w.id),
    'provider', w.provider,
    'received_at', iso(w.received_at),
    'state', w.state,
    'counts', json_build_object('received', w.received, 'stored', w.stored, 'duplicate', w.duplicate,
        'ignored', w.ignored, 'quarantined', w.quarantined),
    'error', CASE WHEN w.error_code IS NOT NULL THEN
        json_build_object('code', w.error_code, 'detail', w.error_detail) END,
    'body_size', octet_length(w.body),
    'report_only', w.verdict = 'report_only');
