-- Opt-outs: a provider that refuses a message because its recipient opted out has told us so.

GRANT INSERT ON consents TO postgate_app;
