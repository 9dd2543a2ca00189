"""An attacker's afternoon: a tenant's member, and every role of the database, after what another tenant has."""
