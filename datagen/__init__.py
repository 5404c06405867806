"""Documents to a dataset in which nothing false is taught."""
