"""What staff do to single things of billing, each after it was confirmed."""
