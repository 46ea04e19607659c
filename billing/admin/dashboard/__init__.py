"""Staff's dashboard: how sales, use and the service stand, a file for each block of it."""
