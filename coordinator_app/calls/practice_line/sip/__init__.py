"""The practice line with real sound: SIP and RTP on this computer (extra ``sip``).

Two programs of their own do the telephony, because the SIP stack lives once in a process and
cannot be started again there: ``exchange`` places the calls and mixes the conferences, as the
carrier does; ``phones`` answers them, as people, machines and the coordinator's headset do.
``network`` (in the line's process) tells both what to do, a JSON object a line, and hears from
them. When their standard input ends they hang up and end.

Only ``exchange``, ``phones`` and ``stack`` import the SIP stack; ``network.missing`` says whether
it is there. Nothing leaves 127.0.0.1.
"""
