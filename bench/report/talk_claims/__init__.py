"""What the talk claims: conditions with thresholds, judged by numbers.json."""
