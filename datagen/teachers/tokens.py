"""Tokens counted before anything is sent: a bound that holds, and a likely number.

No tokenizer is loaded: OpenAI's fetches its tables from the network, Anthropic publishes none.
"""

import re

from datagen.teachers.request import Request
from taxqa.records import to_json

OVERHEAD = 600
"""Tokens that a provider adds of its own, to frame the turns and to ask for the schema."""
TOKENS_PER_HANGUL = 0.9
"""Gemma 3's tokenizer, which can be had offline, takes 0.83 to 0.92 for a syllable of statutes and
judgments, all else counted as below. Others differ; once replies are there, their usage tells."""
TOKENS_PER_OTHER = 0.3
"""The rule of thumb for English and JSON is four characters a token."""
LIKELY_OVERHEAD = 100
HANGUL = re.compile("[가-힣ㄱ-ㅎㅏ-ㅣ]")


def most_input_tokens(request: Request) -> int:
    """No more tokens than this: a byte-level tokenizer makes at most one of each UTF-8 byte.

    The schema is counted twice, as a provider may repeat it in its instructions.
    """
    asked = len(request.system.encode("utf-8", "replace"))
    asked += len(request.user.encode("utf-8", "replace"))
    return asked + 2 * len(to_json(dict(request.schema)).encode("utf-8")) + OVERHEAD


def likely_input_tokens(request: Request) -> int:
    """About so many tokens, by the ratios above."""
    asked = request.system + request.user + to_json(dict(request.schema))
    return likely_tokens(asked) + LIKELY_OVERHEAD


def likely_tokens(text: str) -> int:
    """About so many tokens for a text."""
    hangul = len(HANGUL.findall(text))
    return round(hangul * TOKENS_PER_HANGUL + (len(text) - hangul) * TOKENS_PER_OTHER)
