"""The phone: one engine over one small carrier interface, never dialling twice.

``engine`` drives calls through a ``backend``; ``twilio_backend`` is the only carrier and the
only module (with ``twilio_http``) that knows the ``twilio`` package; ``practice_line`` answers
like the carrier, on this computer, so that the demo and the tests run the same backend.
"""
