"""What a survey's raw answers say, for diagnosis. Undefined is null, and why is told."""
