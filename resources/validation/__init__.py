"""Whether schema and data are what the migrations say."""
