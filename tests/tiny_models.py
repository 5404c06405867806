"""Random models of a few thousand weights, made in seconds, that pass through the whole line.

Each is a Hugging Face folder as a person would give it as base_model: config.json,
model.safetensors in bf16, tokenizer files. The answers are noise; the arithmetic is real.
"""

import io
import json
import os
from pathlib import Path
from typing import Any

# Before torch and llama.cpp are imported: on 64 columns threads only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_THREAD_LIMIT", "1")

SENTENCES = (
    "부가가치세의 세율은 10퍼센트입니다.",
    "종합소득세는 다음 해 5월에 신고합니다.",
    "증여세는 증여를 받은 사람이 냅니다.",
    "상속세의 기초공제는 2억원입니다.",
    "과세표준이 1,400만원 이하이면 세율은 6퍼센트입니다.",
    "법인세는 사업연도가 끝난 뒤 석 달 안에 신고하고 냅니다.",
    "근로소득은 연말정산으로 세금을 정리합니다.",
    "질문에 답변을 드립니다. 감사합니다.",
    "What is the tax rate? It is 10 percent: see the act.",
)
"""What the tiny tokenizers know; anything else falls to single bytes."""
KINDS = ("gemma", "multimodal", "phi", "llama")
TURNS = ("<start_of_turn>", "<end_of_turn>")


def tiny_model(kind: str, parent: Path) -> Path:
    """The folder of a tiny random model of KINDS under `parent`, made once."""
    folder = parent / f"tiny-{kind}"
    if not folder.is_dir():
        draft = parent / f".{kind}"
        draft.mkdir(parents=True)
        size = write_byte_bpe(draft) if kind == "phi" else write_sentencepiece(draft, kind)
        write_weights(random_model(kind, size), draft)
        draft.rename(folder)
    return folder


def random_model(kind: str, vocabulary: int) -> Any:
    """A transformers model in 32 bits; the same kind always has the same weights."""
    import torch
    from transformers import (
        Gemma3Config,
        Gemma3ForCausalLM,
        Gemma3ForConditionalGeneration,
        Gemma3TextConfig,
        LlamaConfig,
        LlamaForCausalLM,
        PhiConfig,
        PhiForCausalLM,
    )

    torch.manual_seed(7)
    common = {
        "vocab_size": vocabulary,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_attention_heads": 2,
        "max_position_embeddings": 512,
        "pad_token_id": 0,
        "eos_token_id": 1,
        "bos_token_id": 2,
        "initializer_range": 0.1,  # wider than usual: the most likely token is a clear one
        "dtype": "bfloat16",
    }
    # llama.cpp takes every sixth layer's attention as global, and scales it by the head.
    gemma = common | {
        "num_hidden_layers": 6,
        "num_key_value_heads": 1,
        "head_dim": 32,
        "query_pre_attn_scalar": 32,
        "sliding_window": 64,
        "tie_word_embeddings": True,
    }
    vision = {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 28,
        "patch_size": 14,
    }
    if kind == "gemma":
        return Gemma3ForCausalLM(Gemma3TextConfig(**gemma))
    if kind == "multimodal":
        ids = {"boi_token_index": 4, "eoi_token_index": 5, "image_token_index": 6}
        config = Gemma3Config(
            text_config=gemma, vision_config=vision, mm_tokens_per_image=4, dtype="bfloat16", **ids
        )
        return Gemma3ForConditionalGeneration(config)
    if kind == "phi":
        own = {
            "num_hidden_layers": 2,
            "intermediate_size": 256,  # llama.cpp takes it for four times hidden_size
            "partial_rotary_factor": 0.5,
            "eos_token_id": 0,
            "bos_token_id": 0,
            "pad_token_id": None,
        }
        return PhiForCausalLM(PhiConfig(**(common | own)))
    own = {"num_hidden_layers": 2, "num_key_value_heads": 1}
    return LlamaForCausalLM(LlamaConfig(**(common | own)))


def write_weights(model: Any, folder: Path) -> None:
    """config.json and model.safetensors in bf16; norms are made to differ from their start."""
    import torch

    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.to(torch.bfloat16).save_pretrained(folder)


def write_sentencepiece(folder: Path, kind: str) -> int:
    """tokenizer.model as Gemma has it, and its settings; returns the size of the vocabulary."""
    from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

    model = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 4),
        model_writer=model,
        model_type="bpe",
        vocab_size=512,
        hard_vocab_limit=False,
        byte_fallback=True,
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        pad_id=0,
        eos_id=1,
        bos_id=2,
        unk_id=3,
        pad_piece="<pad>",
        eos_piece="<eos>",
        bos_piece="<bos>",
        user_defined_symbols=[*TURNS, "<image_soft_token>", "<mask>", "\n\n"],
        minloglevel=2,
    )
    (folder / "tokenizer.model").write_bytes(model.getvalue())
    processor = SentencePieceProcessor(model_proto=model.getvalue())
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *TURNS, "<image_soft_token>"]
    added = {
        str(processor.piece_to_id(text)): {
            "content": text,
            "special": text in special,
            "lstrip": False,
            "normalized": False,
            "rstrip": False,
            "single_word": False,
        }
        for text in [*special, "\n\n"]
    }
    settings = {
        "tokenizer_class": "GemmaTokenizer" if kind != "llama" else "LlamaTokenizer",
        "add_bos_token": True,
        "add_eos_token": False,
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        "added_tokens_decoder": added,
        "pad_token": "<pad>",
        "eos_token": "<eos>",
        "bos_token": "<bos>",
        "unk_token": "<unk>",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return int(processor.vocab_size())


def write_byte_bpe(folder: Path) -> int:
    """A byte-level BPE tokenizer as Phi-2 has it: no BOS, <|endoftext|> ends a text."""
    from tokenizers import ByteLevelBPETokenizer

    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(
        SENTENCES, vocab_size=400, special_tokens=["<|endoftext|>"], show_progress=False
    )
    tokenizer.save_model(str(folder))
    end = "<|endoftext|>"
    settings = {
        "tokenizer_class": "CodeGenTokenizer",
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": True,
        "bos_token": end,
        "eos_token": end,
        "unk_token": end,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return int(tokenizer.get_vocab_size())


def write_gguf(folder: Path, path: Path) -> None:
    """A tiny Gemma's folder as one GGUF, as llama.cpp would write it, its weights in 32 bits."""
    import gguf
    from safetensors.torch import load_file

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    writer = gguf.GGUFWriter(path, "gemma3")
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(1e6)
    writer.add_sliding_window(config["sliding_window"])
    write_vocabulary(folder, writer)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.GEMMA3, config["num_hidden_layers"])
    for name, weight in load_file(folder / "model.safetensors").items():
        shift = 1 if "norm" in name else 0  # llama.cpp keeps Gemma's norms with their one
        found = names.get_name(name, try_suffixes=(".weight",))
        writer.add_tensor(found, (weight.float() + shift).numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_byte_bpe_gguf(folder: Path, path: Path, splits: str) -> None:
    """The byte-level BPE of a tiny Phi-2 as a GGUF that holds nothing else; `splits` as below."""
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    write_byte_bpe_vocabulary(folder, writer, splits)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def write_byte_bpe_vocabulary(folder: Path, writer: Any, splits: str) -> None:
    """A byte-level BPE as GGUF keys.

    Args:
        splits: llama.cpp's name for how a text is split into words first.
    """
    import gguf

    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    merges = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()[1:]
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    kinds = [gguf.TokenType.NORMAL] * len(tokens)
    kinds[0] = gguf.TokenType.CONTROL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(splits)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    for add in ("bos", "eos", "pad", "unk"):
        getattr(writer, f"add_{add}_token_id")(0)


def write_vocabulary(folder: Path, writer: Any) -> None:
    """The tokenizer of a folder as GGUF keys."""
    import gguf
    from sentencepiece import SentencePieceProcessor

    processor = SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    tokens = list(range(processor.vocab_size()))
    kinds = []
    for token in tokens:
        added = settings["added_tokens_decoder"].get(str(token))
        if added:
            kinds.append(
                gguf.TokenType.CONTROL if added["special"] else gguf.TokenType.USER_DEFINED
            )
        else:
            kinds.append(gguf.TokenType.BYTE if processor.is_byte(token) else gguf.TokenType.NORMAL)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([processor.id_to_piece(token) for token in tokens])
    writer.add_token_scores([processor.get_score(token) for token in tokens])
    writer.add_token_types(kinds)
    writer.add_pad_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_unk_token_id(3)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
