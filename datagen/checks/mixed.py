"""Words of another language inside a Korean sentence, as a language model slips into them."""

import re

from datagen.checks.finding import Context, Finding, shortened
from taxqa.records import QARecord

SIMPLIFIED = re.compile(
    "[这们个为时说对发产业务缴纳额关规则应该计进还让从实际现给请问题见观认识须费减资财贵买卖账单报类总结构项标样书读写"
    "语词译转过达选适运营专门车轻边远连随难电话线级红纪纯织终绝统继续维综绿编缘缩网罗职联聪肃脑艺节获蓝虑补览订训"
    "议讯记讲论设访证评诉诊试诗诚诞详误调谈谢负贡败货质购贷贸贺赁赔赠]"
)
"""Characters of simplified Chinese that neither Korean nor Japanese writes."""
HANJA_INSIDE = re.compile(
    r"(?<=[가-힣] )[\u3400-\u9fff]{2,}(?=[가-힣]|\s[가-힣])"
    r"|(?<=[가-힣])[\u3400-\u9fff]{2,}(?=[가-힣])"
)
CONTRAST = re.compile(r"[甲乙丙丁戊前後新舊大小故夫妻父母子孫]")
ENGLISH_WORDS = re.compile(
    r"(?<![A-Za-z])(?:[A-Za-z]+(?:'[a-z]+)?[,;]?\s+){3,}[A-Za-z]+"
    r"|(?<![A-Za-z(\"'-])(?:Therefore|However|Furthermore|Moreover|In addition|For example|Also"
    r"|Thus|Hence)\b"
)
FUNCTION_WORD = re.compile(
    r"(?i)\b(?:the|is|are|you|should|of|to|and|must|will|this|that|for|be|your|can|therefore|however|furthermore|moreover|thus|hence|also|addition)\b"
)
ENGLISH_VERB = re.compile(
    r"(?<![A-Za-z(\"'])[a-z]{3,}(?:을|를|은|는|이|가)?\s?(?:하는|한|합니다|하여|해야|하면|했|할|됩니다|되는|해서)(?![가-힣]*학)"
)
"""A plain English word made a Korean verb: 'request하는', 'refund를 합니다'."""
BRACKETS = re.compile(
    r"\([^()\n]*\)|\[[^\[\]\n]*\]|「[^」\n]*」|『[^』\n]*』|“[^”\n]*”|\"[^\"\n]*\"|`[^`\n]*`|https?://\S+"
)


def check_mixed_language(record: QARecord, context: Context) -> Finding | None:
    """No word of Chinese or English stands in the answer where a Korean one belongs.

    What stands in brackets or quotation marks may be a term; judgments keep their Hanja.
    """
    if record.answer.isascii():
        return None
    text = BRACKETS.sub(" ", record.answer)
    match = foreign_word(text, hanja=record.source in ("practical",))
    if match is None:
        return None
    around = text[max(match.start() - 20, 0) : match.end() + 20]
    return Finding("language", f"answer: {shortened(around)}", f"Korean for '{match[0].strip()}'")


def foreign_word(text: str, *, hanja: bool) -> re.Match[str] | None:
    """The first word of another language; Hanja inside a sentence only where `hanja`."""
    simplified = SIMPLIFIED.search(text)
    if simplified:
        return simplified
    inside = HANJA_INSIDE.search(text) if hanja else None
    if inside and not CONTRAST.search(inside[0]):
        return inside
    for words in ENGLISH_WORDS.finditer(text):
        if FUNCTION_WORD.search(words[0]):
            return words
    return ENGLISH_VERB.search(text)
