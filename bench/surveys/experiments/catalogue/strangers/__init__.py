"""Strangers at every port: what they say, and what reaches the application."""
