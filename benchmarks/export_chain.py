"""Adapter to q4_k_m beside the usual chain: `python -m benchmarks.export_chain --run RUN`.

The usual chain: PEFT's merge_and_unload, save_pretrained, llama.cpp's own convert_hf_to_gguf.py,
quantize. Both start from the same run folder in processes of their own and alternate. Prints
seconds, their ratio, peak memory, peak disk beyond base and results, and whether the f16 tensors
are the same bits.

With --phi2 in place of --run: only our side, on random weights in the shape of microsoft/phi-2
(2.7 B parameters, 5.6 GB), made here; needs about 20 GB of disk under --work.

Memory is what cannot be given back: anonymous pages (RssAnon) of the process and its children,
read 20 times a second. Pages of mapped files are shown apart; the system drops them at need.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from export.llama_cpp_source import PACKAGE, converter_folder, download_source

ROOT = Path(__file__).resolve().parent.parent
PHI_2 = {"hidden": 2560, "layers": 32, "heads": 32, "intermediate": 10240, "vocabulary": 51200}

OURS = """
import sys
from pathlib import Path
from export.export import Options, export
run, out, quant, converter = sys.argv[1:]
export(Path(run), Path(out), [quant], Options(questions=0), llama_cpp=Path(converter))
"""
MERGE = """
import json, sys
from pathlib import Path
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
run, out = Path(sys.argv[1]), Path(sys.argv[2])
base = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["base_model"]["folder"]
model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
merged = PeftModel.from_pretrained(model, run / "adapter").merge_and_unload()
merged.save_pretrained(out)
AutoTokenizer.from_pretrained(run / "adapter").save_pretrained(out)
"""
QUANTIZE = """
import sys
import llama_cpp
settings = llama_cpp.llama_model_quantize_default_params()
settings.ftype = 15
sys.exit(llama_cpp.llama_model_quantize(sys.argv[1].encode(), sys.argv[2].encode(), settings))
"""


@dataclass(frozen=True)
class Cost:
    """What a process took."""

    seconds: float
    cpu: float
    """Seconds of CPU time of the process and its children: what other load changes less."""
    memory: int
    """Peak of anonymous pages, bytes."""
    mapped: int
    """Peak of all resident pages, mapped files among them, bytes."""
    disk: int
    """Peak of the watched folders, bytes."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--run", type=Path)
    parser.add_argument("--phi2", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, help="where to write; default: a temporary folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="export-chain-", dir=arguments.work) as temporary:
        work = Path(temporary)
        if arguments.phi2:
            phi2(work)
        elif arguments.run:
            compare(arguments.run.resolve(), work, arguments.rounds)
        else:
            parser.error("give --run or --phi2")


def compare(run: Path, work: Path, rounds: int) -> None:
    """Our export and the usual chain, in turns; the least of each is what the machine can do."""
    script = converter_script(work)
    ours, usual = [], []
    for _ in range(rounds):
        ours.append(our_export(run, work, "q4_k_m"))
        usual.append(usual_chain(run, work, script))
    our_export(run, work, "f16")
    difference = tensor_difference(work / "ours" / "ours-f16.gguf", work / "usual-f16.gguf")
    print_costs({"taxqa export": ours, "merge, save, convert, quantize": usual})
    least = min(cost.seconds for cost in ours) / min(cost.seconds for cost in usual)
    print(f"ratio of the least seconds: {least:.2f}")
    least = min(cost.cpu for cost in ours) / min(cost.cpu for cost in usual)
    print(f"ratio of the least CPU seconds: {least:.2f}")
    print(difference)


def our_export(run: Path, work: Path, quant: str) -> Cost:
    """One `export`, without its comparison of answers, which the usual chain does not have."""
    shutil.rmtree(work / "ours", ignore_errors=True)
    command = [sys.executable, "-c", OURS, str(run), str(work / "ours"), quant]
    return watched([*command, str(work / "llama.cpp")], [work])


def usual_chain(run: Path, work: Path, script: Path) -> Cost:
    """The same by the usual chain; its f16 is kept for the comparison."""
    merged, f16 = work / "merged", work / "usual-f16.gguf"
    shutil.rmtree(merged, ignore_errors=True)
    f16.unlink(missing_ok=True)
    commands = [
        [sys.executable, "-c", MERGE, str(run), str(merged)],
        ["taxqa: tokenizer"],
        [sys.executable, str(script), str(merged), "--outfile", str(f16), "--outtype", "f16"],
        [sys.executable, "-c", QUANTIZE, str(f16), str(work / "usual-q4_k_m.gguf")],
    ]
    costs = []
    for command in commands:
        if command == ["taxqa: tokenizer"]:
            # transformers 5 saves no tokenizer.model, without which Gemma converts as gpt2; who
            # uses the usual chain copies it by hand.
            copy_tokenizer(run, merged)
        else:
            costs.append(watched(command, [work]))
    (work / "usual-q4_k_m.gguf").unlink()
    shutil.rmtree(merged)
    return Cost(
        sum(cost.seconds for cost in costs),
        sum(cost.cpu for cost in costs),
        max(cost.memory for cost in costs),
        max(cost.mapped for cost in costs),
        max(cost.disk for cost in costs),
    )


def copy_tokenizer(run: Path, merged: Path) -> None:
    """The base's tokenizer files into the merged folder."""
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    for name in ("tokenizer.model", "tokenizer_config.json"):
        found = Path(manifest["base_model"]["folder"]) / name
        if found.is_file():
            shutil.copyfile(found, merged / name)


def watched(command: list[str], folders: list[Path]) -> Cost:
    """Run a command and watch its memory and what it writes."""
    before = sum(folder_bytes(folder) for folder in folders)
    started = time.monotonic()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env=environment()
        )
        peaks = {"memory": 0, "mapped": 0, "disk": 0}
        done = threading.Event()
        watcher = threading.Thread(target=watch, args=(process.pid, folders, peaks, done))
        watcher.start()
        used = cpu_of_children()
        code = process.wait()
        seconds, used = time.monotonic() - started, cpu_of_children() - used
        done.set()
        watcher.join()
        if code:
            log.seek(0)
            sys.exit(f"{command[:3]} failed:\n{log.read()[-3000:].decode('utf-8', 'replace')}")
    return Cost(seconds, used, peaks["memory"], peaks["mapped"], peaks["disk"] - before)


def cpu_of_children() -> float:
    """CPU seconds of all processes that were waited for until now."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def environment() -> dict[str, str]:
    """This process's environment, offline, with the project on the path."""
    import os

    return os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}


def watch(pid: int, folders: list[Path], peaks: dict[str, int], done: threading.Event) -> None:
    """Note the peaks of a process tree until it is done."""
    number = 0
    while not done.wait(0.05):
        anonymous = resident = 0
        try:
            family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for member in family:
            pages = resident_pages(member.pid)
            anonymous += pages[0]
            resident += pages[1]
        peaks["memory"] = max(peaks["memory"], anonymous)
        peaks["mapped"] = max(peaks["mapped"], resident)
        number += 1
        if number % 10 == 0:
            peaks["disk"] = max(peaks["disk"], sum(folder_bytes(folder) for folder in folders))


def resident_pages(pid: int) -> tuple[int, int]:
    """(anonymous, all) resident bytes of a process; zeros where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0, 0
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    kib = [int(fields.get(name, "0 kB").split()[0]) for name in ("RssAnon", "VmRSS")]
    return kib[0] * 1024, kib[1] * 1024


def folder_bytes(folder: Path) -> int:
    """Bytes of all files in a folder."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += 0 if path.is_symlink() or path.is_dir() else path.stat().st_size
        except FileNotFoundError:
            continue
    return total


def converter_script(work: Path) -> Path:
    """llama.cpp's script beside the converter it belongs to."""
    from importlib.metadata import version

    folder = work / "llama.cpp"
    shutil.copytree(converter_folder(), folder)
    archive = download_source(version(PACKAGE), work)
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name.endswith("/vendor/llama.cpp/convert_hf_to_gguf.py"):
                member.name = "convert_hf_to_gguf.py"
                tar.extract(member, folder, filter="data")
    archive.unlink()
    return folder / "convert_hf_to_gguf.py"


def tensor_difference(ours: Path, usual: Path) -> str:
    """How the tensors of two f16 GGUF files differ, in a sentence."""
    import gguf
    import numpy as np

    theirs = {tensor.name: tensor for tensor in gguf.GGUFReader(usual).tensors}
    mine = {tensor.name: tensor for tensor in gguf.GGUFReader(ours).tensors}
    if mine.keys() != theirs.keys():
        return f"other tensors: {sorted(mine.keys() ^ theirs.keys())[:5]}"
    equal, most = 0, 0.0
    for name, tensor in mine.items():
        a, b = tensor.data, theirs[name].data
        if a.dtype == b.dtype and np.array_equal(a.view(np.uint8), b.view(np.uint8)):
            equal += 1
        else:
            gap = np.abs(a.astype(np.float32) - b.astype(np.float32))
            most = max(most, float(gap.max()))
    return f"f16 tensors: {equal} of {len(mine)} are the same bits; the largest difference {most:g}"


def print_costs(costs: dict[str, list[Cost]]) -> None:
    """One table."""
    print(f"{'':<32} {'seconds':>16} {'of CPU':>16} {'memory':>9} {'with files':>11} {'disk':>9}")
    for name, rounds in costs.items():
        seconds = " ".join(f"{cost.seconds:.1f}" for cost in rounds)
        cpu = " ".join(f"{cost.cpu:.1f}" for cost in rounds)
        peaks = [max(getattr(cost, key) for cost in rounds) for key in ("memory", "mapped", "disk")]
        memory, mapped, disk = (peak / 1e9 for peak in peaks)
        times = f"{name:<32} {seconds:>16} {cpu:>16}"
        print(f"{times} {memory:>6.2f} GB {mapped:>8.2f} GB {disk:>6.2f} GB")


def phi2(work: Path) -> None:
    """Our export of random weights in Phi-2's shape."""
    run = random_phi2(work)
    base = folder_bytes(work / "base")
    shutil.copytree(converter_folder(), work / "llama.cpp")
    # The random model's small vocabulary is a byte-level BPE as Phi-2's, but not the known one.
    with (work / "llama.cpp" / "conversion" / "base.py").open("a", encoding="utf-8") as file:
        file.write("\n\nTextModel.get_vocab_base_pre = lambda self, tokenizer: 'gpt-2'\n")
    cost = our_export(run, work, "q4_k_m")
    results = folder_bytes(work / "ours")
    print_costs({"taxqa export, Phi-2's shape": [cost]})
    beyond = (cost.disk - results) / base
    print(
        f"base {base / 1e9:.2f} GB, results {results / 1e9:.2f} GB; beyond both: {beyond:.2f} x f16"
    )


def random_phi2(work: Path) -> Path:
    """A base folder with random weights, a shard a layer, and a run folder with its adapter."""
    import torch
    from peft import LoraConfig, get_peft_model
    from safetensors.torch import save_file
    from transformers import PhiConfig, PhiForCausalLM

    sys.path.insert(0, str(ROOT / "tests"))
    from tiny_models import write_byte_bpe
    from tiny_runs import write_dataset

    from finetune.bases import PHI_TARGETS
    from finetune.prompts import prompt_form

    base, run = work / "base", work / "run"
    base.mkdir()
    (run / "adapter").mkdir(parents=True)
    write_byte_bpe(base)
    config = PhiConfig(
        vocab_size=PHI_2["vocabulary"],
        hidden_size=PHI_2["hidden"],
        intermediate_size=PHI_2["intermediate"],
        num_hidden_layers=PHI_2["layers"],
        num_attention_heads=PHI_2["heads"],
        partial_rotary_factor=0.4,
        max_position_embeddings=2048,
        bos_token_id=0,
        eos_token_id=0,
        dtype="float16",
        architectures=["PhiForCausalLM"],
    )
    config.save_pretrained(base)
    with torch.device("meta"):
        model = PhiForCausalLM(config)
    torch.manual_seed(3)
    shards: dict[str, dict[str, Any]] = {}
    places = {}
    for name, weight in model.named_parameters():
        shard = name.split(".")[2] if ".layers." in name else "rest"
        places[name] = f"model-{shard}.safetensors"
        shards.setdefault(places[name], {})[name] = weight.shape
    for file, names in shards.items():
        tensors = {
            name: (0.02 * torch.randn(shape)).to(torch.float16) for name, shape in names.items()
        }
        save_file(tensors, base / file, {"format": "pt"})
    index = {"metadata": {"total_size": folder_bytes(base)}, "weight_map": places}
    (base / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    lora = LoraConfig(r=16, target_modules=list(PHI_TARGETS), task_type="CAUSAL_LM")
    with torch.device("meta"):
        adapted = get_peft_model(model, lora)
        pairs = {
            name.replace(".default", ""): weight.shape
            for name, weight in adapted.named_parameters()
            if "lora_" in name
        }
    save_file(
        {name: 0.01 * torch.randn(shape) for name, shape in pairs.items()},
        run / "adapter" / "adapter_model.safetensors",
    )
    lora.save_pretrained(run / "adapter")
    write_run(base, run, prompt_form("qa"))
    write_dataset(work / "dataset")
    return run


def write_run(base: Path, run: Path, form: Any) -> None:
    """What export reads of a run beside its adapter."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.chat_template = form.chat_template(tokenizer.eos_token, False)
    tokenizer.save_pretrained(run / "adapter")
    (run / "config.yaml").write_text("max_length: 2048\n", encoding="utf-8")
    manifest = {
        "stage": "run",
        "made": "2026-11-20T00:00:00Z",
        "prompt_form": form.name,
        "system": "",
        "base_model": {
            "name": "phi-2",
            "folder": str(base),
            "source": "folder",
            "repo": "",
            "license_name": "",
            "license_url": "",
        },
    }
    (run / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


if __name__ == "__main__":
    main()
