"""A dataset to a LoRA adapter: config, prompt specification, base models, trainers."""
