"""The whole practice on one computer: an embedded PostgreSQL and synthetic patients."""
