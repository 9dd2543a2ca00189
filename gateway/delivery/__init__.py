"""Delivering a tenant's events to the endpoints of its integrators."""
