"""Reading the tenants' logs for personal data, after whoever sent it was answered."""
