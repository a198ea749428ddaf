"""Passwords and keys: the operating system's vault, and the encrypted journal. No plain text."""
