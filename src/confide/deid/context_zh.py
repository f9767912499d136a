"""Read Chinese keys and their values: header lines (姓名：…), numbers behind a word (住院号 …), hospitals, places.

The value behind the key is the identifier; the key stays. Names are read by `confide.deid.names_zh`.
Works on folded text.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from confide.deid.hits import Hit
from confide.deid.lexicon import words
from confide.deid.names_zh import find_role_names, find_titled_names, read_names

_H: Final = "\u3400-\u9fff"

# class -> keys. What stands behind `KEY:` is of that class.
_KEYS: Final = {
    "name": "姓名 患者姓名 病人姓名 患儿姓名 产妇姓名 受检者 受试者 受检人 患者 病人 患儿 名字 曾用名 客户姓名 申请人",
    "kin": "联系人 联系人姓名 紧急联系人 家属 家属姓名 家属签名 家属签字 监护人 陪护人 父亲 母亲 父亲姓名 母亲姓名 配偶 配偶姓名 丈夫 妻子 委托人 代理人 被委托人 病史陈述者 陈述者 供史者 病史提供者 患方签名 患者签名 与患者关系人",
    "staff": "医师签名 医生签名 医师 医生 签名 签字 签名者 术者 主刀 主刀医师 手术者 手术医师 助手 一助 二助 三助 第一助手 第二助手 麻醉医师 麻醉师 麻醉者 主治医师 住院医师 主任医师 副主任医师 经治医师 管床医师 管床医生 接诊医师 接诊医生 责任护士 护士 护士签名 器械护士 洗手护士 巡回护士 记录者 记录人 记录医师 报告医师 报告者 报告人 审核医师 审核者 审核人 检查医师 检查者 检验者 送检医师 送检医生 会诊医师 上级医师 进修医师 实习医师 指导老师 主诊医师 主管医师 主管医生 首诊医师 申请医师 申请医生 开单医师 值班医师 科主任 护士长 查房医师 主持人 参加人员 交班者 接班者 复核者 核对者 发药 调配 采集者",
    "record-number": "住院号 门诊号 病案号 病历号 门急诊号 急诊号 登记号 就诊号 就诊卡号 诊疗卡号 检查号 检验号 标本号 标本编号 样本号 样本编号 影像号 病理号 放射号 超声号 心电号 条码号 条形码 患者ID 病人ID ID ID号 患者编号 病人编号 申请单号 报告编号 报告单号 处方号 流水号 档案号 健康档案号 X线号 CT号 MRI号 MR号 编号 试验编号 受试者编号 随机号 孕产号 出生证号 出生医学证明编号",
    "insurance-id": "医保号 医保卡号 医保编号 社保号 社保卡号 社会保障号 保险号 保单号 农合号 新农合号 医疗证号 参合号",
    "account-number": "银行卡号 银行卡 卡号 账号 帐号 银行账号 开户账号",
    "resident-id": "身份证号 身份证号码 身份证 证件号 证件号码 公民身份号码 公民身份证号",
    "passport": "护照号 护照号码 护照 港澳通行证 通行证号 回乡证号 军官证号 士兵证号",
    "phone": "电话 联系电话 手机 手机号 手机号码 电话号码 联系方式 家庭电话 办公电话 单位电话 传真 固话 座机 热线",
    "address": "地址 家庭地址 家庭住址 住址 现住址 现住 常住地址 联系地址 通讯地址 户籍 户籍地址 户籍地 户口地址 户口所在地 籍贯 出生地 居住地 居住地址 邮编 邮政编码 收货地址",
    "organisation": "工作单位 单位 单位名称 医院 医院名称 就诊医院 送检单位 送检医院 转诊医院 转入医院 机构名称 医疗机构 学校",
    "social": "微信 微信号 QQ QQ号 QQ号码 支付宝 抖音号 微博",
    "email": "邮箱 电子邮箱 电子邮件 邮件",
    "device-id": "设备号 设备编号 序列号 产品序列号 机身号 植入物编号 起搏器编号 支架编号 SN UDI",
    "plate": "车牌 车牌号",
    "other-id": "床号 床位 床位号 工号 医师编号 执业证号 学号 警号 病房 房号 病床号 驾驶证号 残疾证号 结婚证号 准考证号",
}  # fmt: skip
_WEAK: Final = {
    "患者",
    "病人",
    "患儿",
    "医师",
    "医生",
    "护士",
    "父亲",
    "母亲",
    "丈夫",
    "妻子",
    "家属",
    "联系人",
    "配偶",
    "发药",
    "调配",
}
_NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9*_/.-]{0,30}(?:[ -][A-Za-z0-9]*[0-9][A-Za-z0-9]*){0,4}")
_PHONE: Final = re.compile(r"\+?[0-9(][0-9() +-]{4,24}[0-9](?: ?[,/、] ?[0-9][0-9 -]{5,20}[0-9])?")
_LINE: Final = re.compile(r"[^\n\r;。:,，]{2,60}(?:,[^\n\r;。:,]{0,8}[0-9号室楼]{1,4})?")
_WORD: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{3,40}")
_COLON: Final = re.compile(r" ?[:=] ?")


@cache
def _key_class() -> dict[str, str]:
    return {key: kind for kind, keys in _KEYS.items() for key in keys.split()}


def find_context_zh(text: str) -> list[Hit]:
    """Return what Chinese keys, roles, titles and hospital names give away.

    >>> text = "姓名:张伟 性别:男 住院号:ZY0012 住址:洛阳市西工区中州路8号 医师签名:李敏/王芳"
    >>> [text[hit.start:hit.end] for hit in find_context_zh(text)][:5]
    ['张伟', 'ZY0012', '洛阳市西工区中州路8号', '李敏', '王芳']
    """
    hits = [*_behind_colons(text), *_numbers_behind_words(text), *find_role_names(text)]
    hits += [*find_titled_names(text), *_organisations(text), *_places(text)]
    return hits


def _behind_colons(text: str) -> Iterator[Hit]:
    """Yield the values of `KEY: value`, the longest key that ends before the colon deciding."""
    keys = _key_class()
    for colon in _COLON.finditer(text):
        before = text[max(0, colon.start() - 14) : colon.start()].rstrip(")").replace(" ", "")
        key = next((before[-n:] for n in range(min(10, len(before)), 1, -1) if before[-n:] in keys), None)
        if key is not None:
            yield from _value(text, colon.end(), keys[key], key)


def _value(text: str, at: int, kind: str, key: str) -> Iterator[Hit]:
    """Yield the value of one key, by the kind of value its class has."""
    rule = f"context:{key}"
    if kind in ("name", "kin", "staff"):
        yield from read_names(text, at, kind, key, strict=key in _WEAK)
        return
    if kind in ("address", "organisation"):
        if match := _LINE.match(text, at):
            value = _until_next_key(match.group().rstrip())
            if (
                len(value) >= 2
                and not value.isascii()
                and value[:2] not in ("不详", "同上", "无业", "退休", "未知")
            ):
                yield Hit(at, at + len(value), kind, 0.85, rule)
        return
    pattern = _PHONE if kind == "phone" else _WORD if kind in ("social", "email") else _NUMBER
    if (match := pattern.match(text, at)) and any(c.isdigit() for c in match.group()):
        yield Hit(at, match.end(), kind, 0.9, rule)
    elif match and kind in ("social", "email"):
        yield Hit(at, match.end(), kind, 0.8, rule)


def _until_next_key(value: str) -> str:
    """Cut a value where the next key of a header line begins."""
    at = re.search(r"(?:  |\t| (?=[\u3400-\u9fff]{2,6} ?$))", value)
    value = value[: at.start()] if at else value
    for key in (
        "电话",
        "联系",
        "邮编",
        "性别",
        "年龄",
        "职业",
        "民族",
        "婚姻",
        "入院",
        "病史",
        "身份证",
        "手机",
        "出生日期",
        "住院号",
    ):
        if (place := value.find(key)) > 0:
            value = value[:place]
    return value.rstrip()


_WORD_NUMBER: Final = re.compile(
    r"(?P<key>住院号|门诊号|病案号|病历号|登记号|就诊号|就诊卡号|检查号|标本号|影像号|病理号|条码号|编号|医保卡?号|社保卡?号|银行卡号?|卡号|[账帐]号"
    r"|身份证号?码?|护照号?码?|微信号?|[Qq][Qq]号?码?|手机号?码?|电话号?码?|工号|床号|车牌号?|邮编|序列号|ID号?)"
    r" ?(?:是|为|:|,)? ?(?P<v>[A-Za-z0-9][A-Za-z0-9_-]{2,30})"
)
_BED: Final = re.compile(r"(?<![0-9.])(?:[+加]?[0-9]{1,3}) ?床(?![位旁上头边档])")


def _numbers_behind_words(text: str) -> Iterator[Hit]:
    """Yield numbers right behind their word, without a colon: 住院号 ZY0012, 微信wx_8812, 12床."""
    keys = _key_class()
    for match in _WORD_NUMBER.finditer(text):
        value, key = match.group("v"), match.group("key").upper()
        kind = next(
            (keys[k] for k in (key, key + "号", key.removesuffix("码"), key[:2]) if k in keys), "other-id"
        )
        if any(c.isdigit() for c in value) or (kind == "social" and len(value) > 4):
            yield Hit(match.start("v"), match.end("v"), kind, 0.85, f"context:{match.group('key')}")
    for match in _BED.finditer(text):
        yield Hit(match.start(), match.end() - 1, "other-id", 0.6, "context:床")


_ORGANISATION: Final = re.compile(
    "医院|卫生院|保健院|诊所|卫生所|卫生室|医学中心|服务中心|疾控中心|体检中心|大学|公司|中学|小学|学院|集团|工厂|派出所|敬老院|养老院|福利院"
)
_CUT: Final = re.compile(
    r".*(?:[在于至到从往由经我去就的是为及与曾来住过家者院然说现哪病转]|自(?!治)|(?<!协)和)|.*(?:转入|送至|外院|当地|患者|毕业)"
)
_GENERIC: Final = re.compile(
    r"第[一二三四五六七八九十0-9]+|附属|人民|中心|中医|中西医|结合|妇幼|儿童|妇产|肿瘤|专科|综合|总|省级?|市级?|县级?|区级?|镇级?|乡级?|级|社区|卫生|口腔|眼科|骨科|皮肤病?|精神|传染病?|胸科|民营|私立|公立|正规|三甲|二甲|当地|本地|外地|大型?|小型?|各|某|家|该|我|本|上级|下级|基层|军区|部队|医科|医学|中|等|名|好|有限|责任|股份|保险|医药|制药|药业|科技|全国|国家|县|乡镇|儿科|妇科|男科|心血管|糖尿|脑科|康复|整形|美容|肝病|肛肠|生殖|泌尿|不孕|体检|健康|管理|服务|急救|血液|或者?|大城市|城市|省|具备|条件|较|比较|知名|权威|著名|治疗|检查|医疗|救治|就诊|就医|住院|可以|建议|一[家所个]|几[家所个]|两[家所个]|多[家所个]|其他|别|这|那|哪|什么|去|看|找|上|下|都|也|没|不|要|能|还|再|先|后|前|里|外|内|你|您|他|她|们"
)


def _organisations(text: str) -> Iterator[Hit]:
    """Yield hospitals, schools and firms that have a name of their own; 当地医院 and 三甲医院 have none."""
    for match in _ORGANISATION.finditer(text):
        run = re.search(rf"[{_H}]*$", text[max(0, match.start() - 16) : match.start()])
        before = run.group() if run else ""
        before = _CUT.sub("", before)
        own = _GENERIC.sub("", before)
        places = any(place in before for place in (*words("zh", "provinces"), *words("zh", "cities")))
        named = re.search(r"[\u3400-\u9fff]{2,4}[省市县区州镇乡]", before)
        if places or (named and len(own) >= 2) or (len(own) >= 2 and _looks_like_unit(before, match.group())):
            yield Hit(match.start() - len(before), match.end(), "organisation", 0.7, "context:organisation")
        elif re.fullmatch(r"第[一二三四五六七八九十]+(?:人民|附属|中心)?", before):
            yield Hit(match.start() - len(before), match.end(), "organisation", 0.55, "context:organisation")


def _looks_like_unit(before: str, unit: str) -> bool:
    """Say whether a name with no place in it is that of a unit: 仁济医院, 红星小学."""
    if unit in ("医院", "卫生院", "小学", "中学", "派出所"):
        return len(before) <= 4 and bool(
            re.search(
                "协和|同济|仁济|瑞金|华西|湘雅|同仁|安贞|阜外|宣武|天坛|友谊|华山|中山|解放军|武警", before
            )
        )
    return "大学" in before or "附属" in before


_TAIL: Final = r"[0-9A-Za-z一二三四五六七八九十-]{1,6}(?:号院|号楼|号|弄|栋|幢|座|单元|门|层|楼|室|户|组|队)"
_UNIT: Final = rf"[{_H}]{{1,6}}?(?:自治区|自治州|自治县|街道|大道|大街|胡同|小区|花园|公寓|大厦|新村|社区|省|市|县|区|旗|镇|乡|村|庄|屯|路|街|巷|弄|苑)"


@cache
def _place_patterns() -> tuple[tuple[str, float, re.Pattern[str]], ...]:
    provinces, cities = "|".join(words("zh", "provinces")), "|".join(words("zh", "cities"))
    start = rf"(?:(?:{provinces})(?:省|市|自治区|壮族自治区|回族自治区|维吾尔自治区)?(?:{cities})?市?|(?:{cities})市?)"
    return (
        ("address", 0.85, re.compile(rf"{start}(?:{_UNIT}|{_TAIL}){{1,8}}")),
        (
            "address",
            0.8,
            re.compile(rf"[{_H}]{{2,5}}(?:路|街|大道|大街|巷|弄|胡同|村|小区){_TAIL}(?:{_TAIL}){{0,4}}"),
        ),
        ("place", 0.7, re.compile(rf"(?:{cities})市?|(?:{provinces})(?:省|自治区)?[{_H}]{{2,4}}(?:市|县)")),
    )


_NOT_PLACE: Final = re.compile(r"[病院医科军]区$|[你我他哪那这什么]|地区$|部位|超市|门市")
_LEAD: Final = re.compile(r".*[住在于自现到从是为址籍的往]|.*(?:患者|家人)")


def _places(text: str) -> Iterator[Hit]:
    """Yield addresses of two parts and more, and towns by name."""
    for kind, score, pattern in _place_patterns():
        for match in pattern.finditer(text):
            value = match.group()
            if _NOT_PLACE.search(value):
                continue
            lead = _LEAD.match(value) if score == 0.8 else None
            start = match.start() + (lead.end() if lead and lead.end() < len(value) - 3 else 0)
            yield Hit(start, match.end(), kind, score, f"context:{kind}")


def key_classes() -> dict[str, str]:
    """Return the keys of header lines and their classes; column names are looked up here as well."""
    return dict(_key_class())
