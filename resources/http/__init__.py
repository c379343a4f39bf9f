"""One bounded HTTP exchange, and the addresses that it may go to."""
