"""What calls cost: rate cards, whose they are, and the arithmetic of a price."""
