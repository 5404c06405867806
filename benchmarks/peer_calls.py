"""Peers for benchmarks/teacher_calls.py: each asks the same questions in its own way.

`python benchmarks/peer_calls.py PEER URL COUNT AT_ONCE`, by a Python that has the peer (and needs
nothing of ours); prints the seconds of its run, without the imports.
"""

import os
import sys
import time
from collections.abc import Callable
from tempfile import TemporaryDirectory

SYSTEM = "너는 세법을 가르치는 교사이다. 아래 조문만으로 질문과 답을 만든다. " * 8
PASSAGE = "사과를 파는 사람은 사과 한 개마다 세금을 낸다. " * 24
# Nothing but the loopback server is asked: no prices from the net, no usage reports.
QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "TELEMETRY_ENABLED": "false",
    "HF_HUB_OFFLINE": "1",
}
UNLIMITED = 1_000_000_000


def main(peer: str, url: str, count: int, at_once: int) -> None:
    """Run one peer and print."""
    os.environ.update(QUIET)
    questions = [f"{PASSAGE} {number}" for number in range(count)]
    run = PEERS[peer](f"{url}/v1", questions, at_once)
    started = time.perf_counter()
    answers = run()
    seconds = time.perf_counter() - started
    assert answers == count, f"{answers} of {count} were answered"
    print(f"seconds {seconds}", flush=True)


def distilabel(url: str, questions: list[str], at_once: int) -> Callable[[], int]:
    """A pipeline of one step; the start of its processes counts, its cache is off."""
    from distilabel.models import OpenAILLM
    from distilabel.pipeline import Pipeline
    from distilabel.steps.tasks import TextGeneration

    model = OpenAILLM(
        model="local", base_url=url, api_key="none", generation_kwargs={"max_new_tokens": 500}
    )
    with Pipeline("teacher-calls") as pipeline:
        TextGeneration(llm=model, input_batch_size=at_once, system_prompt=SYSTEM)
    rows = [{"instruction": question} for question in questions]

    def run() -> int:
        found = pipeline.run(dataset=rows, use_cache=False)["default"]["train"]
        return sum(answer is not None for answer in found["generation"])

    return run


def curator(url: str, questions: list[str], at_once: int) -> Callable[[], int]:
    """Its LLM class, which keeps every answer in a file, as ours does in a store."""
    import litellm.litellm_core_utils.default_encoding  # noqa: F401  tiktoken without a network
    from bespokelabs import curator

    model = curator.LLM(
        model_name="local",
        backend="openai",
        system_prompt=SYSTEM,
        generation_params={"max_tokens": 500},
        backend_params={
            "base_url": url,
            "api_key": "none",
            "max_concurrent_requests": at_once,
            "max_requests_per_minute": UNLIMITED,
            "max_tokens_per_minute": UNLIMITED,
        },
    )

    def run() -> int:
        with TemporaryDirectory() as folder:
            return len(model(questions, working_dir=folder).dataset)

    return run


def synthetic_data_kit(url: str, questions: list[str], at_once: int) -> Callable[[], int]:
    """The client below all its commands, alone: no parsing, and nothing is kept before the end."""
    from synthetic_data_kit.models.llm_client import LLMClient

    client = LLMClient(provider="api-endpoint", api_base=url, api_key="none", model_name="local")
    asked = [
        [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]
        for question in questions
    ]

    def run() -> int:
        answers = client.batch_completion(asked, max_tokens=500, batch_size=at_once)
        return sum(not answer.startswith("ERROR: ") for answer in answers)

    return run


PEERS = {
    "distilabel": distilabel,
    "bespokelabs-curator": curator,
    "synthetic-data-kit": synthetic_data_kit,
}
"""The name on PyPI -> what makes its run ready; the run gives the number of answers."""


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
