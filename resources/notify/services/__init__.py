"""How each service is told, and how it says that it took a message: one file per service."""
