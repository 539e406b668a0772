"""The talk: a template below ``talk/``, filled from reports/ and from the cells alone.

Every number on a slide is asked for by its id, and carries its mark and its sentence into
the speaker's notes. One that is not there ends the build, with the id.
"""
