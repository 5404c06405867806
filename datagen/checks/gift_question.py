"""Reads a question about a gift: who gives whom how much. What is not clear is not read.

'부모님께 20억원 증여받았는데 …' is a gift of a parent to an adult; '손녀에게 1억원을 주면 …' one
of a grandparent to a grandchild who may be a minor, so that two cases are possible.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Literal

from taxlaw.amounts import find_amounts
from taxlaw.gift import Donor, Gift, Recipient

Kin = Literal["ascendant", "parent", "grandparent", "spouse", "child", "grandchild"]
Person = Kin | Literal["descendant", "relative", "other"]
Role = Literal["giver", "receiver", "agent", "dative", ""]

DAY = date(2026, 1, 2)
"""Any day of the law in force: a question that names another year is not read."""
PEOPLE: dict[Person, str] = {
    "ascendant": "직계존속",
    "descendant": "직계비속",
    "grandparent": "외?(?:할아버지|할머니|조부모|조부|조모)",
    "parent": "(?:친정)?(?:부모|아버지|어머니|아버님|어머님|아빠|엄마|부친|모친|양친)",
    "spouse": "배우자|남편|아내|와이프|집사람",
    "grandchild": "외?(?:손자녀|손자|손녀|손주)",
    "child": "(?:큰|작은|막내|외|맏)?(?:자녀|아들|딸|자식|막내)|아이",
    "relative": (
        "형제|자매|형|누나|오빠|언니|남?동생|여동생|큰?외?삼촌|이모부?|고모부?|숙모|조카"
        "|사위|며느리|장인|장모|시아버지|시어머니|시부모|시아버님|시어머님|사촌"
    ),
    "other": "친구|지인|타인|남자친구|여자친구|애인|연인",
}
PERSON = re.compile(
    r"(?<![가-힣])(?:"
    + "|".join(f"(?P<{kind}>{words})" for kind, words in PEOPLE.items())
    + r")(?P<plural>님|들)*(?P<remark>\s?\([가-힣]+\))?"
    r"(?P<marker>께로부터|으로부터|로부터|에게서|한테서|께서|에게|한테|께|이|가|은|는)?"
    r"(?=$|[\s,.?)]|[수증])"
)
MARKERS: dict[str, Role] = {"에게": "dative", "한테": "dative", "께": "dative"}
MARKERS |= {"이": "agent", "가": "agent", "께서": "agent"}
MARKERS |= dict.fromkeys(("께로부터", "으로부터", "로부터", "에게서", "한테서"), "giver")
RECEIVED = re.compile(r"받(?!는 사람)|수증")
GIVEN = re.compile(
    r"증여\s*(?:하|했|할|해)|(?<![가-힣])(?:물려\s*)?(?:주(?!식|택)|줄|준|줬|드리|드린)"
)
NOT_READ = re.compile(
    r"전에|이미|작년|지난|년 전|두 번|번째|나누|나눠|분할|각각|씩|부담부|채무|대출|보증금|전세"
    r"|공시|기준시가|시가표준|비거주|외국|해외|창업|가업|농지|명의신탁|저가|이자|빌려|빌린|차용|보험"
    r"|신탁|장애|반환|돌려|취소|재산분할|이혼|위자료|한도|얼마까지|공제|면제|비과세|없이|이하|미만"
    r"|이상|초과|까지|취득세|언제|기한은|가산세|합산|사망|돌아가|상속(?!세\s?및)|영농|축하|혼수|용돈"
    r"|생활비|학비|등록금|(?:19\d\d|20[01]\d|202[0-5])\s?년|제 (?:아이|아들|딸)|저희|우리|더 받|또"
)
NAMED_IN_PASSING = re.compile(
    r"신고세액공제|10년 (?:내|이내|안)에? (?:다른|받은) 증여(?:는|가)? 없"
)
UNFILED = re.compile(r"무신고|미신고|기한\s?후|신고를?\s?(?:하지|안|못)|늦게 신고")
MARRIAGE_OR_BIRTH = re.compile(r"결혼|혼인|신혼|출산|출생|입양|아이를 낳|아기를 낳")
MINOR = re.compile(
    r"미성년|초등학|중학|고등학|유치원|어린이|갓난|신생아|아기(?!를 낳)|젖먹이"
    r"|(?<!\d)1?\d\s?(?:살|세)(?!대)"
)
NINETEEN = re.compile(r"(?<!\d)19\s?(?:살|세)")
ADULT = re.compile(
    r"(?<!미)성년|성인|대학|직장|회사|취업|\d0대|스무|서른|마흔|쉰|[2-9]\d\s?(?:살|세)|결혼|혼인"
)
NEAR = 12
"""Characters before a person in which their age may stand."""


def gift_cases(question: str) -> tuple[Gift, ...]:
    """The gifts that a question may mean, the likeliest first; none where it is not clear."""
    text = NAMED_IN_PASSING.sub("", question)
    if "증여" not in text or NOT_READ.search(UNFILED.sub("", text)):
        return ()
    amounts = find_amounts(text)
    found = donor_and_receiver(text)
    if len(amounts) != 1 or amounts[0].value <= 0 or found is None:
        return ()
    donors, receiver_at = found
    cases = [
        Gift(amount=amounts[0].value, donor=donor, recipient=recipient, day=DAY)
        for donor in donors
        for recipient in recipients(text, donor, receiver_at)
    ]
    return tuple(with_once_in_life_deductions(cases, text))


def is_unfiled(question: str) -> bool:
    """Whether the question is about a gift that was not reported in time."""
    return bool(UNFILED.search(question))


def with_once_in_life_deductions(cases: list[Gift], text: str) -> Iterator[Gift]:
    """Each case, also with 제53조의2 where a marriage or a birth is spoken of."""
    for case in cases:
        if MARRIAGE_OR_BIRTH.search(text) and case.donor in ("parent", "grandparent"):
            yield replace(case, marriage_date=DAY)
        yield case


def recipients(text: str, donor: Donor, receiver_at: int | None) -> tuple[Recipient, ...]:
    """Adult, minor, or both where a child is named without an age.

    The asker counts as an adult unless the question says otherwise. `receiver_at` is where the
    receiver is named; None for the asker.
    """
    if donor not in ("parent", "grandparent"):
        return ("adult",)
    said = text if receiver_at is None else text[max(receiver_at - NEAR, 0) : receiver_at + NEAR]
    if MINOR.search(text) and not NINETEEN.search(text):
        return ("minor",) if not ADULT.search(said) or "미성년" in text else ("minor", "adult")
    if receiver_at is None or ADULT.search(said):
        return ("adult",)
    return ("adult", "minor")


def donor_and_receiver(text: str) -> tuple[tuple[Donor, ...], int | None] | None:
    """(donors possible, where the receiver is named or None for the asker); None if unclear."""
    people = []
    for match in PERSON.finditer(text):
        person = next(kind for kind in PEOPLE if match[kind])
        people.append((person, role_of(match["marker"], text), match.start()))
    givers = {person for person, role, _ in people if role == "giver"}
    receivers = {person: at for person, role, at in people if role == "receiver"}
    unclear = [person for person, role, _ in people if role == ""]
    if not givers and not receivers and len(set(unclear)) == 1:
        return bare_mention(people[0][0], people[0][2])
    if unclear or len(givers) > 1 or len(receivers) > 1 or not (givers or receivers):
        return None
    giver = next(iter(givers), None)
    receiver, at = next(iter(receivers.items()), (None, None))
    donors = RELATIONS.get((giver, receiver))
    return (donors, at) if donors else None


def role_of(marker: str | None, text: str) -> Role:
    """Giver or receiver, from a noun's particle and the verb of the sentence; '' if unclear."""
    role = MARKERS.get(marker or "", "")
    received, given = bool(RECEIVED.search(text)), bool(GIVEN.search(text))
    if role == "giver":
        return "giver"
    if received == given:
        return ""
    if role == "agent":
        return "receiver" if received else "giver"
    if role == "dative":
        return "giver" if received else "receiver"
    return ""


def bare_mention(person: Person, at: int) -> tuple[tuple[Donor, ...], int | None] | None:
    """'부모 20억 증여': the elder is taken to give, and a child to receive."""
    if person in ("child", "grandchild"):
        donors = RELATIONS.get((None, person))
        return (donors, at) if donors else None
    donors = RELATIONS.get((person, None))
    return (donors, None) if donors else None


RELATIONS: dict[tuple[Person | None, Person | None], tuple[Donor, ...]] = {
    ("parent", None): ("parent",),
    ("parent", "child"): ("parent",),
    (None, "child"): ("parent",),
    ("ascendant", None): ("parent", "grandparent"),
    (None, "descendant"): ("parent", "grandparent"),
    ("grandparent", None): ("grandparent",),
    ("grandparent", "grandchild"): ("grandparent",),
    (None, "grandchild"): ("grandparent",),
    ("spouse", None): ("spouse",),
    (None, "spouse"): ("spouse",),
    ("child", None): ("child",),
    ("child", "parent"): ("child",),
    (None, "parent"): ("child",),
    (None, "grandparent"): ("child",),
    ("grandchild", None): ("child",),
    ("grandchild", "grandparent"): ("child",),
    ("descendant", None): ("child",),
    (None, "ascendant"): ("child",),
    ("relative", None): ("relative",),
    (None, "relative"): ("relative",),
    ("other", None): ("other",),
    (None, "other"): ("other",),
}
"""(giver, receiver), None being the asker -> the donor as the law sees them, likeliest first."""
