"""The watch over what is stored: whenever law, facts or the calendar change, what changed for whom, and who is told."""
