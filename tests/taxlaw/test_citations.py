"""Citations in every form that real texts use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlaw.acts import ACTS, LEVELS
from taxlaw.citations import Citation, CitationError, find_citations, parse_citation
from taxlaw.grammar import CIRCLED, LETTERS
from taxqa.errors import InputError


def cited(text: str, act: str | None = None) -> list[str]:
    return [str(mention.citation) for mention in find_citations(text, act)]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("상속세 및 증여세법 제53조제2호", "상속세 및 증여세법 제53조제2호"),
        ("「상속세 및 증여세법」 제53조 제2호", "상속세 및 증여세법 제53조제2호"),
        ("｢상속세및증여세법｣ 제 53 조 제 2 호", "상속세 및 증여세법 제53조제2호"),
        ("「소 득세법」제99조제1항", "소득세법 제99조제1항"),
        ("상증법 제47조의 4", "상속세 및 증여세법 제47조의4"),
        ("국기법 제47조의2제1항제2호", "국세기본법 제47조의2제1항제2호"),
        ("상증법 53조 2호", "상속세 및 증여세법 제53조제2호"),
        ("「소득세법」55조 1항", "소득세법 제55조제1항"),
        ("소득령§155①", "소득세법 시행령 제155조제1항"),
        ("소득세법 § 129 ①", "소득세법 제129조제1항"),
        ("조특법§71의2", "조세특례제한법 제71조의2"),
        ("소득세법 제63조 제1항 제1호 (나)목", "소득세법 제63조제1항제1호나목"),
        ("소득세법 시행령 제118조의2제1항제3호가목", "소득세법 시행령 제118조의2제1항제3호가목"),
        ("소득세법시행령 제45조의5 ①", "소득세법 시행령 제45조의5제1항"),
        ("법인세법 제55조의2 제1항 단서 제1호의2", "법인세법 제55조의2제1항제1호의2"),
        ("소득세법 제104조(양도소득세의 세율) 제1항", "소득세법 제104조제1항"),
        ("소득세법 제14조제1호차목", "소득세법 제14조제1호차목"),
        ("소득세법 제14조제1호의2호목", "소득세법 제14조제1호의2호목"),
        ("법인령 제88조 제1항 제8호", "법인세법 시행령 제88조제1항제8호"),
        ("구 소득세법 제20조", "구 소득세법 제20조"),
        ("구 조세감면규제법 제3조", "구 조세감면규제법 제3조"),
        ("특소세법 제1조", "구 특별소비세법 제1조"),
        ("조세범처벌법 제10조", "조세범 처벌법 제10조"),
        ("민법 제1000조", "민법 제1000조"),
        (
            "「금융실명거래 및 비밀보장에 관한 법률」 제3조",
            "금융실명거래 및 비밀보장에 관한 법률 제3조",
        ),
    ],
)
def test_a_citation_is_read_in_each_form_and_printed_in_the_statutes_own(
    text: str, printed: str
) -> None:
    citation = parse_citation(text)
    assert str(citation) == printed
    assert parse_citation(printed) == citation


@pytest.mark.parametrize(
    "text",
    [
        "",
        "소득세법",
        "제53조",
        "소득세법 제53조 및 제54조",
        "소득세법 제53조에 따라",
        "같은 법 제5조",
        "제5조 소득세법",
    ],
)
def test_what_is_not_one_citation_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(CitationError, match="not one citation") as caught:
        parse_citation(text)
    assert isinstance(caught.value, InputError)


@pytest.mark.parametrize(
    "parts", [{"article": 0}, {"subitem": "가"}, {"level": "고시"}], ids=lambda parts: str(parts)
)
def test_parts_that_do_not_fit_make_no_citation(parts: dict[str, object]) -> None:
    whole = {"act": "소득세법", "level": "법률", "article": 5, **parts}
    with pytest.raises(CitationError):
        Citation(**whole)  # type: ignore[arg-type]


@st.composite
def citations(draw: st.DrawFn) -> Citation:
    branch = st.integers(0, 60)
    item = draw(st.integers(0, 120))
    return Citation(
        act=draw(st.sampled_from([act.name for act in ACTS])),
        level=draw(st.sampled_from(LEVELS)),
        article=draw(st.integers(1, 999)),
        branch=draw(branch),
        paragraph=draw(st.integers(0, 50)),
        item=item,
        item_branch=draw(branch) if item else 0,
        subitem=draw(st.sampled_from(["", *LETTERS])) if item else "",
        former=draw(st.booleans()),
    )


@given(citations())
def test_a_printed_citation_reads_as_itself(citation: Citation) -> None:
    assert parse_citation(str(citation)) == citation


@given(citations(), st.sampled_from(["에 따라 ", " 및 ", ". ", "(", "\n"]))
def test_a_printed_citation_is_found_in_any_sentence(citation: Citation, after: str) -> None:
    [mention] = find_citations(f"이 경우 {citation}{after}계산한다.")
    assert mention.citation == citation
    assert mention.text == str(citation)


PIECES = st.sampled_from(
    [
        *(
            "소득세법",
            "구 ",
            "「상속세 및 증여세법」",
            "민법",
            "시행령",
            "같은 법",
            "같은 조",
            "같은 항",
            "동법",
        ),
        *(
            "법",
            "영",
            "현행",
            "부칙",
            "에 관한 법률",
            "제1조",
            "제2항",
            "제3호",
            "의2",
            "(가)목",
            "나목",
            "§ 5",
        ),
        *(
            "(",
            ")",
            "[",
            "이하 '법'이라 한다",
            "개정되기 전의 것",
            "제0조",
            "제99999조",
            "①",
            "│",
            "“",
            '"',
        ),
        *(" 및 ", "ㆍ", "부터 ", "까지", " 각 호 ", "단서", " ", "\n", *CIRCLED[:3]),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=40).map("".join)


@given(TEXTS, st.sampled_from([None, "소득세법", "소득세법 시행령", "민법"]))
def test_fuzzed_text_never_raises_and_spans_are_true(text: str, act: str | None) -> None:
    end = 0
    for mention in find_citations(text, act):
        assert text[mention.start : mention.end] == mention.text
        assert end <= mention.start < mention.end
        end = mention.end


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("소득세법 제53조·제54조 및 제55조", ["제53조", "제54조", "제55조"]),
        ("소득세법 제4조제1항ㆍ제2항, 제5조", ["제4조제1항", "제4조제2항", "제5조"]),
        (
            "소득세법 제20조제1항제1호ㆍ제2호 또는 제3호의2",
            ["제20조제1항제1호", "제20조제1항제2호", "제20조제1항제3호의2"],
        ),
        ("소득세법 제94조제1항제4호나목 및 다목", ["제94조제1항제4호나목", "제94조제1항제4호다목"]),
        ("소득세법 제13조부터 제15조까지", ["제13조", "제15조"]),
        ("소득세법 제13조 내지 제15조, 제17조", ["제13조", "제15조", "제17조"]),
        ("소득세법 제81조제1항 각 호 외의 부분 단서 및 제2항", ["제81조제1항", "제81조제2항"]),
        ("소득세법 제17조(배당소득), 제18조", ["제17조", "제18조"]),
        ("소득세법 제17조 제1항(현행과 같다), 제4항", ["제17조제1항", "제17조제4항"]),
        ("소득세법 §104①·②", ["제104조제1항", "제104조제2항"]),
        ("소득세법(제5조)", ["제5조"]),
        ("**소득세법** 제5조·6조", ["제5조", "제6조"]),
        ("소득세법은 제5조에서", ["제5조"]),
    ],
)
def test_lists_and_ranges_give_each_place_they_name(text: str, places: list[str]) -> None:
    assert cited(text) == [f"소득세법 {place}" for place in places]


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("소득세법 제5조 및 같은 법 제6조", "소득세법 제6조"),
        ("소득세법 제5조와 동법 시행령 제7조", "소득세법 시행령 제7조"),
        ("소득세법 시행령 제5조와 같은 법 제6조", "소득세법 제6조"),
        ("소득세법 시행령 제5조와 같은 영 제6조", "소득세법 시행령 제6조"),
        ("구 소득세법 제5조와 위 시행령 제2조 제1항", "구 소득세법 시행령 제2조제1항"),
        ("소득세법 제5조의2제1항에 따르고 같은 조 제2항", "소득세법 제5조의2제2항"),
        ("소득세법 제5조 제1항의 금액과 동조 제3항", "소득세법 제5조제3항"),
        ("소득세법 제5조제1항제1호의 금액과 같은 항 제2호", "소득세법 제5조제1항제2호"),
        ("소득세법 제5조제1항제1호의 금액과 같은 호 나목", "소득세법 제5조제1항제1호나목"),
        ("구 소득세법 제17조 제1항(현행 제27조 제1항 참조)", "소득세법 제27조제1항"),
        ("구 소득세법 시행령 제49조 제1항은 “법 제60조에서 정한", "구 소득세법 제60조"),
        (
            "□ 소득세법 시행령 제68조의2 【특례】\n① 법 제71조의2제1항에서",
            "소득세법 제71조의2제1항",
        ),
        ("「소득세법」(이하 ‘법’이라 한다) 제2조를 적용할 때 법 제3조", "소득세법 제3조"),
        ("「소득세법」(이하 ‘법’이라 한다) 제2조와 법 시행령 제3조", "소득세법 시행령 제3조"),
        ("소득세법과 시행령 제3조", "소득세법 시행령 제3조"),
    ],
)
def test_words_that_point_back_mean_the_law_or_the_place_before_them(text: str, last: str) -> None:
    assert cited(text)[-1] == last


@pytest.mark.parametrize(
    "text",
    [
        "소득세법 제5조에 따른 금액. 제6조의 금액",
        "소득세법 부칙 제2조",
        "소득세법 부칙 <제21548호, 2026. 4. 21.> 제2조 및 제3조",
        "소득세법 기본통칙 12-0…1",
        "소득세법 별표 제2호",
        "방법 제3조",
        "세법 제5조",
        "법 제5조",
        "이 법 제5조",
        "영 제5조",
        "같은 법 제5조",
        "같은 조 제2항",
        "소득세법에 따른 제2항",
        "소득세법과 같은 영 제5조",
        "소득세법 제5조제1항에 따라 제2항의 금액, 같은 항 제1호",
        "소득세법 제5조제1항에 따른 같은 호 가목",
        "소득세법 제5조에 따라 상증세 제6조를",
        "소득세법 제5조에 따라 걷은 6조",
    ],
)
def test_what_cannot_be_attributed_is_left_out(text: str) -> None:
    assert set(cited(text)) <= {"소득세법 제5조", "소득세법 제5조제1항"}


@pytest.mark.parametrize(
    "law",
    [
        *(
            "민법",
            "지방세기본법",
            "지방세특례제한법",
            "「주택법」",
            "국제조세조정에 관한 법률",
            "헌법",
        ),
        *(
            "「신탁법」 시행령",
            "농어촌특별세법",
            "증권거래세법",
            "개별소비세 사무처리규정",
            "한미조세조약",
        ),
    ],
)
def test_an_article_of_another_law_never_falls_to_the_act_before_it(law: str) -> None:
    text = f"소득세법 제5조와 {law} 제6조, 제7조 및 같은 법 제8조제1항, 같은 조 제2항"
    tax, *others = find_citations(text)
    assert str(tax.citation) == "소득세법 제5조"
    assert [mention.citation.article for mention in others] == [6, 7, 8, 8]
    assert all(mention.citation.act != "소득세법" for mention in others)


def test_a_law_in_parentheses_and_one_outside_them_are_not_guessed_between() -> None:
    text = "소득세법 제5조(민법 제3조의 상속인을 포함한다)에 따른 금액은 같은 법 제6조"
    assert cited(text) == ["소득세법 제5조", "민법 제3조"]
    assert cited("소득세법 제5조(민법 제3조) 및 같은 법 제6조")[-1] == "소득세법 제6조"


@pytest.mark.parametrize(
    "text",
    [
        "소득세법(2020. 12. 29. 법률 제17757호로 개정되기 전의 것) 제5조",
        "구 「소득세법」(2020. 12. 29. 법률 제17757호로 개정되기 전의 것, 이하 같다) 제5조",
        "소득세법(2018. 12. 31. 법률 제16104호로 일부개정된 것) 제5조",
        "법률 제17757호로 개정되기 전의 소득세법 제5조",
        "종전의 소득세법 제5조",
        "소득세법 제5조(법률 제17757호로 개정되기 전의 것)",
        "소득세법 제5조 【과세기간】(2020. 12. 29. 법률 제17757호로 개정되기 전의 것)",
    ],
)
def test_an_act_as_it_stood_before_an_amendment_is_former(text: str) -> None:
    assert cited(text) == ["구 소득세법 제5조"]


def test_a_name_defined_for_a_former_act_stays_former() -> None:
    note = "법률 제17757호로 개정되기 전의 것, 이하 ‘소득세법’이라 한다"
    text = f"구 소득세법({note}) 제5조와 소득세법 제6조"
    assert cited(text) == ["구 소득세법 제5조", "구 소득세법 제6조"]
    text = "소득세법(법률 제17757호로 개정되기 전의 것, 이하 같다) 제5조. 그리고 소득세법 제6조"
    assert cited(text) == ["구 소득세법 제5조", "구 소득세법 제6조"]
    assert cited("구 소득세법 제5조와 현행 소득세법 제6조")[-1] == "소득세법 제6조"


def test_what_a_former_law_is_quoted_with_is_former_too() -> None:
    text = "구 소득세법 제5조는 “법인세법 제6조의 금액”이라 하고, 법인세법 제7조는"
    assert cited(text) == ["구 소득세법 제5조", "구 법인세법 제6조", "법인세법 제7조"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("소득세법 제53조의 5천만원", "제53조"),
        ("소득세법 제53조의 10년간", "제53조"),
        ("소득세법 제88조제6호의 1세대", "제88조제6호"),
        ("소득세법 제53조의2 제1항", "제53조의2제1항"),
        ("소득세법 제53조의 2 및", "제53조의2"),
        ("소득세법 제55조의1", "제55조의1"),
        ("소득세법상 3조 원", None),
        ("소득세법 제1호선", None),
        ("소득세법 제5조항", None),
        ("소득세법 제3호 다목적", None),
    ],
)
def test_money_time_and_other_words_are_no_parts_of_a_citation(
    text: str, place: str | None
) -> None:
    assert cited(text) == ([f"소득세법 {place}"] if place else [])


def test_the_text_of_a_law_cites_its_own_articles_and_its_act() -> None:
    text = "법 제5조제1항 및 제6조, 이 영 제7조, 제8조와 「민법」 제9조, 제10조에 따른 규칙 제11조"
    assert cited(text, "소득세법 시행령") == [
        "소득세법 제5조제1항",
        "소득세법 제6조",
        "소득세법 시행령 제7조",
        "소득세법 시행령 제8조",
        "민법 제9조",
        "민법 제10조",
        "소득세법 시행규칙 제11조",
    ]


def test_in_a_laws_own_text_the_same_law_is_always_another_one() -> None:
    text = "「상법」 제5조의 금액을 제6조에 따라 계산하고 같은 법 제7조"
    assert cited(text, "소득세법") == ["상법 제5조", "소득세법 제6조", "상법 제7조"]


@pytest.mark.parametrize(
    "text",
    [
        '「국세기본법」 제21조 중 "제47조의4"는',
        "부칙 제5조",
        "부칙 <제1호> 제5조",
        "│ 금액 │ 제5조의 │",
        "「관세법」 제270조(제271조는 제외한다)",
    ],
)
def test_in_a_laws_own_text_words_of_another_text_are_not_its_own(text: str) -> None:
    assert not [c for c in cited(text, "소득세법") if c.startswith("소득세법")]
