"""Context: the value behind a key, a role or a title goes; the key and clinical content stay."""

import pytest

ZH = [
    ("姓名：张建国 性别：男", "姓名：[姓名] 性别：男"),
    ("姓名：张建国性别：男", "姓名：[姓名]性别：男"),
    ("姓 名：张 伟  性 别：女", "姓 名：[姓名]  性 别：女"),
    ("姓名：阿卜杜拉·买买提", "姓名：[姓名]"),
    ("已电话通知玉素甫·阿卜杜拉", "已电话通知[姓名]"),
    ("已与患者儿子艾尔肯·吐尔逊沟通病情", "已与患者儿子[亲属]沟通病情"),
    ("现场地点桐城市文昌街道和平路3弄39号503室。", "现场地点[地址]。"),
    ("患者王建国，男，45岁", "患者[姓名]，男，45岁"),
    ("联系人：李芳（妻子）", "联系人：[亲属]（妻子）"),
    ("家属李芳代诉病史", "家属[亲属]代诉病史"),
    ("医师签名：赵敏/钱进", "医师签名：[医护人员]/[医护人员]"),
    ("术者：欧阳明、王芳", "术者：[医护人员]、[医护人员]"),
    ("王主任查房", "[医护人员]主任查房"),
    ("请张晓明主任医师会诊", "请[医护人员]主任医师会诊"),
    ("张女士诉头痛", "[姓名]女士诉头痛"),
    ("住院号：ZY0012345 床号：12", "住院号：[病历号] 床号：[编号]"),
    ("门诊号 20231188", "门诊号 [病历号]"),
    ("电话：63210000", "电话：[电话]"),
    ("微信号：wx_hello QQ：12345678", "微信号：[社交账号] QQ：[社交账号]"),
    ("家住洛阳市西工区中州路8号3单元", "家住[地址]"),
    ("住址：河南省洛阳市西工区中州中路128号", "住址：河南省"),
    ("转自北京协和医院", "转自[机构]"),
    ("出生日期：1960年2月3日", "出生日期：1960年"),
    ("医保卡号：YB20230001", "医保卡号：[医保号]"),
]
EN = [
    ("Name: Smith, John A", "Name: [NAME]"),
    ("Patient Name: JANE DOE", "Patient Name: [NAME]"),
    ("Mr. Castellanos came", "Mr. [NAME] came"),
    ("seen by Dr. Kumar today", "seen by Dr. [STAFF] today"),
    ("Attending: Jane Q. Doe, M.D.", "Attending: [STAFF], M.D."),
    ("Employer Zumbro Trucking Company, retired", "Employer [ORGANISATION], retired"),
    ("ELECTRONICALLY SIGNED BY ANTON HUANG, MD", "ELECTRONICALLY SIGNED BY [STAFF], MD"),
    ("his wife Mary agreed", "his wife [RELATIVE] agreed"),
    ("MRN: 0012345", "MRN: [RECORD]"),
    ("MRN# 0012345", "MRN# [RECORD]"),
    ("Medical Record Number 0012345", "Medical Record Number [RECORD]"),
    ("DOB: 02/03/1960", "DOB: 1960"),
    ("Phone: 555-1234", "Phone: [PHONE]"),
    ("Account Number: 88-1234", "Account Number: [ACCOUNT]"),
    ("Member ID: XYZ123456", "Member ID: [INSURANCE]"),
    ("Serial No. AB-1234", "Serial No. [DEVICE]"),
    ("lives at 12 Oak Street, Springfield, IL 62704 alone", "lives at IL 627** alone"),
    ("from Boston, MA today", "from MA today"),
    ("at Massachusetts General Hospital for", "at [ORGANISATION] for"),
    ("John Castellanos was seen", "[NAME] was seen"),
]
KEPT_ZH = [
    "墨菲征阴性，巴宾斯基征、布鲁津斯基征未引出，帕金森病史", "何首乌、杜仲、白芍、黄芪各10g", "神志清，律齐，腹软", "患者高热，黄疸明显", "患者白细胞升高", "患者张口困难", "患者何时出院",
    "主任医师查房", "责任护士", "任何医生", "遵医生医嘱", "谢谢医生", "家属要求出院", "患者余无不适", "病史3月余，加重1周", "每日一次，必要时服用", "当地医院", "三甲医院", "去医院", "血压120/80mmHg", "右上腹压痛", "心前区疼痛", "左侧肢体", "高年资医师",
    "于医生指导下用药", "急性支气管炎", "华法林2.5mg", "体温36.5℃", "第3床位", "2型糖尿病", "CT号未填", "签字时间：19:20", "签字时刻19:20",
]  # fmt: skip
KEPT_EN = [
    "Murphy's sign negative", "Parkinson disease and Lewy body dementia", "Graves disease", "Patient: Yeah, I do.", "Doctor: Okay. Shall I continue?", "Patient: Often I cough.", "a 45-year-old man", "5/5 strength", "BP 120/80",
    "Emergency Department", "the Emergency Room", "take 2 tablets daily for 10 days", "Crohn's disease", "Foley catheter placed", "Apgar 9", "mother: alive and well", "seen in heart clinic", "She drinks Dr Pepper 3 cans/day", "a cup of Earl Grey.", "vitamin B12", "hemoglobin A1c 7.2",
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), ZH)
def test_chinese_keys_roles_and_titles_give_their_values_away(text, wanted, clean):
    assert clean(text, policy="safe-harbor", language="zh") == [wanted]


@pytest.mark.parametrize(("text", "wanted"), EN)
def test_english_keys_roles_and_titles_give_their_values_away(text, wanted, clean):
    assert clean(text, policy="safe-harbor") == [wanted]


@pytest.mark.parametrize("text", KEPT_ZH + KEPT_EN)
def test_clinical_content_is_kept(text, clean):
    assert clean(text, policy="safe-harbor") == [text]


def test_a_name_found_once_is_swept_from_all_documents_of_the_patient(clean):
    out = clean(
        "医师签名：赵晓敏",
        "昨日赵晓敏看过病人",
        "Dr. Castellanos",
        "called Castellanos twice",
        policy="safe-harbor",
        language="zh",
    )
    assert out == [
        "医师签名：[医护人员]",
        "昨日[医护人员]看过病人",
        "Dr. [医护人员]",
        "called [医护人员] twice",
    ]


def test_an_address_ends_before_the_day_that_follows_it(clean):
    texts = ["住址：洛阳市西工区中州路8号，2023年5月1日入院", "住址：洛阳市西工区中州路8号，电话13800138000"]
    assert clean(*texts, policy="safe-harbor", language="zh") == [
        "住址：[地址]，2023年入院",
        "住址：[地址]，电话[电话]",
    ]


def test_a_number_found_once_is_swept_from_all_documents_of_the_patient(clean):
    out = clean("住院号：88A12X", "见88a12x号标本袋", "nothing", policy="safe-harbor", language="zh")
    assert out == ["住院号：[病历号]", "见[病历号]号标本袋", "nothing"]


def test_another_patient_is_not_swept(note):
    from confide.deid.deidentify import Deidentifier

    deidentifier = Deidentifier(policy="safe-harbor", key=b"k" * 32)
    deidentifier.patient([note("医师签名：白云")], {})
    assert deidentifier.patient([note("窗外白云很多", patient="p2")], {})[0].text == "窗外白云很多"
