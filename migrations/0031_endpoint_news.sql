-- What the log tells of an endpoint. Everybody who may read the log reads it, so it leaves out what only those see who
-- may see the endpoint: the path and query of its URL, its headers, and how we log in there.
CREATE FUNCTION endpoint_news_json(e webhook_endpoints, OUT data json)
LANGUAGE sql STABLE
RETURN json_build_object(
    'id', public_id('ep_', e.id),
    'host', substring(e.url FROM '^[A-Za-z]+://([^/?#]+)'),
    'description', e.description,
    'event_types', e.event_types,
    'status', e.status,
    'disabled_reason', e.disabled_reason,
    'disabled_at', iso(e.disabled_at),
    'failing_since', iso(e.failing_since),
    'warnings', e.warnings,
    'created_at', iso(e.created_at),
    'updated_at', iso(e.updated_at),
    'deleted_at', iso(e.deleted_at)
);
