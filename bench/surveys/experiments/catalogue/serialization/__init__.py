"""Serialization: what each format costs, by payload, beside a round trip of each stack."""
