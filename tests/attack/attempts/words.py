"""Answers, by name."""

OK = "ok"
NO = "42501"  # insufficient privilege
GONE = "42704"  # no such object
NO_FUNCTION = "42883"
BAD = "QC070"  # an argument of ours that is none
