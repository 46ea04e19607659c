"""What is done for a customer, rarely and with care."""
