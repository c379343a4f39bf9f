"""What a deployment needs, looked at before it is needed: every problem at once, each with its fix."""
