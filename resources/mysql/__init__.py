"""MySQL servers: connecting, owning private ones, reading their schema and rows."""
