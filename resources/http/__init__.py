"""One bounded HTTP exchange, for alerts, CI and the health page; and the addresses that it may go to."""
