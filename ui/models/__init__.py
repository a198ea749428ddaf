"""Item models over tuples of domain objects."""
