"""Ask a model: the backends (Ollama, llama.cpp) and the question itself."""
