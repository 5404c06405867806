"""People look through a dataset: a local page, their decisions in SQLite, a dataset of the rest."""
