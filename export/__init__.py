"""An adapter to GGUF: merge, convert, quantize, compare."""
