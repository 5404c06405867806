"""How people ask about a gift or an income: phrasings with a place for the amount.

{giver} is '부모님께', {receiver} '성년인 아들에게', {formal} '직계존속(부모)으로부터'; {amount}
ends in 원, 억 or 만, all of which take 을.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from taxlaw.amounts import format_amount
from taxlaw.gift import Donor, Recipient
from taxqa.records import Asker

Phrasing = tuple[Asker, str]

RECEIVED: tuple[Phrasing, ...] = (
    ("student", "{giver} {amount} 증여받았는데 증여세는 얼마나 나올까요?"),
    ("student", "{giver} {amount}을 증여받으면 세금이 얼마야?"),
    ("employee", "{giver} {amount}을 증여받으면 증여세를 얼마나 내야 하나요?"),
    ("employee", "직장인입니다. {giver} {amount}을 증여받을 예정인데 증여세를 계산해 주세요."),
    (
        "self_employed",
        "가게를 운영하고 있습니다. {giver} {amount}을 증여받으면 증여세가 얼마인가요?",
    ),
    ("corporate", "회사를 경영하고 있습니다. {giver} {amount}을 증여받았는데 증여세가 얼마죠?"),
    ("expert", "{formal} {amount}을 증여받은 경우 기한 내 신고 시 증여세 납부세액은 얼마인가요?"),
    ("expert", "{formal} {amount} 증여받음. 증여세 산출세액과 납부세액 계산"),
    ("student", "{giver} {amount} 증여받으면 증여세 얼마"),
    ("student", "{giver} {amount}을 받기로 했어요. 증여세로 얼마를 내야 해요?"),
    ("employee", "이번에 {giver} 현금 {amount}을 증여받았습니다. 증여세 좀 계산해 줄래요?"),
    ("self_employed", "{giver} 사업 자금으로 {amount}을 증여받으면 증여세를 얼마 내야 하나요?"),
    ("corporate", "주주인 제가 {giver} 현금 {amount}을 증여받으면 증여세는 얼마입니까?"),
)
GIVEN: tuple[Phrasing, ...] = (
    ("employee", "{receiver} {amount}을 증여하려고 합니다. 증여세가 얼마나 나오나요?"),
    ("self_employed", "자영업자입니다. {receiver} {amount}을 증여하면 증여세는 얼마인가요?"),
    ("corporate", "회사 대표입니다. 제 돈으로 {receiver} {amount}을 증여하면 증여세가 얼마인가요?"),
    ("employee", "{receiver} {amount}을 증여하면 증여세가 얼마 나오는지 궁금해요."),
    ("employee", "{receiver} {amount}을 주면 증여세를 얼마 내야 하나요?"),
    ("expert", "{receiver} {amount}을 증여하는 경우 증여세 계산 과정을 알려 주세요."),
)
STUDENT: tuple[Phrasing, ...] = (
    ("student", "대학생인데 {giver} {amount}을 증여받으면 증여세를 얼마나 내나요?"),
)
MINOR: tuple[Phrasing, ...] = (
    ("student", "고등학생인데 {giver} {amount}을 증여받으면 증여세를 얼마나 내나요?"),
    ("student", "중학생입니다. {giver} {amount}을 증여받으면 세금이 얼마인가요?"),
    ("expert", "미성년자가 {formal} {amount}을 증여받은 경우 증여세 납부세액은 얼마인가요?"),
    ("student", "미성년자인데 {giver} {amount} 증여받으면 증여세 얼마예요?"),
    ("student", "저는 중학생인데 {giver} {amount}을 증여받았어요. 증여세가 나오나요? 얼마인가요?"),
)
MARRIED: tuple[Phrasing, ...] = (
    ("employee", "올해 혼인신고를 하면서 {giver} {amount}을 증여받으면 증여세가 얼마인가요?"),
    (
        "employee",
        "신혼부부입니다. 혼인신고 후 1년 안에 {giver} {amount}을 증여받으면 증여세는 얼마예요?",
    ),
    (
        "student",
        "내년에 혼인신고를 할 예정인데 {giver} {amount}을 증여받으면 증여세를 얼마나 내나요?",
    ),
    (
        "self_employed",
        "가게를 운영합니다. 혼인신고를 한 해에 {giver} {amount}을 증여받으면 증여세가 얼마죠?",
    ),
    ("corporate", "혼인신고 후 2년 내 {giver} {amount}을 증여받은 직원의 증여세는 얼마인가요?"),
    (
        "expert",
        "혼인신고일 전후 2년 내에 {formal} {amount}을 증여받은 경우 증여세 납부세액은 얼마인가요?",
    ),
)
TAX_BASE: tuple[Phrasing, ...] = (
    ("employee", "종합소득 과세표준이 {amount}이면 소득세가 얼마인가요?"),
    ("employee", "과세표준 {amount}에 대한 종합소득세를 계산해 주세요."),
    ("self_employed", "가게를 운영하는데 종합소득세 과세표준이 {amount}입니다. 세금이 얼마인가요?"),
    ("self_employed", "프리랜서입니다. 과세표준이 {amount}이면 종합소득세가 얼마나 나오나요?"),
    ("student", "소득세 과세표준이 {amount}인 경우 산출세액은 얼마인가요?"),
    ("student", "과세표준 {amount} 종합소득세 얼마"),
    ("student", "종합소득세를 배우는 중이에요. 과세표준이 {amount}이면 세금은 얼마예요?"),
    ("employee", "올해 종합소득 과세표준은 {amount}입니다. 종합소득세를 얼마 내야 하나요?"),
    ("self_employed", "장부를 정리하니 종합소득 과세표준이 {amount}입니다. 종합소득세는 얼마죠?"),
    ("corporate", "회사 대표의 종합소득 과세표준이 {amount}이면 소득세는 얼마인가요?"),
    ("expert", "종합소득 과세표준 {amount}의 산출세액과 개인지방소득세는 얼마인가요?"),
)
SALARY: tuple[Phrasing, ...] = (
    ("employee", "총급여가 {amount}이면 근로소득공제는 얼마인가요?"),
    ("employee", "연말정산을 하는데 총급여 {amount}의 근로소득공제를 계산해 주세요."),
    ("student", "소득세를 배우는 중인데 총급여가 {amount}이면 근로소득공제가 얼마예요?"),
    ("student", "총급여 {amount} 근로소득공제 얼마"),
    ("employee", "제 총급여는 {amount}인데 근로소득공제가 얼마나 되나요?"),
    ("corporate", "급여 담당자입니다. 총급여 {amount}에 적용되는 근로소득공제는 얼마인가요?"),
    ("self_employed", "가게 직원의 총급여가 {amount}이면 근로소득공제는 얼마인가요?"),
    ("corporate", "회사 직원의 총급여가 {amount}입니다. 근로소득공제액은 얼마인가요?"),
    ("expert", "총급여 {amount}인 거주자의 근로소득공제와 근로소득금액은 얼마인가요?"),
)


@dataclass(frozen=True)
class Relation:
    """Who gives to whom, how people say it, and for which amounts."""

    donor: Donor
    recipient: Recipient
    givers: tuple[str, ...]
    """The giver, as the receiver says it."""
    receivers: tuple[str, ...]
    """The receiver, as the giver says it; such that their age is clear where it matters."""
    formal: str
    told: str
    """Both, as the answer says it."""
    amounts: tuple[int, ...]
    """만원."""
    more: tuple[Phrasing, ...] = ()
    """Phrasings that fit this relation alone."""
    married: bool = False

    @property
    def key(self) -> str:
        """'parent:adult', 'parent:adult:marriage'."""
        return f"{self.donor}:{self.recipient}" + (":marriage" if self.married else "")

    @property
    def phrasings(self) -> tuple[Phrasing, ...]:
        """All phrasings that fit."""
        if self.married:
            return self.more
        # Without a word on their age the receiver is an adult, so a minor has to say so.
        received = () if self.recipient == "minor" else RECEIVED
        return received + self.more + (GIVEN if self.receivers else ())


PARENTS = ("부모님께", "아버지께", "어머니께", "아버지한테", "엄마한테", "부모님으로부터")
GRANDPARENTS = ("할아버지께", "할머니께", "외할아버지께", "외할머니한테", "조부모님으로부터")
RELATIONS: tuple[Relation, ...] = (
    Relation(
        "parent", "adult", PARENTS,
        ("성년인 아들에게", "성년인 딸에게", "대학생 아들에게", "직장인 딸에게", "성인 자녀에게"),
        "성년 거주자가 직계존속(부모)으로부터", "성년 자녀가 부모에게서",
        (3000, 5000, 7000, 10000, 12000, 15000, 20000, 25000, 30000, 40000, 50000, 55000, 60000,
         70000, 80000, 100000, 105000, 120000, 150000, 200000, 250000, 300000, 350000, 500000),
        STUDENT,
    ),
    Relation(
        "parent", "minor", PARENTS,
        ("미성년 자녀에게", "초등학생 딸에게", "중학생 아들에게", "고등학생 딸에게"),
        "직계존속(부모)으로부터", "미성년 자녀가 부모에게서",
        (1500, 2000, 3000, 5000, 7000, 10000, 12000, 20000, 30000, 50000, 100000), MINOR,
    ),
    Relation(
        "spouse", "adult",
        ("배우자에게서", "남편에게서", "아내에게서", "남편한테", "아내한테"),
        ("배우자에게", "남편에게", "아내에게"),
        "거주자가 배우자로부터", "배우자에게서",
        (30000, 50000, 60000, 70000, 80000, 90000, 100000, 120000, 150000, 200000, 300000),
    ),
    Relation(
        "grandparent", "adult", GRANDPARENTS,
        ("성년인 손자에게", "성년인 손녀에게", "대학생 손녀에게", "직장인 손자에게"),
        "성년 거주자가 조부모로부터", "성년 손자녀가 조부모에게서",
        (5000, 10000, 15000, 20000, 30000, 50000, 100000, 200000), STUDENT,
    ),
    Relation(
        "grandparent", "minor", GRANDPARENTS,
        ("미성년 손자에게", "초등학생 손녀에게", "중학생 손자에게", "고등학생 손녀에게"),
        "조부모로부터", "미성년 손자녀가 조부모에게서",
        (2000, 5000, 10000, 20000, 50000, 250000), MINOR,
    ),
    Relation(
        "child", "adult", ("아들에게서", "딸에게서", "자녀에게서", "아들한테서"),
        ("부모님께", "아버지께", "어머니께"),
        "거주자가 직계비속(자녀)으로부터", "부모가 자녀에게서",
        (5000, 10000, 15000, 20000, 30000, 50000),
    ),
    Relation(
        "relative", "adult", ("삼촌에게서", "이모에게서", "형에게서", "누나한테서", "장모님께"),
        ("조카에게", "동생에게", "며느리에게", "사위에게"),
        "거주자가 기타 친족(삼촌)으로부터", "4촌 이내 혈족이나 3촌 이내 인척에게서",
        (1000, 3000, 5000, 10000, 20000, 50000),
    ),
    Relation(
        "other", "adult", ("친구에게서", "지인에게서", "친구한테", "지인으로부터"),
        ("친구에게", "지인에게"),
        "거주자가 친족이 아닌 지인으로부터", "친족이 아닌 사람에게서",
        (1000, 3000, 5000, 10000, 30000),
    ),
    Relation(
        "parent", "adult", PARENTS, (),
        "거주자가 직계존속(부모)으로부터", "성년 자녀가 혼인신고 전후 2년 안에 부모에게서",
        (10000, 15000, 18000, 20000, 25000, 30000, 40000, 50000), MARRIED, married=True,
    ),
)  # fmt: skip
TAX_BASES = (
    1000, 1200, 1400, 2000, 2500, 3000, 3500, 4000, 4500, 5000, 6000, 7000, 8000, 8800, 9000,
    10000, 12000, 15000, 18000, 20000, 25000, 30000, 40000, 50000, 70000, 100000, 120000,
)  # fmt: skip
"""만원."""
SALARIES = (
    300, 500, 800, 1000, 1500, 2000, 2400, 3000, 3600, 4000, 4500, 5000, 5500, 6000, 7000, 8000,
    9000, 10000, 12000, 15000,
)  # fmt: skip
"""만원."""


def written_amounts(amount: int) -> tuple[str, ...]:
    """How people write an amount in KRW: '1억 5,000만원', '1억5천만원', '1억 5,000만'."""
    official = format_amount(amount)
    spoken = official.replace(" ", "").replace("000만", "천만").replace(",", "")
    ways = [official, official.replace(" ", "").replace(",", ""), official.removesuffix("원")]
    if spoken.count("천") == 1:
        ways.append(spoken)
    ways.append(f"{amount:,}원")
    return tuple(dict.fromkeys(ways))


def chosen(phrasings: Sequence[Phrasing], count: int, order: random.Random) -> list[Phrasing]:
    """`count` phrasings in random order, of as many askers as there are."""
    shuffled = order.sample(phrasings, len(phrasings))
    askers: dict[str, int] = {}
    turns = []
    for asker, text in shuffled:
        askers[asker] = askers.get(asker, 0) + 1
        turns.append((askers[asker], (asker, text)))
    turns.sort(key=lambda turn: turn[0])
    return [phrasing for _, phrasing in turns[:count]]
