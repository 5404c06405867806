"""The shape of a model by its config.json: how many weights it has, and how many LoRA adds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from taxqa.errors import InputError

Family = Literal["gemma3", "llama", "phi"]
FAMILIES: dict[str, Family] = {
    "gemma3": "gemma3",
    "gemma3_text": "gemma3",
    "llama": "llama",
    "phi": "phi",
}


@dataclass(frozen=True)
class Shape:
    """A decoder's sizes; names as in config.json."""

    family: Family
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    intermediate_size: int
    vocab_size: int
    sliding_window: int = 0
    """Tokens that local attention looks back; 0 = every layer sees all. Gemma 3: five of six
    layers are local."""

    @property
    def query_width(self) -> int:
        """Width of all query heads together."""
        return self.num_attention_heads * self.head_dim

    @property
    def key_width(self) -> int:
        """Width of all key heads together; the values' is the same."""
        return self.num_key_value_heads * self.head_dim

    @property
    def linears(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of each matrix of a layer: what LoRA adapts and 4 bits shrink.

        Gemma and Llama have a gated MLP of three matrices; Phi-2 one of two, hence 2.7 B
        parameters and not 3.6 B.
        """
        hidden, query, key = self.hidden_size, self.query_width, self.key_width
        up, down = (hidden, self.intermediate_size), (self.intermediate_size, hidden)
        attention = [(hidden, query), (hidden, key), (hidden, key), (query, hidden)]
        return [*attention, up, down] if self.family == "phi" else [*attention, up, up, down]

    @property
    def linear_parameters(self) -> int:
        """Weights in the matrices of all layers."""
        return self.num_hidden_layers * sum(inputs * outputs for inputs, outputs in self.linears)

    @property
    def parameters(self) -> int:
        """All weights of the text model; tied embeddings count once."""
        hidden, vocabulary = self.hidden_size, self.vocab_size
        if self.family == "phi":  # untied head; biases everywhere; one norm a layer
            biases = sum(outputs for _, outputs in self.linears) + 2 * hidden
            rest = 2 * vocabulary * hidden + vocabulary + 2 * hidden
            return rest + self.linear_parameters + self.num_hidden_layers * biases
        norms = 2 * hidden if self.family == "llama" else 4 * hidden + 2 * self.head_dim
        layers = self.linear_parameters + self.num_hidden_layers * norms
        return vocabulary * hidden + layers + hidden

    def lora_parameters(self, r: int) -> int:
        """Weights of a LoRA adapter of rank `r` on every matrix of every layer."""
        widths = sum(inputs + outputs for inputs, outputs in self.linears)
        return self.num_hidden_layers * r * widths


SHAPES = {
    "gemma3-12b": Shape("gemma3", 3840, 48, 16, 8, 256, 15360, 262208, 1024),
    "gemma3-4b": Shape("gemma3", 2560, 34, 8, 4, 256, 10240, 262208, 1024),
    "gemma3-1b": Shape("gemma3", 1152, 26, 4, 1, 256, 6912, 262144, 512),
    "gemma3-270m": Shape("gemma3", 640, 18, 4, 1, 256, 2048, 262144, 512),
    "phi-2": Shape("phi", 2560, 32, 32, 32, 80, 10240, 51200),
    "smollm2-135m": Shape("llama", 576, 30, 9, 3, 64, 1536, 49152),
}
"""The known bases, from their config.json on the hub: so nothing is fetched to estimate."""
GEMMA_DEFAULTS = {
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "vocab_size": 262208,
    "sliding_window": 4096,
}
"""Of transformers' Gemma3TextConfig."""


def shape_of(config: Mapping[str, Any], where: str) -> Shape:
    """The shape in a parsed config.json; of a multimodal model, its text part's.

    Args:
        where: what to call the file in a message.

    Raises:
        InputError: another family, or a size is missing or no whole number above 0.
    """
    kind = str(config.get("model_type"))
    if kind not in FAMILIES:
        raise InputError(f"{where} is of a '{kind}'; known are {', '.join(FAMILIES)}.")
    text = config.get("text_config", config)
    if not isinstance(text, Mapping):
        raise InputError(f"{where}: text_config is no section.")
    # What Gemma's own config.json leaves out, as that of the 4B does, is meant by its absence.
    sizes = (GEMMA_DEFAULTS if FAMILIES[kind] == "gemma3" else {"sliding_window": 0}) | dict(text)
    sizes.setdefault("num_key_value_heads", sizes.get("num_attention_heads"))
    if sizes["num_key_value_heads"] is None:  # as Phi-2's config has it
        sizes["num_key_value_heads"] = sizes.get("num_attention_heads")
    hidden, heads = sizes.get("hidden_size"), sizes.get("num_attention_heads")
    if sizes.get("head_dim") is None and isinstance(hidden, int) and isinstance(heads, int):
        sizes["head_dim"] = hidden // max(1, heads)
    names = [name for name in Shape.__dataclass_fields__ if name != "family"]
    for name in names:
        least = 0 if name == "sliding_window" else 1
        if type(sizes.get(name)) is not int or sizes[name] < least:
            raise InputError(
                f"{where}: {name} is {sizes.get(name)!r}; a whole number was expected."
            )
    return Shape(FAMILIES[kind], **{name: sizes[name] for name in names})
