"""GGUF to an Ollama model: Modelfile, registration, prompt equality."""
