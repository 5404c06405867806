"""The process that converts: llama.cpp's converter with the adapter merged into each weight.

Run by export/convert.py with the converter on PYTHONPATH:
    python -m export.convert_process BASE ADAPTER METADATA.json OUT.gguf
"""

import json
import sys
from pathlib import Path
from typing import Any

from export.lora import Adapter, merged_weight, plain_name, read_adapter, require_all_merged


def main(base: Path, adapter_folder: Path, metadata: Path, out: Path) -> None:
    """Write OUT.gguf in f16."""
    import gguf
    import torch
    from conversion import ModelBase, ModelType, get_model_architecture, get_model_class

    settings = ModelBase.load_hparams(base, False)
    architecture = get_model_architecture(settings, ModelType.TEXT)
    model_class = get_model_class(architecture)
    merge_while_reading(model_class, read_adapter(adapter_folder))
    with torch.inference_mode():
        model = model_class(base, gguf.LlamaFileType.MOSTLY_F16, out, metadata_override=metadata)
        add_own_keys(model, json.loads(metadata.read_text(encoding="utf-8")))
        model.write()


def add_own_keys(model: Any, metadata: dict[str, Any]) -> None:
    """Write the keys that the converter takes from no override: the licence's, and taxqa's."""
    for key, value in metadata.items():
        if key == "general.license" or key.startswith("taxqa."):
            model.gguf_writer.add_string(key, value)


def merge_while_reading(model_class: Any, adapter: Adapter) -> None:
    """Let the converter's class see each weight with its LoRA change added.

    The class is changed in place: the converter looks a subclass up in its own tables.
    """
    from conversion.base import LazyTorchTensor

    index_tensors = model_class.index_tensors

    def merge(weight: Any, pair: tuple[Any, Any]) -> Any:
        return LazyTorchTensor(
            meta=weight._meta,
            args=(weight,),
            func=lambda eager: merged_weight(eager, pair, adapter.scale),
        )

    def index_merged(self: Any, *args: Any, **kwargs: Any) -> Any:
        tensors = index_tensors(self, *args, **kwargs)
        left = dict(adapter.pairs)
        for name, read in tensors.items():
            pair = left.pop(plain_name(name), None)
            if pair is not None:
                tensors[name] = lambda read=read, pair=pair: merge(read(), pair)
        require_all_merged(left)
        return tensors

    model_class.index_tensors = index_merged


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:5]))
