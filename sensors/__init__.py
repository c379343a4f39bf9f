"""What starts runs or speaks up by itself. Git, reconciler, alert and schedule sensors belong here."""
