"""Telnyx's vocabulary: signatures, events, error codes, sending.

https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks
"""
