"""The claims of the talk: conditions with thresholds, judged by numbers.json."""
