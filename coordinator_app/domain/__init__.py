"""Frozen values and pure rules, in the field's own words. No I/O."""
