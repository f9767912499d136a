"""Put invented people, hospitals, places and dates into the natural sentences that hold none.

"the patient", "she", "my mother", "the clinic", "two weeks ago", 患者, 我妈妈, 当地医院, 3天前 stand where a name, a hospital or
a date may stand: the sentence around them stays real, so that a model meets mentions in grammar that no rule
of ours foresaw. Each swap is made or left by chance.
"""

import re
from random import Random
from typing import Final

OPEN, CLOSE = "\ue010", "\ue011"  # stand around the name of a slot inside a sentence


def slot(name: str) -> str:
    """Return the mark of a slot."""
    return OPEN + name + CLOSE


_KIN: Final = (
    "husband|wife|mother|father|mom|dad|son|daughter|brother|sister|friend|neighbor|boss|aunt|uncle|cousin|niece"
    "|grandmother|grandfather|grandson|boyfriend|girlfriend|partner|roommate|parents|kids|family|surgeon|nurse"
)
_STAFF: Final = "doctor|surgeon|nurse|anesthesiologist|pharmacist|specialist|cardiologist|therapist|neurologist|dentist|dermatologist|urologist|physician|oncologist|psychiatrist"
_VERB: Final = "is|was|has|had|did|does|will|would|can|could|denies|denied|reports|reported|states|stated|says|said|takes|took|came|went|feels|felt|lives|lived|works|worked|smokes|drinks|underwent|presented|complains|wants|needs|knows|thinks|thought|told|got|tried|started|stopped|used|continues|remains|returned|appears|gave|made|seems|never|also|just|may|might|should"
_EN: Final = (
    (re.compile(r"\b(?:[Hh]er|[Hh]is|[Tt]heir) (?=[a-z]{5,} )"), ("name:any", "name:last", "name:first"), "'s "),
    (re.compile(r"\b([Tt]he|[Tt]his) patient's\b"), ("name:any", "patient:last", "patient:plain"), "'s"),
    (re.compile(r"\b(?:[Tt]he|[Tt]his) patient\b"), ("name:any", "patient:any", "patient:plain", "patient"), ""),
    (re.compile(rf"(?:^|(?<=\. ))(?:She|He|I|They|We|You)(?= (?:{_VERB})\b)"), ("name:any", "name:plain", "name:first", "name:last"), ""),
    (re.compile(rf"\b(?:(?<=and )|(?<=but )|(?<=hat )|(?<=use )|(?<=hen )|(?<=f )|(?<=ile )|(?<=ore )|(?<=ter ))(?:she|he|they|you|we)(?= (?:{_VERB})\b)"), ("name:any", "name:first", "name:last"), ""),
    (re.compile(rf"\b(?:[Mm]y|[Hh]er|[Hh]is|[Tt]heir|[Yy]our|[Tt]he patient's) (?:{_KIN})\b"), ("name:any", "kin:any", "name:first"), ""),
    (re.compile(rf"\b(?:[Tt]he|[Mm]y|[Hh]er|[Hh]is|[Aa]|[Yy]our|[Oo]ur) (?:{_STAFF})\b"), ("name:any", "staff:plain", "name:last"), ""),
    (re.compile(r"(?:(?<=with )|(?<=from )|(?<=told )|(?<=give )|(?<=gave )|(?<=seen )|(?<=help )|(?<=tell )|(?<=to )|(?<=by )|(?<=for )|(?<=of ))(?:him|her|them|me|us|you)(?= ?[.,;]| and| or| to | in | at | on | that | about )"), ("name:any", "name:first", "name:last"), ""),
    (re.compile(r"\b(?:the|a|an|this|our|my|your|another) (?:outside )?(?:hospital|clinic|office|emergency room|emergency department|pharmacy|nursing home|facility|school|church|gym|store)\b"), ("hosp2", "org"), ""),
    (re.compile(r"(?:(?<=in )|(?<=at )|(?<=to )|(?<=or ))(?:the )?(?:town|country|city|area|home|work|school|the house|the neighborhood|abroad)\b(?! ?-)"), ("place", "org", "place"), ""),
    (re.compile(r"\b(?:yesterday|last (?:week|month|year|night)|(?:about |approximately )?(?:\d+|two|three|four|five|six|several|a few) (?:days|weeks|months|years) ago)\b"), ("on date",), ""),
)  # fmt: skip
_ZH_KIN: Final = "妈妈|爸爸|母亲|父亲|奶奶|爷爷|老公|老婆|朋友|同学|同事|孩子|儿子|女儿|婆婆|公公|姐姐|哥哥|弟弟|妹妹|外婆|舅舅|邻居|叔叔|阿姨|妈|爸|小孩|宝宝|男友|女友|爱人|媳妇|家属"
_ZH: Final = (
    (re.compile(r"(?:患者|病人)(?!们|的?家属|来说)"), ("name", "patient", "name", "nick"), ""),
    (re.compile(rf"(?:我家?的?|我们家?的?|患者的?|其)(?:{_ZH_KIN})(?!们)"), ("name", "nick", "name"), ""),
    (re.compile(r"(?<=[，。,？和跟找问让听请与])(?:医生|大夫|主任|专家)(?=[，,说建让给您我])"), ("sur title",), ""),
    (re.compile(r"(?:当地|外地|附近的?|县里?的?|市里?的?|镇上?的?|大|正规|专业的?|三甲|本地|省)医院|外院|我院|本院"), ("hosp2",), ""),
    (re.compile(r"(?<=[去到在往])医院"), ("hosp2",), ""),
    (re.compile(r"(?<=[在去到回])(?:农村|老家|外地|国外|城里|家里|家)(?![长族人属庭])"), ("place", "place", "address"), ""),
    (re.compile(r"(?<=在)(?:单位|学校|公司|工地|厂里|工厂)"), ("org",), ""),
    (re.compile(r"(?:昨天|前天|今天|上周|上个月|去年|前几天|近日|今日|昨日|前段时间|半年前)(?![的到])"), ("date", "date", "full"), ""),
    (re.compile(r"(?:于|在)?(?<![\d.+十百余多几两一二三四五六七八九半~-])\d+余?(?:天|周|个月|月|年)余?前(?!后)"), ("date", "date", "full"), ""),
    (re.compile(r"^(?:您好|你好|医生您好|医生)(?=[，,！!])"), ("sur titled",), ""),
)  # fmt: skip


def peopled(sentence: str, language: str, random: Random) -> str:
    """Return the sentence with slots where chance put them; unchanged where nothing fits.

    >>> ready = peopled("The patient denies chest pain.", "en", Random(1))
    >>> ready.startswith(OPEN), ready.endswith(" denies chest pain.")
    (True, True)
    """
    if OPEN in sentence:
        return sentence
    in_small_letters = language == "en" and sentence == sentence.lower()
    for pattern, slots, after in _EN if language == "en" else _ZH:
        if pattern.search(sentence) and (OPEN not in sentence or random.random() < 0.6):
            sentence = pattern.sub(
                lambda _, s=slots, a=after: _filled(random.choice(s), language) + a, sentence, count=1
            )  # type: ignore[misc]
    if in_small_letters:
        sentence = re.sub(rf"{OPEN}(name|kin|staff|patient)(?::\w+)?{CLOSE}", slot("name:lower"), sentence)
    return sentence


def _filled(wanted: str, language: str) -> str:
    if wanted == "on date":
        return "on " + slot("date")
    if wanted == "sur title":
        return slot("sur") + "医生"
    if wanted == "sur titled":
        return slot("sur") + "主任您好"
    return slot(wanted)
