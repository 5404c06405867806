"""Leftovers of a prompt, of markup or of a form, and answers that break off."""

import re

from datagen.checks.finding import Context, Finding, shortened
from taxqa.records import QARecord

LEFTOVERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "a language model's words about itself",
        re.compile(
            r"(?i)\bas an? (?:AI|artificial|large|language)|language model|\bI(?:'m| am) sorry"
            r"|(?:AI|인공지능|대규모|거대)\s?(?:언어\s?)?모델(?:로서|이므로|이기|이라|입니다)"
            r"|^(?:죄송하지만|죄송합니다만)|실시간 정보(?:에|를) (?:접근|제공)할 수 없"
        ),
    ),
    (
        "the frame of a prompt",
        re.compile(
            r"(?m)^\s*(?:#{1,6}\s*)?\**(?:질문|답변|응답|사용자|어시스턴트|Question|Answer|User|Assistant)"
            r"\**\s?\d*\s?[:：]|^#{2,6}\s*(?:질문|답변)|<\|[^|>\n]{1,30}\|>|<(?:start|end)_of_turn>"
            r"|</?s>|\[/?INST\]|(?:제공된|주어진|제공해 주신) (?:문서|텍스트|본문|자료"
            r"|지문)(?:에|를|의|만)"
        ),
    ),
    (
        "markup",
        re.compile(r"```|<(?:/?(?:p|div|span|table|t[rdh]|a|b|strong|em|ul|ol|li|h[1-6])\b[^>]*)>"),
    ),
    (
        "JSON",
        re.compile(
            r"[\"'](?:question|answer|type|source|질문|답변)[\"']\s*:|^\s*[{\[]\s*\"|\"\s*[}\]]\s*,?\s*$"
        ),
    ),
    (
        "a placeholder",
        re.compile(
            r"[\[<{](?:금액|이름|성명|날짜|연도|세율|세액|회사명|상호|주소|링크|숫자|내용|조문|법령명|URL|TODO|\.{3})[\]>}]"
            r"|\{\{|\}\}|(?<![A-Za-z])(?:XX+|TODO|TBD|N/A|null|undefined|NaN)(?![A-Za-z])"
        ),
    ),
)
BROKEN_OFF = re.compile(
    r"(?:[,:;·ㆍ(\[{=×+/~、]|[가-힣](?<!가)을|[가-힣]를|에서|에게|으로서|에 대한|에 따른|에 따라"
    r"|에 의한|및|또는|그리고"
    r"|하여|하고|하며|되며|되고|이며|이고|지만|면서|으며|위한|위해|위하여|대하여|경우에는|때문에|그러나|따라서|다만)$"
)
EMPTY_ITEM = re.compile(r"\n\s*(?:\d{1,2}[.)]|[-*•]|[①-⑳])\s*$")
TAIL = 60
"""Characters at the end in which a bracket may have been left open."""


def check_leftovers(record: QARecord, context: Context) -> Finding | None:
    """Nothing in question or answer comes from the prompt, markup or form it was made with."""
    for name, text in (("question", record.question), ("answer", record.answer)):
        for what, pattern in LEFTOVERS:
            match = pattern.search(text)
            if match:
                found = text[max(match.start() - 20, 0) : match.end() + 20]
                return Finding("leftover", f"{name}: {shortened(found)}", f"text without {what}")
    return None


def check_broken_off(record: QARecord, context: Context) -> Finding | None:
    """The answer ends with the end of a sentence, an item or a figure."""
    answer = record.answer.rstrip()
    tail = answer[-TAIL:]
    opened = tail.rfind("(") > tail.rfind(")") and "\n" not in tail[tail.rfind("(") :]
    if BROKEN_OFF.search(answer) or EMPTY_ITEM.search(record.answer.rstrip(" ")) or opened:
        return Finding("broken-off", f"… {answer[-40:]}", "an answer that is complete")
    return None
