"""What reading a few hundred records by eye found wrong, so that it does not come back."""

import re
from functools import cache

import pytest

from datagen.article_examples import article_examples
from datagen.checks.gift_question import DAY
from datagen.decision_examples import decision_examples
from datagen.example import Example
from datagen.gift_examples import gift_examples
from datagen.guide import GuideEntry, guide_entries
from datagen.income_examples import income_examples
from datagen.particles import with_particle
from datagen.quotes import is_past, quote, spelled_out
from datagen.rulings import basic_ruling_from_row
from taxlaw.amounts import format_amount
from taxlaw.gift import Gift, gift_tax
from taxqa.records import Document

SENTENCE = "사과를 팔아 얻은 소득에는 그 금액의 100분의 20을 소득세로 매긴다."


def article(text: str, law: str = "소득세법") -> Document:
    return Document(
        id=f"{law} 제12조", kind="statute", title="기타소득", text=text, law=law,
        article="제12조", in_force="2026-01-01",
    )  # fmt: skip


def asked(document: Document) -> list[Example]:
    """What is asked about one article with any seed."""
    return [example for seed in range(60) for example in article_examples([document], seed)]


def ruling(
    text: str, title: str = "가산세 부과 대상 여부", number: str = "서면-2026-1"
) -> Document:
    return Document(id=number, kind="ruling", title=title, text=text)


@cache
def guide() -> dict[str, GuideEntry]:
    return {entry.id: entry for entry in guide_entries()}


def test_a_paragraph_that_hangs_on_another_one_is_not_taught_alone() -> None:
    examples = asked(
        article(f"① {SENTENCE}\n\n② 제1항을 적용받으려는 자는 세무서에 신청하여야 한다.")
    )
    assert any(SENTENCE in each.answer for each in examples)
    assert not any("신청" in each.answer or "제2항" in each.question for each in examples)


def test_where_only_the_title_is_told_only_the_title_is_asked_for() -> None:
    for example in asked(article("① 별표에 따른다는 뜻을 담은 문장이 여기에 이렇게 서 있다.")):
        if "제목은" in example.answer and "에 있습니다" not in example.answer:
            assert re.search("제목|무엇에 관한", example.question), example.question


def test_a_provision_whose_last_day_has_passed_is_not_quoted_as_law() -> None:
    past = "2009년 12월 31일까지 받는 지원금에는 소득세와 법인세를 부과하지 아니한다."
    assert is_past(past, "2026-06-02")
    assert not is_past(past.replace("2009", "2026"), "2026-06-02")
    assert not is_past("2012년 1월 1일부터 2026년 12월 31일까지 취업하는 경우", "2026-06-02")
    assert not any("2009" in each.answer for each in asked(article(past)))
    # What follows it in the article is about the same people.
    examples = asked(article(f"① {past}\n\n② {SENTENCE}"))
    assert not any(SENTENCE in each.answer for each in examples)


def test_a_quotation_takes_the_particle_of_its_last_word() -> None:
    answers = " ".join(
        each.answer
        for each in asked(article("다음 각 호의 것을 소득으로 본다.\n\n  1. 사과를 판 금액"))
    )
    assert "사과를 판 금액”이라고 정합니다." in answers
    assert with_particle("“…에 매긴다.”", "이라고") == "“…에 매긴다.”라고"
    assert with_particle("‘세액(가산세를 뺀다)’", "이라고") == "‘세액(가산세를 뺀다)’이라고"
    assert with_particle("“재배하는 것.”", "이라고") == "“재배하는 것.”이라고"
    assert with_particle("‘분양계약일’", "이라고") == "‘분양계약일’이라고"


def test_a_decree_says_which_act_it_calls_the_act() -> None:
    text = "법 제21조제1항에 따른 소득은 영 제3조에 따라 세무서장에게 신고하여야 한다."
    told = "여기서 ‘법’은 소득세법, ‘영’은 소득세법 시행령입니다."
    assert any(told in each.answer for each in asked(article(text, "소득세법 시행규칙")))
    assert not any("여기서" in each.answer for each in asked(article(text)))
    assert spelled_out("「주세법」 제3조와 같은 법 제4조, 이 법 제5조", "소득세법") == ""


def test_a_passage_with_a_number_and_no_words_is_not_quoted() -> None:
    assert quote("①\n② 법 제40조를 적용하는 경우를 말한다.", 300) == ""
    assert quote("① 첫째를 말한다.\n②", 300) == ""
    assert quote("다음 각 호와 같다.\n1. 첫째\n2.", 300) == ""
    assert quote("이 영은 2026. 1. 1. 부터 적용한다.", 300)
    assert quote("① 첫째를 말한다. ② 둘째를 말한다.", 300)


def test_a_basic_ruling_is_named_with_the_right_particle_and_without_remarks() -> None:
    row = {
        "통칙": "71-67…2 【담보의 해제】",
        "본문": "담보를 해제할 수 있다고 정한다.(1998.02.25 개정)",
    }
    document = basic_ruling_from_row(row, "상속세 및 증여세법")
    assert document is not None
    assert "개정" not in document.text
    questions = [
        each.question for seed in range(20) for each in decision_examples([document], seed)
    ]
    assert any("71-67…2는 어떤" in question for question in questions)
    assert not any("…2은" in question for question in questions)


@pytest.mark.parametrize("word", ["쟁점법인", "청구인", "이 사건 처분", "처분청", "본법"])
def test_a_gist_that_only_the_parties_understand_is_not_taught(word: str) -> None:
    gist = "## 요지\n\n{}의 가산세는 부과하지 않는 것이 옳다고 판단됨"
    assert list(decision_examples([ruling(gist.format("그 법인"))], 1))
    assert not list(decision_examples([ruling(gist.format(word))], 1))
    assert not list(decision_examples([ruling(gist.format("그"), title=f"{word}의 당부")], 1))


def test_a_title_that_is_the_answer_is_not_put_into_the_question() -> None:
    title = "감정가액은 위법하다고 볼 수 없음"
    text = "## 요지\n\n감정가액이 시가로 인정되더라도 위법하다고 볼 수 없다"
    for example in decision_examples([ruling(text, title)], 1):
        assert title not in example.question


def test_every_worked_gift_says_what_it_takes_for_granted() -> None:
    for example in gift_examples(seed=1):
        assert (
            "받는 사람이 거주자이고" in example.answer
            and "10년 안의 다른 증여가 없는" in example.answer
        )
        # Where the parent has died, 제57조제1항 단서 adds nothing.
        assert ("부모가 살아 있으며" in example.answer) == ("grandparent" in example.document)


def test_askers_are_people_who_could_ask_that() -> None:
    for example in gift_examples(seed=1):
        if example.asker == "student":
            assert not re.search(r"(?:딸|아들|자녀|손자|손녀)에게 .*증여하면", example.question)
    assert not any("아르바이트" in example.question for example in income_examples(seed=1))


def test_a_computed_tax_is_not_called_the_one_to_pay() -> None:
    taxes = [each for each in income_examples(seed=1) if "base" in each.document]
    assert taxes
    assert all("세액공제와 미리 낸 세금을 뺀 금액" in example.answer for example in taxes)


def test_the_guide_and_the_calculator_name_the_same_gift_tax() -> None:
    case = Gift(amount=3 * 10**8, donor="parent", recipient="adult", day=DAY)
    entry = guide()["gift-rates"]
    assert "부모님께 3억원 받으면 증여세 얼마야?" in entry.questions
    assert format_amount(gift_tax(case).tax_due) in entry.answer
    assert format_amount(gift_tax(case).tax_due) in entry.text


TURNS_ON = [
    ("collection-wage-limit", "300만원"),  # 제42조제2항제2호: above it more than half is seized.
    ("collection-sanctions", "대표자"),
    ("framework-appeal", "바로"),
    ("income-child-credit", "3명이면 95만원"),
    ("income-home-sale-exemption", "잠시 두 채"),
    ("income-rates", "과세표준이 6,000만원이면"),
    ("gift-marriage-birth", "아이가 태어난 날부터 2년"),
    ("gift-aggregation", "5,000만원씩 받으면"),
    ("consumption-luxury", "수입할 때의 가격"),
    ("consumption-place", "대중형"),
    ("corporate-loss-carryforward", "2020년 이후"),  # Earlier losses: ten years.
    ("local-car-tax", "차령이 3년 미만"),
    ("punishment-evasion", "특정범죄 가중처벌"),
    ("vat-simplified-return", "7월 25일"),  # 제66조제3항, who issued tax invoices.
    ("vat-simplified-threshold", "새로 시작하면"),
]


@pytest.mark.parametrize(("name", "words"), TURNS_ON)
def test_a_guide_answer_holds_what_one_of_its_questions_turns_on(name: str, words: str) -> None:
    assert words in guide()[name].answer
