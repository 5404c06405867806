"""What language models are asked about the law, and how their replies become records."""
