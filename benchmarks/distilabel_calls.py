"""One peer for benchmarks/teacher_calls.py: distilabel asks the same questions.

`python benchmarks/distilabel_calls.py URL COUNT AT_ONCE`, by a Python that has distilabel; prints
the seconds of the pipeline's run, the start of its processes included.
"""

import sys
import time

SYSTEM = "너는 세법을 가르치는 교사이다. 아래 조문만으로 질문과 답을 만든다. " * 8
PASSAGE = "사과를 파는 사람은 사과 한 개마다 세금을 낸다. " * 24


def main(url: str, count: int, at_once: int) -> None:
    """Run it and print."""
    from distilabel.models import OpenAILLM
    from distilabel.pipeline import Pipeline
    from distilabel.steps.tasks import TextGeneration

    model = OpenAILLM(
        model="local",
        base_url=f"{url}/v1",
        api_key="none",
        generation_kwargs={"max_new_tokens": 500},
    )
    with Pipeline("teacher-calls") as pipeline:
        TextGeneration(llm=model, input_batch_size=at_once, system_prompt=SYSTEM)
    rows = [{"instruction": f"{PASSAGE} {number}"} for number in range(count)]
    started = time.perf_counter()
    found = pipeline.run(dataset=rows, use_cache=False)
    seconds = time.perf_counter() - started
    assert len(found["default"]["train"]) == count
    print(f"seconds {seconds}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
