"""The application's own release: built beside the live one, switched to, put back."""
