"""Training on a rented GPU of RunPod, with guards on both sides so that no money is lost."""
