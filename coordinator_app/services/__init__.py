"""Use cases, one a module. Plain functions and classes; the window decides on which thread."""
