"""Questions about articles, answered with the article's number, title and own words."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from datagen.example import Example, asker_of
from datagen.particles import with_particle
from datagen.quotes import is_past, leans, paragraphs, quote, quoted, spelled_out
from taxlaw.acts import BY_NAME, find_act
from taxqa.records import Document

QUOTE_LENGTH = 300
MIN_QUOTE_LENGTH = 25
ONE_IN = {"": 1, "시행령": 3, "시행규칙": 6}
"""Of so many articles of an act, a decree or a rule one is asked about; acts matter most."""
OVERRIDDEN = {
    # The body says 13, the addenda (법률 제21548호 부칙 제2조) say 9 for 2026 and more later.
    "소득세법 제59조의2",
    # The ceiling is gone from the body; 법률 제19230호 부칙 제15조 keeps it for homes until 2028.
    "지방세법 제122조",
    "종합부동산세법 시행령 제5조",
}
"""Articles whose own words are not what applies now: only their title is taught."""
PARAGRAPH_OF = re.compile(r"^(?:제(\d+)항)?")
"""The paragraph that a part of an article is in; '': the article has none, or all of it counts."""

WHAT = (
    "{article_topic} 무엇을 정하고 있나요?",
    "{article}의 내용이 뭐예요?",
    "{article}에는 어떤 내용이 있나요?",
    "{article_object} 설명해 주세요.",
    "{article} 내용",
)
TITLE = (
    "{article}의 제목은 무엇인가요?",
    "{article_topic} 무엇에 관한 조문인가요?",
    "{article} 제목",
)
WHICH = (
    "{title_topic} {law} 몇 조에 있나요?",
    "{law}에서 {title_object} 정한 조문은 몇 조인가요?",
    "{law}의 '{title}' 조문은 제 몇 조예요?",
    "{law} {title} 조문 번호",
)
PARAGRAPH = (
    "{article}제{number}항은 무엇을 정하고 있나요?",
    "{article}제{number}항의 내용이 뭐예요?",
    "{article}제{number}항을 알려 주세요.",
)


def article_examples(documents: Iterable[Document], seed: int) -> Iterator[Example]:
    """One example from each article of an act that is in force, and from some of the decrees' and
    rules'.
    """
    articles = [
        each
        for each in documents
        if each.kind == "statute" and each.title and "" not in each.not_in_force
    ]
    titles = Counter((each.law, each.title) for each in articles)
    for turn, document in enumerate(articles):
        order = random.Random(f"{seed}:{document.id}")
        if order.randrange(ONE_IN[level_of(document.law)]) == 0:
            unique = titles[document.law, document.title] == 1
            yield article_example(document, unique, turn, order)


def level_of(law: str) -> str:
    """'시행령', '시행규칙' or '' for an act."""
    last = law.rpartition(" ")[2]
    return last if last in ONE_IN and law not in BY_NAME else ""


def article_example(document: Document, unique: bool, turn: int, order: random.Random) -> Example:
    """A question about the article, about one of its paragraphs, or for its number."""
    kind = order.random()
    numbered = [part for part in standing_quotes(document) if part[0]]
    if kind < 0.3 and numbered:
        question, answer = paragraph_example(document, *order.choice(numbered), order)
    elif kind < 0.6 and unique:
        question, answer = which_example(document, order)
    else:
        question, answer = what_example(document, order)
    return Example(document.id, question, answer, asker_of(document.law, turn), "statute")


def what_example(document: Document, order: random.Random) -> tuple[str, str]:
    """'소득세법 제55조는 무엇을 정하고 있나요?'"""
    article = document.id
    parts = standing_quotes(document)
    question = order.choice(WHAT if parts else TITLE).format(
        article=article,
        article_topic=with_particle(article, "은"),
        article_object=with_particle(article, "을"),
    )
    answer = f"{article}의 제목은 ‘{document.title}’입니다."
    if parts:
        number, text = parts[0]
        where = f"제{number}항은" if number else "이 조문은"
        answer += f" {where} {quoted(text)} 정합니다.{short_names(document, text)}"
    return question, answer


def which_example(document: Document, order: random.Random) -> tuple[str, str]:
    """'세율은 소득세법 몇 조에 있나요?'; the title has to be the only one of its law."""
    question = order.choice(WHICH).format(
        law=document.law,
        title=document.title,
        title_topic=with_particle(f"‘{document.title}’", "은"),
        title_object=with_particle(f"‘{document.title}’", "을"),
    )
    year, month, day = (int(part) for part in document.in_force.split("-"))
    answer = (
        f"{document.id}에 있습니다. 조문 제목은 ‘{document.title}’이고,"
        f" {year}. {month}. {day}. 시행 법령을 기준으로 합니다."
    )
    return question, answer


def paragraph_example(
    document: Document, number: int, text: str, order: random.Random
) -> tuple[str, str]:
    """'소득세법 제55조제2항의 내용이 뭐예요?'"""
    question = order.choice(PARAGRAPH).format(article=document.id, number=number)
    answer = f"{document.id}제{number}항은 {quoted(text)} 정합니다.{short_names(document, text)}"
    return question, answer


def short_names(document: Document, text: str) -> str:
    """What '법' and '영' in the words of a decree or a rule are."""
    act = find_act(document.law)
    return spelled_out(text, act.name) if act and level_of(document.law) else ""


def paragraph_quotes(document: Document) -> list[tuple[int, str]]:
    """(number, its words) of each paragraph that can be quoted in a few sentences."""
    asleep = {int(PARAGRAPH_OF.findall(part)[0] or 0) for part in document.not_in_force}
    if document.id in OVERRIDDEN or 0 in asleep:
        return []
    parts = paragraphs(document.text)
    if is_past(parts[0][1], document.in_force):
        return []
    quotes = [(number, quote(text, QUOTE_LENGTH)) for number, text in parts]
    return [
        (number, text)
        for number, text in quotes
        if len(text) >= MIN_QUOTE_LENGTH
        and number not in asleep
        and not is_past(text, document.in_force)
    ]


def standing_quotes(document: Document) -> list[tuple[int, str]]:
    """Those of `paragraph_quotes` that are understood without another paragraph."""
    return [part for part in paragraph_quotes(document) if not leans(part[1])]
