"""Pages that a person looks at: no script, no outside address, every name escaped, no secret."""
