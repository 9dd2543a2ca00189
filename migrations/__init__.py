"""The database, as plain SQL: ``roles.sql`` for the cluster, then the numbered files, in order, once each."""
