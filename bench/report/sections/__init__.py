"""The parts of a report: computed sentences and tables, one module each."""
