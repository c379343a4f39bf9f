"""Everything that touches the outside world, one package or file per thing."""
