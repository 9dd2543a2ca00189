"""Plivo's vocabulary: signatures, inbound messages, statuses, error codes, sending.

https://www.plivo.com/docs/messaging/concepts/signature-validation
"""
