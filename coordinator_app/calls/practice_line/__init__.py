"""A phone network on this computer that answers like Twilio's REST interface.

``core`` is pure: legs, rooms and personas over an injected clock. ``api`` speaks Twilio's
requests and JSON, ``server`` serves it on 127.0.0.1 and nowhere else. It exists so that the
demo and the tests run the very backend and client that real calls use (telephony.md 3.3).
"""
