"""Korean particles after a word: 은/는, 이/가, 을/를, 으로/로, 이라고/라고, by its last sound."""

import re

PAIRS = {"은": "는", "이": "가", "을": "를", "과": "와", "으로": "로", "이라고": "라고"}
LAST_SOUNDS = {"0": "ㅇ", "1": "ㄹ", "2": "", "3": "ㅁ", "4": "", "5": "", "6": "ㄱ", "7": "ㄹ"}
LAST_SOUNDS |= {"8": "ㄹ", "9": ""}
FIRST_SYLLABLE, FINALS, RIEUL = ord("가"), 28, 8
REMARK = re.compile(r"\s*\([^()]*\)$")
CLOSING = ".]」』>”’\"'"


def with_particle(word: str, particle: str) -> str:
    """`word` with the fitting form of `particle`, which is named by its form after a consonant.

    with_particle('과세표준', '은') is '과세표준은'; with_particle('소득세', '은') is '소득세는'.
    A remark in brackets is not read aloud: '제55조(세율)' takes 는, after 조.
    """
    final = last_sound(REMARK.sub("", word.rstrip(CLOSING)).rstrip(CLOSING))
    vowel_form = final == "" or (particle == "으로" and final == "ㄹ")
    return word + (PAIRS[particle] if vowel_form else particle)


def last_sound(word: str) -> str:
    """The consonant a word ends in: '' after a vowel, 'ㄹ', or 'ㅇ' for any other one."""
    letter = word[-1:] or "가"
    if "가" <= letter <= "힣":
        final = (ord(letter) - FIRST_SYLLABLE) % FINALS
        return "" if final == 0 else "ㄹ" if final == RIEUL else "ㅇ"
    return LAST_SOUNDS.get(letter, "")
