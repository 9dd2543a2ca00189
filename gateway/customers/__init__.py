"""Customers beyond one row: addresses in one spelling, values of custom fields, merges, imports and exports."""
