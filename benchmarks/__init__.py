"""Headline figures as programs that print them: ``python -m benchmarks.NAME``.

Each compares with a named baseline in the same run, because figures of a shared machine mean
nothing alone.
"""
