"""Other tools' files, and what runs already, as manifests.

A reader a dialect, each told by content; what was repaired, left out, refused, or needs a person is noted.
"""
