"""A customer's page: one file for each part of it."""
