"""Vonage's vocabulary: the Messages API, and the older SMS API with forms and signatures of its own.

https://developer.vonage.com/en/messages/overview
https://developer.vonage.com/en/messaging/sms/overview
"""
