"""The prompt specification: one form gives training text, Jinja chat template and Go TEMPLATE.

Training, evaluation, chat, the GGUF and the registration with Ollama use nothing else, so that
the model is asked as it was trained. `{eos}` in a template is the base model's end-of-text token.
The Go templates were seen byte-equal to their Jinja on a real server (docs/prompts.md).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

from taxqa.errors import ConfigError

NO_SYSTEM = "system=''"
"""Where the Jinja templates hold the system message that is used when a client sends none."""


class Message(TypedDict):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class PromptForm:
    """How a conversation becomes the text that the model sees."""

    name: str
    user: str
    """A user's turn up to where the model goes on; {system} and {content} are filled in."""
    system: str
    """What a system message becomes, put before the first user turn's content."""
    answer: str
    """What the model writes: {content}, with the space that belongs to its first token."""
    end: str
    """What ends an answer; '{eos}' stands for the end-of-text token."""
    between: str
    """What follows an ended answer when another turn comes."""
    jinja: str
    go: str

    def prompt(self, question: str, system: str = "") -> str:
        """What the model is given for one question, without BOS."""
        before = self.system.format(content=system) if system else ""
        return self.user.format(system=before, content=question)

    def completion(self, answer: str, eos: str) -> str:
        """What the model is trained to write after `prompt`, its end included."""
        return self.answer.format(content=answer.strip()) + self.end.replace("{eos}", eos)

    def conversation(self, messages: Sequence[Message], eos: str) -> str:
        """A conversation that ends with a user's turn, as the model sees it, without BOS."""
        text, system = "", ""
        for message in messages:
            if message["role"] == "system":
                system = message["content"]
            elif message["role"] == "user":
                text += self.prompt(message["content"], system)
                system = ""
            else:
                text += self.completion(message["content"], eos) + self.between
        return text

    def chat_template(self, eos: str, adds_bos: bool, system: str = "") -> str:
        """The Jinja template for the tokenizer and the GGUF.

        Args:
            adds_bos: whether the base model's tokenizer puts BOS before a text; then so does
                the template, as transformers and llama.cpp expect.
            system: the system message of training. A client that sends none of its own gets this
                one, so that a GGUF that stands alone is asked as it was trained too.
        """
        text = ("{{- bos_token -}}" if adds_bos else "") + self.jinja.replace("{eos}", eos)
        if not system:
            return text
        before = json.dumps(self.system.format(content=system), ensure_ascii=False)
        return text.replace(NO_SYSTEM, f"system={before}", 1)

    def system_in(self, template: str, eos: str) -> str | None:
        """The system message in a template that `chat_template` made; None for any other."""
        for adds_bos in (True, False):
            head, _, tail = self.chat_template(eos, adds_bos).partition(NO_SYSTEM)
            within = template.removeprefix(f"{head}system=").removesuffix(tail)
            try:
                before = "" if within == "''" else str(json.loads(within))
            except ValueError:
                continue
            system = before.removesuffix(self.system.format(content=""))
            if self.chat_template(eos, adds_bos, system) == template:
                return system
        return None

    def go_template(self, eos: str) -> str:
        """The Go TEMPLATE for Ollama, which adds BOS by itself."""
        return self.go.replace("{eos}", eos)

    def stops(self, eos: str) -> tuple[str, ...]:
        """Strings at which a server should stop, beside the end-of-text token."""
        return (self.end.replace("{eos}", eos),)


QA = PromptForm(
    name="qa",
    system="{content}\n\n",
    user="{system}### 질문: {content}\n\n### 답변:",
    answer=" {content}",
    end="{eos}",
    between="\n\n",
    jinja=(
        "{%- set ns = namespace(system='') -%}"
        "{%- for message in messages -%}"
        "{%- if message['role'] == 'system' -%}"
        "{%- set ns.system = message['content'] + '\\n\\n' if message['content'] else '' -%}"
        "{%- elif message['role'] == 'user' -%}"
        "{{- ns.system + '### 질문: ' + message['content'] + '\\n\\n### 답변:' -}}"
        "{%- set ns.system = '' -%}"
        "{%- else -%}"
        "{{- ' ' + message['content'] | trim -}}"
        "{%- if not loop.last -%}{{- '{eos}\\n\\n' -}}{%- endif -%}"
        "{%- endif -%}"
        "{%- endfor -%}"
    ),
    go=(
        "{{- $sys := .System -}}\n"
        "{{- range $i, $_ := .Messages }}\n"
        "{{- $last := eq (len (slice $.Messages $i)) 1 }}\n"
        '{{- if eq .Role "user" }}{{ if $sys }}{{ $sys }}\n\n'
        '{{ $sys = "" }}{{ end }}### 질문: {{ .Content }}\n\n'
        # Clients send an answer back as it came, with the blank that training put before it.
        '### 답변:{{ else if eq .Role "assistant" }}'
        '{{ if not (and .Content (eq (slice .Content 0 1) " ")) }} {{ end }}'
        "{{ .Content }}{{ if not $last }}{eos}\n\n"
        "{{ end }}\n"
        "{{- end }}\n"
        "{{- end }}"
    ),
)

GEMMA3 = PromptForm(
    name="gemma3",
    system="{content}\n\n",
    user="<start_of_turn>user\n{system}{content}<end_of_turn>\n<start_of_turn>model\n",
    answer="{content}",
    end="<end_of_turn>",
    between="\n",
    jinja=(
        "{%- set ns = namespace(system='') -%}"
        "{%- for message in messages -%}"
        "{%- if message['role'] == 'system' -%}"
        "{%- set ns.system = message['content'] + '\\n\\n' if message['content'] else '' -%}"
        "{%- elif message['role'] == 'user' -%}"
        "{{- '<start_of_turn>user\\n' + ns.system + message['content'] + '<end_of_turn>\\n' -}}"
        "{%- set ns.system = '' -%}"
        "{%- if loop.last -%}{{- '<start_of_turn>model\\n' -}}{%- endif -%}"
        "{%- else -%}"
        "{{- '<start_of_turn>model\\n' + message['content'] | trim -}}"
        "{%- if not loop.last -%}{{- '<end_of_turn>\\n' -}}{%- endif -%}"
        "{%- endif -%}"
        "{%- endfor -%}"
    ),
    go=(
        "{{- $sys := .System -}}\n"
        "{{- range $i, $_ := .Messages }}\n"
        "{{- $last := eq (len (slice $.Messages $i)) 1 }}\n"
        '{{- if eq .Role "user" }}<start_of_turn>user\n'
        "{{ if $sys }}{{ $sys }}\n\n"
        '{{ $sys = "" }}{{ end }}{{ .Content }}<end_of_turn>\n'
        "{{ if $last }}<start_of_turn>model\n"
        "{{ end }}\n"
        '{{- else if eq .Role "assistant" }}<start_of_turn>model\n'
        "{{ .Content }}{{ if not $last }}<end_of_turn>\n"
        "{{ end }}\n"
        "{{- end }}\n"
        "{{- end }}"
    ),
)

FORMS = {form.name: form for form in (QA, GEMMA3)}


def prompt_form(name: str) -> PromptForm:
    """The form of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in FORMS:
        raise ConfigError(f"Unknown prompt form '{name}'; known: {', '.join(FORMS)}.")
    return FORMS[name]
