"""The law itself: acts and their names, citations, article index, rates and calculators."""
