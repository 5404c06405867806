"""The words every stage shares: records, stage folders and their manifests, errors, progress."""

__version__ = "0.1.0"
