"""Pages of the window. Views never import each other; the main window brings them together."""
