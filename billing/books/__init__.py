"""The books: what of the credits sold is earned, and what is still owed."""
