"""Pages: each ties one or more views to the session's services."""
