"""The coordinator's ear in the program: a hidden page of the carrier's library, and who guides it.

``base`` is what the rest of the window knows; ``web`` is the real one and is imported only when a
coordinator has chosen it (an optional extra: 130 MB on the disk, several processes in memory).
"""
