"""One asset per file: call one step of the deployment, show what it found."""
