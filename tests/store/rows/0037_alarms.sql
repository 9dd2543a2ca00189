INSERT INTO standing_alarms (tenant_id, integration_id, kind, level, sentence, since)
SELECT tenant_id, id, 'silence', 'warning', 'No webhook has come.', now() FROM external_integrations WHERE tenant_id = :tenant;
INSERT INTO webhook_hours (tenant_id, integration_id, hour)
SELECT tenant_id, id, date_trunc('hour', now()) FROM external_integrations WHERE tenant_id = :tenant;
