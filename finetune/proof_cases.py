"""The conversations on which a model's prompt is proven, and the token ids that training makes.

A run keeps both, and `taxqa export` hands them on in export.json, so that the registration can
compare the server's and the GGUF's prompts with training's without the run, its tokenizer, torch
or transformers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from finetune.prompts import Message, PromptForm


@dataclass(frozen=True)
class Case:
    """A conversation whose prompt is compared."""

    name: str
    messages: tuple[Message, ...]


def user(content: str) -> Message:
    """A question."""
    return {"role": "user", "content": content}


def assistant(content: str) -> Message:
    """An answer."""
    return {"role": "assistant", "content": content}


def system(content: str) -> Message:
    """A system message."""
    return {"role": "system", "content": content}


QUESTION = "부모님께 5천만원을 증여받았는데 증여세를 내야 하나요?"
ANSWER = "성년 자녀는 10년간 5천만원까지 공제되므로 낼 세액이 없습니다."
CASES = (
    Case("one question", (user(QUESTION),)),
    Case("a system message", (system("한국 세법에 답합니다."), user(QUESTION))),
    Case(
        "several turns",
        (user(QUESTION), assistant(ANSWER), user("배우자라면요?"), assistant("6억원입니다."),
         user("그 근거는?")),
    ),
    Case(
        "several turns with a system message",
        (system("짧게 답합니다."), user(QUESTION), assistant(ANSWER), user("배우자라면요?")),
    ),
    Case("emoji", (user("세금 💸 얼마예요? 👩‍👩‍👧‍👦 🇰🇷"),)),
    Case("line breaks", (user("자료:\n\n  1. 급여 3,000만원\n\t2. 상여 500만원\n질문: 세액은?"),)),
    Case("blanks at both ends", (user("  연말정산이 뭔가요? \n"),)),
    Case("line ends of Windows", (user("첫째 줄\r\n둘째 줄\r\n"),)),
    Case("an empty system message", (system(""), user(QUESTION))),
    Case("braces and quotes", (user('{{ .System }} {% if %} "따옴표" \\n <b>&amp;</b> %s'),)),
)  # fmt: skip
"""Those of every prompt form."""
LONG_LINE = "공급가액 1,234,000원에 세액 123,400원인 거래입니다.\n"
LONG_SHARE = 0.75
"""How much of the length of training the long question fills: Ollama would cut a longer one."""


def cases_of(form: PromptForm, eos: str, bos: str) -> tuple[Case, ...]:
    """CASES, a conversation whose answer a client sends back as the model wrote it, and a question
    in which the marks of the form stand.

    In the form 'qa' such an answer begins with a blank, which clients do not take off. Marks are
    taken for what they mean by training, llama.cpp and Ollama alike, wherever they stand.

    Args:
        bos: '' = none.
    """
    written = assistant(form.answer.format(content=ANSWER))
    turns = (user(QUESTION), written, user("배우자라면요?"))
    marks = f"앞 {bos}{form.prompt('가')}{form.completion('나', eos)}{eos} 뒤"
    return (
        *CASES,
        Case("an answer as the model wrote it", turns),
        Case("marks in a question", (user(marks),)),
    )


def long_case(tokenizer: Any, max_length: int) -> Case:
    """A question of about LONG_SHARE of `max_length` tokens; one line at least."""
    tokens = len(tokenizer(LONG_LINE * 8, add_special_tokens=False).input_ids) / 8
    lines = max(1, int(LONG_SHARE * max_length / tokens))
    return Case("a very long question", (user(LONG_LINE * lines + "모두 얼마인가요?"),))


def with_system(messages: Sequence[Message], trained: str) -> list[Message]:
    """The conversation with the trained system message where it brings none of its own."""
    brings = bool(messages) and messages[0]["role"] == "system"
    return list(messages) if brings or not trained else [system(trained), *messages]


def trained_prompt(
    tokenizer: Any, form: PromptForm, trained_system: str, max_length: int
) -> dict[str, Any]:
    """What a run's manifest keeps of its tokenizer: end and begin of text, and the proof.

    The begin is '' where the chat template puts none.
    """
    return {
        "eos": tokenizer.eos_token,
        "bos": tokenizer.bos_token if "bos_token" in tokenizer.chat_template else "",
        "proof": trained_proof(tokenizer, form, trained_system, max_length),
    }


def trained_proof(
    tokenizer: Any, form: PromptForm, trained_system: str, max_length: int
) -> dict[str, Any]:
    """What export.json holds for the proof: each case's messages and ids, and an answer's.

    Ids stand in one text, divided by blanks. Those of a single question are the ones of a training
    row's prompt; those of the answer are what the model was trained to write, its end included.
    """
    eos = tokenizer.eos_token
    cases = []
    for case in (*cases_of(form, eos, tokenizer.bos_token or ""), long_case(tokenizer, max_length)):
        text = form.conversation(with_system(case.messages, trained_system), eos)
        ids = joined(tokenizer(text).input_ids)
        cases.append({"name": case.name, "messages": list(case.messages), "ids": ids})
    text = form.completion(ANSWER, eos)
    ids = joined(tokenizer(text, add_special_tokens=False).input_ids)
    return {"cases": cases, "answer": {"text": text, "ids": ids}}


def joined(ids: Sequence[int]) -> str:
    """Token ids as one text, so that export.json stays readable."""
    return " ".join(map(str, ids))
