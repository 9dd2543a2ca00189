"""The WhatsApp Cloud API's vocabulary: what Meta posts, how it counts errors, what it takes.

https://developers.facebook.com/documentation/business-messaging/whatsapp
"""
