"""Twilio's vocabulary: forms and their signatures, inbound messages, statuses, error codes, sending.

https://www.twilio.com/docs/messaging/guides/webhook-request
"""
