"""What a GitHub runner is told: annotations, step summary, outputs, SARIF."""
