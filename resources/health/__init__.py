"""Whether database and application are well."""
