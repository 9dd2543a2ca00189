"""Tests of several processes on one database: chores, roles, workers, poolers, rolling deploys."""
