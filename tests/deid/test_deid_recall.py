"""Every class, at least 200 invented identifiers in Chinese and in English text: all are found (rule H1)."""

import random

import pytest

from confide.deid import validators
from confide.deid.cascade import find_in_documents
from confide.deid.known import known_values

N = 200
DIGITS, LETTERS = "0123456789", "ABCDEFGHJKLMNPQRSTUVWXYZ"


def number(rng, n):
    return "".join(rng.choice(DIGITS) for _ in range(n))


def code(rng):
    return f"{''.join(rng.choice(LETTERS) for _ in range(2))}{number(rng, 7)}"


def day(rng):
    return f"{rng.randint(1935, 2019)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"


def resident_id(rng):
    body = rng.choice(["110105", "310104", "440305", "510107", "650102"]) + day(rng) + number(rng, 3)
    whole = body + validators.resident_check(body)
    old = body[:6] + body[8:14] + body[14:17]
    return rng.choice([whole, whole.lower(), f"{body[:6]} {body[6:14]} {whole[14:]}", old])


def luhn(rng, front, length):
    body = front + number(rng, length - len(front) - 1)
    return next(body + d for d in DIGITS if validators.is_luhn(body + d))


def card(rng):
    whole = luhn(rng, rng.choice(["4", "51", "622202", "621700"]), rng.choice([16, 16, 19]))
    return rng.choice([whole, " ".join(whole[i : i + 4] for i in range(0, len(whole), 4))])


def uscc(rng):
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = "91350100MA" + "".join(rng.choice(alphabet) for _ in range(7))
    return next(body + c for c in alphabet if validators.is_uscc(body + c))


def dea(rng):
    body = "AB" + number(rng, 6)
    return next(body + c for c in DIGITS if validators.is_dea(body + c))


def npi(rng):
    body = "1" + number(rng, 8)
    return next(body + c for c in DIGITS if validators.is_npi(body + c))


def vin(rng):
    body = [rng.choice(LETTERS.replace("Q", "") + DIGITS) for _ in range(13)] + list(number(rng, 4))
    for c in "0123456789X":
        body[8] = c
        if validators.is_vin("".join(body)):
            return "".join(body)
    raise AssertionError("no check digit fits")


def zh_phone(rng):
    n = "1" + rng.choice("3456789") + number(rng, 9)
    area, line = rng.choice(["010", "021", "0379", "0571"]), rng.choice("2345678") + number(rng, 7)
    return rng.choice([
        n, f"{n[:3]}-{n[3:7]}-{n[7:]}", f"{n[:3]} {n[3:7]} {n[7:]}", f"+86 {n}", f"(+86){n}", f"0086-{n}", " ".join(n),
        f"{area}-{line}", f"({area}){line}", f"{area} {line}", f"{area}-{line}-{number(rng, 3)}", f"400-{number(rng, 3)}-{number(rng, 4)}",
    ])  # fmt: skip


def en_phone(rng):
    a, b, c = str(rng.randint(201, 989)), str(rng.randint(200, 999)), number(rng, 4)
    return rng.choice([
        f"({a}) {b}-{c}", f"{a}-{b}-{c}", f"{a}.{b}.{c}", f"+1 {a} {b} {c}", f"1-{a}-{b}-{c}", f"{a}-{b}-{c} x{number(rng, 3)}",
        f"({a}){b}-{c} ext. {number(rng, 2)}", f"+44 20 7946 {c}", f"+49 30 {number(rng, 7)}",
    ])  # fmt: skip


def ip(rng):
    four = ".".join(str(rng.randint(10, 254)) for _ in range(4))
    return rng.choice([four, f"fe80::{rng.randint(4096, 65535):x}:{rng.randint(1, 65535):x}"])


def plate(rng):
    front = rng.choice("京沪粤豫川苏") + rng.choice("ABCDEF")
    return rng.choice([
        front + number(rng, 5), f"{front}·{number(rng, 4)}K", f"{front}D{number(rng, 5)}", f"{front}{number(rng, 5)}F",
        f"{front}{number(rng, 4)}学", f"{front} {number(rng, 5)}",
    ])  # fmt: skip


ANY = {
    "resident-id": resident_id,
    "email": lambda rng: f"{rng.choice(['li', 'a.b', 'x_y-9'])}{number(rng, 3)}@{rng.choice(['qq.com', 'mail.hospital.org', '163.com'])}",
    "url": lambda rng: rng.choice([f"https://example{number(rng, 2)}.com/p?id={number(rng, 3)}", f"www.h{number(rng, 2)}.cn/a", f"site{number(rng, 2)}.org"]),
    "ip": ip,
    "account-number": card,
    "plate": plate,
    "passport": lambda rng: rng.choice(["E", "G", "EA", "EK"]) + number(rng, 8)[: rng.choice([7, 8])],
}  # fmt: skip
ZH_FAMILY, ZH_GIVEN = (
    "王李张刘陈杨赵吴徐孙胡朱郭罗梁谢宋唐韩冯邓曹彭萧蔡潘袁董余苏叶吕魏",
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平",
)


def zh_name(rng):
    if rng.random() < 0.1:
        return rng.choice(["欧阳", "上官", "诸葛"]) + rng.choice(ZH_GIVEN)
    return rng.choice(ZH_FAMILY) + "".join(rng.choice(ZH_GIVEN) for _ in range(rng.choice([1, 2])))


def en_name(rng):
    first = rng.choice(["John", "Mary", "Zbigniew", "Aoife", "Priyanka", "Keisha"])
    last = rng.choice(["Castellanos", "O'Brien", "Smith-Jones", "McAllister", "Okafor", "Nguyen"])
    return rng.choice([f"{first} {last}", f"{last}, {first}", f"{first} {rng.choice(LETTERS)}. {last}"])


def zh_address(rng):
    door = rng.choice(
        ["{}号", "{}号院3号楼2单元502室", "{}弄5号601室", "{}号3栋1单元1203", "{}号阳光小区8幢202室"]
    ).format(rng.randint(1, 999))
    town = rng.choice(
        ["洛阳市西工区", "河南省郑州市金水区", "上海市浦东新区", "成都市武侯区", "杭州市余杭区仓前街道"]
    )
    return town + rng.choice(["中州", "花园", "建设", "人民"]) + rng.choice(["路", "街", "大道"]) + door


def en_address(rng):
    street = f"{rng.randint(1, 9999)} {rng.choice(['', 'N. ', 'West '])}{rng.choice(['Oak', 'Maple Grove', '42nd', 'Linden'])}"
    kind = rng.choice(["Street", "St.", "Avenue", "Blvd", "Rd", "Lane"])
    town = rng.choice(["Springfield, IL 62704", "Dayton, OH 45402-1234", "Boston, Massachusetts 02118"])
    return rng.choice(
        [
            f"{street} {kind}, {rng.choice(['Apt', 'Apartment', 'Suite', 'Unit'])} {rng.randint(1, 99)}B, {town}",
            f"{street} {kind}, {town}",
            f"P.O. Box {rng.randint(1, 9999)}, {town}",
        ]
    )


def zh_hospital(rng):
    town = rng.choice(["洛阳", "北京", "成都", "河南省", "苏州"])
    return town + rng.choice(["市第一人民医院", "中心医院", "市妇幼保健院", "友谊医院", "大学附属第二医院"])


def en_hospital(rng):
    front = rng.choice(["Massachusetts", "St. Luke's", "Riverside", "Mount Carmel", "Brookhaven"])
    return front + rng.choice([" General Hospital", " Medical Center", " Memorial Hospital", " Nursing Home"])


ZH = {
    **{kind: (make, ["{}", "为{}。", "号码：{}，", "（{}）", "患者{}来"]) for kind, make in ANY.items()},
    "name": (zh_name, ["姓名：{} 性别：男", "患者{}，男，45岁", "患儿姓名:{}", "姓 名：{}　性 别：女", "{}女士诉头痛", "{}，女，33岁，", "| 姓名 | {} |"]),
    "staff": (zh_name, ["医师签名：{}", "{}主任医师查房", "主刀医师：{} 麻醉师：", "请{}医师会诊", "记录者:{}\n", "报告医师\t{}\n", "术者：{}、王芳"]),
    "kin": (zh_name, ["联系人：{}（妻子）", "家属{}代诉", "监护人姓名：{}", "其父{}陪同", "家属签字：{}", "{}（母亲）陪同"]),
    "permit": (lambda rng: rng.choice(["H", "M"]) + number(rng, rng.choice([8, 10])), ["回乡证号：{}", "港澳居民来往内地通行证{}", "通行证号码：{}。", "({})"]),
    "insurance-id": (code, ["医保卡号：{}", "社保号:{}", "医疗保险号 {}", "保单号为{}"]),
    "record-number": (code, ["住院号：{}", "门诊号 {}", "病案号为{}", "病理号:{}）", "登记号{}，", "检查号|{}|"]),
    "phone": (zh_phone, ["电话：{}", "请拨{}。", "（{}）", "联系方式{}，", "手机\t{}\n"]),
    "device-id": (code, ["设备编号：{}", "起搏器序列号：{}", "SN:{}", "植入物编号 {}。"]),
    "social": (lambda rng: f"wx_{number(rng, 5)}ab", ["微信号：{}", "加微信{}", "QQ：{}", "WeChat：{}，"]),
    "other-id": (lambda rng: rng.choice([code, uscc])(rng), ["工号：{}", "执业证号：{}", "统一社会信用代码：{}", "驾驶证号 {}"]),
    "ssn": (lambda rng: f"{rng.randint(100, 665)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}", ["社会安全号{}", "（{}）", "SSN：{}"]),
    "address": (zh_address, ["住址：{}\n", "家住{}。", "现住{}，", "地址：{} 电话：", "户籍地址:{}"]),
    "organisation": (zh_hospital, ["转自{}。", "曾在{}治疗", "于{}就诊", "送检医院：{}", "来源于{}，"]),
    "ethnicity": (lambda rng: rng.choice(["汉族", "回族", "维吾尔族", "藏族", "满族"]), ["民族：{}", "民族{}", "民 族：{} ", "| 民族 | {} |"]),
    "occupation": (lambda rng: rng.choice(["农民", "教师", "退休工人", "公司职员", "自由职业者"]), ["职业：{}", "职业:{} 婚姻:已婚", "职 业：{}\n"]),
}  # fmt: skip
EN = {
    **{kind: (make, ["{}", "is {}.", "no: {},", "({})", "given {} today"]) for kind, make in ANY.items() if kind != "plate"},
    "name": (en_name, ["Patient Name: {}\n", "Name: {}; ", "Mr. {} was seen", "| Name | {} |", "Full name: {}\nDOB: "]),
    "staff": (en_name, ["Attending: {}", "seen by Dr. {} today", "Dictated by: {}\n", "Surgeon: Dr. {}.", "Electronically signed by: {}"]),
    "kin": (en_name, ["Next of kin: {}", "Emergency Contact: {}, ", "his wife, {}, agreed", "daughter {} at bedside"]),
    "permit": (code, ["Green card number: {}", "Residence permit: {}", "Alien number {}", "Military ID: {}"]),
    "insurance-id": (code, ["Member ID: {}", "Policy number {}", "Medicare: {}", "Insurance ID# {}"]),
    "record-number": (code, ["MRN: {}", "MRN {}", "Medical Record Number: {}", "Accession No. {}", "Chart # {}", "Specimen ID: {},"]),
    "phone": (en_phone, ["Phone: {}", "call {} today", "({})", "Fax {}.", "cell: {}, "]),
    "device-id": (code, ["Serial number: {}", "Serial No. {}", "Pacemaker SN {}", "UDI: {}", "Lot #: {}"]),
    "social": (lambda rng: f"user_{number(rng, 4)}", ["WeChat: {}", "Twitter: @{}", "Username: {}"]),
    "other-id": (lambda rng: rng.choice([dea, npi])(rng), ["DEA: {}", "NPI: {}", "License number: {}", "Badge # {}"]),
    "plate": (vin, ["VIN: {}", "vehicle {} parked", "License plate: {}"]),
    "ssn": (lambda rng: f"{rng.randint(100, 665)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}", ["SSN: {}", "SSN {}", "social security number is {}", "{}"]),
    "address": (en_address, ["Address: {}\n", "lives at {}.", "moved to {} last year", "{}\n", "mail to {};"]),
    "organisation": (en_hospital, ["at {} for", "transferred from {}.", "Hospital: {}\n", "admitted to {} on", "(from {})"]),
    "ethnicity": (lambda rng: rng.choice(["Hispanic", "White", "Asian", "African American"]), ["Race: {}\n", "Ethnicity: {}. ", "Race/Ethnicity: {}"]),
    "occupation": (lambda rng: rng.choice(["retired teacher", "Plumber", "software engineer"]), ["Occupation: {}\n", "Profession: {}.", "Job title: {}"]),
}  # fmt: skip
FREE = {
    "resident-id",
    "account-number",
    "ssn",
    "passport",
    "permit",
    "phone",
    "insurance-id",
    "record-number",
    "device-id",
    "other-id",
    "plate",
}  # a number may go under a neighbour's class


def missed(kind, make, carriers, seed):
    """Return the carriers whose identifier was not covered whole, by a hit of its class or of another number class."""
    rng = random.Random(seed)
    out = []
    for i in range(N):
        carrier, value = carriers[i % len(carriers)], make(rng)
        text = carrier.format(value)
        start = carrier.index("{}")
        (document,) = find_in_documents([text], known_values({}))
        fits = [
            h
            for h in document.hits
            if h.type == kind
            or (kind in FREE and h.type in FREE)
            or {h.type, kind} <= {"name", "staff", "kin"}
            or {h.type, kind} <= {"address", "place"}
        ]
        covered = {i for h in fits for i in range(*document.folded.span(h.start, h.end))}
        if any(text[i].isalnum() and i not in covered for i in range(start, start + len(value))):
            out.append((text, [(document.value(h), h.type) for h in document.hits]))
    return out


@pytest.mark.parametrize("kind", ZH)
def test_no_identifier_of_a_class_is_missed_in_chinese_text(kind):
    assert missed(kind, *ZH[kind], seed=1) == []


@pytest.mark.parametrize("kind", EN)
def test_no_identifier_of_a_class_is_missed_in_english_text(kind):
    assert missed(kind, *EN[kind], seed=2) == []
