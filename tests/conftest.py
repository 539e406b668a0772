"""No test is about speed: hypothesis sets no deadline for an example, on any machine."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
