"""The twelve acts and every name they go by."""

import pytest

from taxlaw.acts import ACTS, NAMES, Law, find_act, find_law, squash


def test_there_are_twelve_acts_and_each_is_found_by_its_own_name() -> None:
    assert len(ACTS) == 12
    assert len({act.key for act in ACTS}) == 12
    for act in ACTS:
        assert find_act(act.name) == act
        assert find_act(squash(act.name)) == act
        assert find_act(f"「{act.name}」") == act


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("국기법", "국세기본법"),
        ("국징법", "국세징수법"),
        ("조특법", "조세특례제한법"),
        ("소득법", "소득세법"),
        ("소법", "소득세법"),
        ("법법", "법인세법"),
        ("부가법", "부가가치세법"),
        ("상증세법", "상속세 및 증여세법"),
        ("상속세및증여세법", "상속세 및 증여세법"),
        ("종부법", "종합부동산세법"),
        ("지법", "지방세법"),
        ("개소세법", "개별소비세법"),
        ("조세범처벌법", "조세범 처벌법"),
        ("조처법", "조세범 처벌법"),
        ("조감법", "조세특례제한법"),
        ("특별소비세법", "개별소비세법"),
        ("구 조세감면규제법", "조세특례제한법"),
    ],
)
def test_an_act_is_found_by_its_abbreviation_or_former_name(text: str, name: str) -> None:
    found = find_act(text)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ("소득세법 시행령", Law("소득세법", "시행령")),
        ("소득세법시행규칙", Law("소득세법", "시행규칙")),
        ("｢상증세법｣ 시행령", Law("상속세 및 증여세법", "시행령")),
        ("소득령", Law("소득세법", "시행령")),
        ("소령", Law("소득세법", "시행령")),
        ("상증령", Law("상속세 및 증여세법", "시행령")),
        ("조특령", Law("조세특례제한법", "시행령")),
        ("국기령", Law("국세기본법", "시행령")),
        ("부가령", Law("부가가치세법", "시행령")),
        ("관세령", Law("관세법", "시행령")),
        ("법인규칙", Law("법인세법", "시행규칙")),
        ("구 소득세법", Law("소득세법", "법률", former=True)),
        ("특소세법 시행령", Law("특별소비세법", "시행령", former=True)),
    ],
)
def test_a_decree_or_rule_is_found_with_its_level(text: str, law: Law) -> None:
    assert find_law(text) == law
    assert find_act(text) is not None


@pytest.mark.parametrize(
    "text", ["민법", "지방세기본법", "법령", "시행령", "세법", "", "소득령 시행령"]
)
def test_a_name_of_no_tax_act_finds_nothing(text: str) -> None:
    assert find_law(text) is None
    assert find_act(text) is None


def test_no_two_acts_share_a_name() -> None:
    counted = sum(
        len({act.name, *act.abbreviations, *act.former_names}) + 2 * len(act.stems) for act in ACTS
    )
    assert len(NAMES) == counted
