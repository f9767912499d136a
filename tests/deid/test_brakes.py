"""Clinical words that look like names are let go; names stay. Brackets in the tables mark the hit."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.deid.brakes import without_clinical
from confide.deid.hits import Hit
from confide.deid.lexicon import eponym_words, words

CLINICAL_EN = """
Breast exam shows intact [Cooper] ligaments.|Prominent [Virchow]-Robin spaces.|Prominent Virchow-[Robin] spaces.|[Virchow-Robin] spaces are dilated.
[Murphy] sign negative.|[Murphy]'s sign was absent.|[Kerley] B lines on film.|[Kerley B] lines.|[Foley] catheter in place.|[Foley] removed this morning.
[Foley] draining clear urine.|[Foley] dc'd at noon.|[Foley] in place.|Known [Parkinson]'s disease.|[Parkinson] disease for 5 years.|[Wilson] disease excluded.
[Bell]'s palsy on the left.|[Zenker] diverticulum seen.|[Zenker's] diverticulum.|A [Kocher] clamp was used.|[Kocher] maneuver performed.|[Bovie] cautery.
Skin closed with [Vicryl].|3-0 [Vicryl] suture.|[Prolene] mesh.|takes [Norco] for pain|[Zestril] 10 mg daily|[Lasix] 40 mg|[Xarelto] held|on [Eliquis]|[Coumadin] clinic
[ASA III] physical status|[ASA] class II|[Killip] class I|[NYHA] II|[ECOG] 1|[Glasgow] coma scale 15|[Glasgow Coma Scale] 15|[Apgar] scores 8 and 9|[MEWS] 2|[MELD] 14
[Salmonella] in stool|[E. coli] bacteremia|[Candida albicans]|[Klebsiella] pneumoniae|[H. pylori] positive|grew [Staph aureus]|[Borrelia burgdorferi] titre
eats [Granny Smith] apples|a [Christmas tree] pattern rash|climbing [Virginia creeper]|drinks [Dr Pepper] daily|takes [St. John's wort]|allergic to [Timothy] grass
[Guillain-Barre] syndrome|[Guillain]-Barre syndrome|[Stevens]-Johnson syndrome|Stevens-[Johnson] syndrome|[Wolff-Parkinson-White]|[Epstein-Barr] virus
[Crohn]'s disease|[Hodgkin] lymphoma|[Hashimoto] thyroiditis|[Sjogren] syndrome|[Raynaud] phenomenon|[Barrett] esophagus|[Graves] disease|[Cushing] syndrome
[Addison] disease|[Paget] disease|[Marfan] syndrome|[Turner] syndrome|[Down] syndrome|[Klinefelter] syndrome|[Tourette] syndrome|[Huntington] disease
[Babinski] downgoing|[Romberg] negative|[Kernig] and Brudzinski negative|Kernig and [Brudzinski] negative|[Trousseau] sign|[Chvostek] sign|[Rovsing] sign
[McBurney] point tenderness|[Phalen] test|[Tinel] sign|[Lachman] test|[McMurray] test|[Spurling] test|[Finkelstein] test|[Allen] test normal|[Thomas] test
[Colles] fracture|[Smith] fracture|[Jones] fracture|[Bennett] fracture|[Monteggia] fracture|[Galeazzi] fracture|[Lisfranc] injury pattern: [Lisfranc] joint
[Baker] cyst|[Meckel] diverticulum|[Hill-Sachs] lesion|[Bankart] repair|[Nissen] fundoplication|[Whipple] procedure|[Billroth II] anastomosis|[Roux-en-Y] bypass
[Hartmann] procedure|[Hickman] catheter|[Swan-Ganz] catheter|[Jackson-Pratt] drain|[Penrose] drain|[Weitlaner] retractor|[Metzenbaum] scissors|[Babcock] clamp
[Allis] clamp|[Kelly] clamp|[Richardson] retractor|[Deaver] retractor|[Adson] forceps|[Debakey] forceps|[Yankauer] suction|[Salter-Harris] II|[Gleason] 7
[Child-Pugh] B|[Mallampati] II|[Wells] score 3|[Ranson] criteria|[Rankin] scale 2|[Braden] scale 18|[Hunt-Hess] grade 2|[Tanner] stage 3|[Bishop] score 6
sent to the [county hospital]|a [skilled nursing facility]|to an [outside hospital]|the [emergency department]|in the [intensive care unit]|her [nursing home]
a local [urgent care clinic]|from the [community hospital]|the [rehab facility]|our [cardiology clinic]|the [dialysis unit]|[Yasmin] daily|[Mirena] IUD|[Allegra] 180 mg
Vaccines: [Fluzone] June|[ProQuad] today|a cup of [Earl Grey] at noon|islets of [Langerhans]|ligament of [Treitz]|sphincter of [Oddi]|circle of [Willis]|tetralogy of [Fallot]|pouch of [Douglas]|loop of [Henle]|[Dupuytren] contracture
modified [Kegel]|positive [Trendelenburg]|[Valsalva] maneuver|[Doppler] study|[Brugada] syndrome|[Ebstein] anomaly|[Kaposi] sarcoma|[Burkitt] lymphoma
[Tennyson] syndrome|[Abercrombie] sign|[Ehlers-Danlos] syndrome|[Charcot-Marie-Tooth]|[Creutzfeldt-Jakob] disease|[Ramsay Hunt] syndrome|[Lou Gehrig]'s disease
a [Murphy征] 阴性|[Glasgow]评分15分|[Barthel]指数|[Babinski]征未引出|[Foley]导尿管|[Virchow]淋巴结
"""

CLINICAL_ZH = """
[墨菲]征阴性|[墨菲征]阴性|[墨菲氏]征阳性|[莫非]征(-)|[麦氏]点压痛|[巴宾斯基]征未引出|[克尼格]征阴性|[布鲁津斯基]征阴性|[贝赫切特]综合征|[白塞]病|[白塞氏]病
用[科赫]钳夹住|[福莱]导尿管通畅|留置[福莱]尿管|[帕金森]病10年|[阿尔茨海默]病|[梅尼埃]病|[美尼尔]综合征|[霍奇金]淋巴瘤|[克罗恩]病|[库欣]综合征|[柯兴]综合征
[格林巴利]综合征|[吉兰-巴雷]综合征|[法洛]四联症|[川崎]病|[桥本]甲状腺炎|[高安]动脉炎|[雷诺]现象|[舍格伦]综合征|[席汉]综合征|[马凡]综合征
[特纳]综合征|[唐氏]综合征|[唐氏]筛查低风险|[克氏]针固定|[柯莱斯]骨折|[史密斯]骨折|[孟氏]骨折|[盖氏]骨折|[贝尔]麻痹|[威尔逊]病|[亨廷顿]舞蹈病|[佩吉特]病
[霍纳]综合征|[陶瑟]征|[罗夫辛]征|[拉塞格]征|[霍夫曼]征阴性|[龙贝格]征|[托马斯]征|[芬克斯坦]试验|[梅克尔]憩室|[巴雷特]食管|[曾克]憩室
[惠普尔]手术|[尼森]胃底折叠术|[哈里森]沟|[郎格罕]细胞|[朗格汉斯]细胞|[浦肯野]纤维|[希氏]束|[革兰]染色阴性|[革兰氏]阳性球菌|[格拉斯哥]昏迷评分15分
[格拉斯哥]评分|[兰金]量表|[卡氏]评分80|[阿普加]评分9分|[蔡尔德]分级|[基利普]分级|[洼田]饮水试验|[汉密尔顿]抑郁量表|[林格]液500ml|[林格氏]液
[多普勒]超声|[幽门螺杆菌]阳性|[鲍曼]不动杆菌|[沙门氏]菌|[布鲁氏]菌病|[克雷伯]菌|[柯萨奇]病毒|[EB病毒]感染|[马尔尼菲]篮状菌|[奈瑟]菌
[何首乌]15g|[白术]12g|[白芍]|[黄芪]30g|[柴胡]10g|[金银花]15g|[马齿苋]|[车前子]|[石菖蒲]|[王不留行]10g|王[不留行]|[徐长卿]|[刘寄奴]10g|[杜仲]15g|[白薇]10g
[白芷]10g、细辛3g|当归10g、[白芷]、川芎6g|[佩兰]10g|[石斛]15g|[高良姜]6g|[冬虫夏草]|[龙胆泻肝]丸|[安宫牛黄]丸|安宫[牛黄]丸|[逍遥]丸|[六味地黄]丸
[马应龙]痔疮膏|[季德胜蛇药]|[云南白药]|[王氏保赤丸]|[冯了性风湿跌打药酒]|[黄氏响声丸]|[华佗再造丸]|[玉屏风]散|[小柴胡]汤|[温胆]汤|[补阳还五]汤
[阿莫西林]0.5g|[立普妥]20mg|[拜阿司匹林]|[可定]10mg|[代文]80mg|口服[康忻]|[倍他乐克]|[波立维]|[诺和锐]|[来得时]|[优甲乐]|[泰能]|[舒普深]|[德巴金]
[安理申]|[美多芭]|[莫西沙星]|[万古霉素]|[林可霉素]|[左氧氟沙星]|[贺普丁]|[熊去氧胆酸]|[思密达]|[达喜]片|[薇乔]缝线|[普理灵]线|[爱惜康]|[可可钳]
针刺[合谷]、内关|取[足三里]、[三阴交]|[太冲]穴|[曲池]、合谷|[公孙]穴|[东施效颦]|[八段锦]|练[杨氏太极]|吃[罗汉果]|[圣女果]|[红富士]苹果
在[当地医院]就诊|到[上级医院]|[镇卫生院]治疗|于[县医院]住院|转[上级医院]|[外院]查|[社区卫生服务中心]|[某三甲医院]|[当地县医院]|在[本地诊所]|[附近诊所]输液|去[村卫生室]
[佐林格-埃利森]综合征|[普拉德-威利]综合征|[斯蒂文斯-约翰逊]综合征|[古德帕斯彻]综合征|[杜普伊特伦]挛缩|[特伦德伦堡]卧位|[瓦尔萨尔瓦]动作|[凯格尔]运动
[海姆立克]手法|[塞扎里]综合征|[郎飞]结|[肥达]试验|[外斐]反应|[库姆斯]试验|[锡克]试验|[希林]试验|吃[李子]后肚痛|忌[荷叶]、凉啤酒|胡萝卜、[包菜]打泥|[成宿]翻身|[平常]爱钓鱼|[巴托林]腺囊肿|[苗勒]管|[纳博特]囊肿|[舒尔曼]病
"""


def marked(table):
    """Return (text, start, end) of each bracketed hit, one by one."""
    found = []
    for entry in table.strip().replace("\n", "|").split("|"):
        pieces = entry.replace("[", "\0[\0").replace("]", "\0]\0").split("\0")
        text, start, places = "", 0, []
        for piece in pieces:
            if piece == "[":
                start = len(text)
            elif piece == "]":
                places.append((start, len(text)))
            else:
                text += piece
        found += [(text, *place) for place in places]
    return found


def hit_at(text, start, end, kind="name", found_by=None):
    units = (
        "hospital",
        "facility",
        "department",
        "unit",
        "home",
        "clinic",
        "医院",
        "卫生院",
        "诊所",
        "中心",
        "室",
    )
    if kind == "name" and text[start:end].endswith(units):
        kind = "organisation"
    return Hit(start, end, kind, 0.8, found_by or f"tagger:{kind}")


def kept(text, start, end, **more):
    return without_clinical(text, [hit_at(text, start, end, **more)])


@pytest.mark.parametrize(("text", "start", "end"), marked(CLINICAL_EN))
def test_an_english_clinical_word_is_let_go(text, start, end):
    assert not [hit for hit in kept(text, start, end) if hit.end - hit.start > 1]


@pytest.mark.parametrize(("text", "start", "end"), marked(CLINICAL_ZH))
def test_a_chinese_clinical_word_is_let_go(text, start, end):
    assert kept(text, start, end) == []


def test_the_tables_are_long_enough():
    assert len(marked(CLINICAL_EN)) >= 150
    assert len(marked(CLINICAL_ZH)) >= 150


SURNAMES = [
    "Cooper",
    "Murphy",
    "Wilson",
    "Bell",
    "Foley",
    "Parkinson",
    "Baker",
    "Wells",
    "Smith",
    "Jones",
    "Kelly",
    "Allen",
    "Thomas",
    "Turner",
    "Graves",
    "Johnson",
    "Bishop",
    "Morton",
    "Kocher",
]
ABOUT_PEOPLE = (
    "seen by [{}] today",
    "Discussed with [{}] at bedside.",
    "[{}] is a 45-year-old man",
    "[{}] agreed to the plan",
    "[{}] was consulted",
    "[{}] removed the drain",
    "[{}], MD",
    "John [{}] disease summary",
    "Mr. [{}] disease status stable",
    "Dr. [{}] catheter placed",
    "Patient: [{}] procedure note",
    "[{}] positive for COVID",
    "[{}] out of town",
    "[{}] a nurse called",
    "[{}] I spoke with",
)


@pytest.mark.parametrize("entry", [s.format(n) for n, s in product(SURNAMES, ABOUT_PEOPLE)])
def test_an_english_name_stays_though_it_is_an_eponym_elsewhere(entry):
    (text, start, end) = marked(entry)[0]
    assert kept(text, start, end) == [hit_at(text, start, end)]


NAMES_ZH = [
    "张伟",
    "李建国",
    "王芳",
    "高雪",
    "林奇",
    "马方",
    "杜仲",
    "白薇",
    "艾叶",
    "石斛",
    "代文",
    "唐力",
    "康忻",
    "黄柏",
    "佩兰",
    "杨贝",
    "欧阳明",
]
ABOUT_PEOPLE_ZH = (
    "患者[{}]病情稳定",
    "[{}]手术顺利",
    "[{}]骨折术后",
    "姓名:[{}] 征求意见",
    "[{}]主任查房",
    "[{}]医师会诊",
    "家属[{}]签字",
    "[{}]同意手术",
    "请[{}]会诊",
    "由[{}]陪同来院",
    "[{}]病史10年",
    "[{}]评分8分",
    "医师签名:[{}]",
)


@pytest.mark.parametrize("entry", [s.format(n) for n, s in product(NAMES_ZH, ABOUT_PEOPLE_ZH)])
def test_a_chinese_name_stays(entry):
    (text, start, end) = marked(entry)[0]
    assert kept(text, start, end) == [hit_at(text, start, end)]


@pytest.mark.parametrize(
    "entry",
    [
        "[Westfield county hospital]",
        "Westfield [County Hospital]",
        "[University Hospital]",
        "hospital of [Westfield]",
        "Hospital: [county hospital of Westfield]",
        "[青山镇卫生院]",
        "青山[镇卫生院]",
        "[洛阳市人民医院]",
        "[仁济医院]",
        "洛阳[人民医院]",
    ],
)
def test_a_unit_with_a_name_stays(entry):
    (text, start, end) = marked(entry)[0]
    hit = hit_at(text, start, end, kind="organisation")
    assert without_clinical(text, [hit]) == [hit]


@pytest.mark.parametrize(
    "entry",
    [
        "call [Patient Financial Services]", "read by [Anatomic Pathology]", "[Bed Control] was told", "to [Risk Management]",
        "[Medical Records] faxed it", "[COMFORT CARE] NOTE", "seen in [Rheumatology Outpatients]",
    ],
)  # fmt: skip
def test_a_department_is_let_go(entry):
    (text, start, end) = marked(entry)[0]
    assert kept(text, start, end, kind="organisation") == []


@pytest.mark.parametrize(
    "entry",
    [
        "[李子]主任查房", "家属[石榴]签字", "姓名:[万一]", "[李子明]来诊", "[花卷]陪同来院", "女儿叫[花卷]", "[花卷],女,29岁", "[白英],右侧腹痛2天",
        "[方希],时常头晕来诊", "[古方]、张丽参加讨论", "[麦]太太要求出院", "记录:[麦]",
    ],
)  # fmt: skip
def test_an_everyday_word_that_is_said_to_be_a_person_stays(entry):
    (text, start, end) = marked(entry)[0]
    assert kept(text, start, end) == [hit_at(text, start, end)]


def test_a_town_that_is_called_like_a_drug_stays_behind_its_preposition():
    text = "He lives in Norco with his wife."
    assert kept(text, 12, 17, kind="place")


def test_a_name_behind_an_eponym_is_cut_free():
    text = "Cooper ligaments Adrian Sorrel saw it; 科赫钳张建国"
    en, zh = Hit(0, 30, "name", 0.5, "tagger:name"), Hit(39, 45, "name", 0.5, "tagger:name")
    assert [text[hit.start : hit.end] for hit in without_clinical(text, [en, zh])] == [
        "Adrian Sorrel",
        "张建国",
    ]


ALL = [*marked(CLINICAL_EN), *marked(CLINICAL_ZH)]
KINDS = st.sampled_from(
    ["name", "staff", "kin", "place", "address", "organisation", "date", "phone", "other-id"]
)
PIECES = st.sampled_from(
    [
        *(text for text, _, _ in ALL),
        *(e.replace("[{}]", "张伟") for e in ABOUT_PEOPLE_ZH),
        "Mr. Cooper ",
        "\n",
        "医师:",
    ]
)


@st.composite
def texts_with_hits(draw):
    text = " ".join(draw(st.lists(PIECES, min_size=1, max_size=4)))
    ends = st.integers(0, len(text))
    hits = []
    for _ in range(draw(st.integers(1, 6))):
        start, end = sorted((draw(ends), draw(ends)))
        found_by = draw(
            st.sampled_from(["tagger:name", "context:first-name", "known:name", "sweep:name", "pattern:date"])
        )
        hits.append(Hit(start, min(end, start + 30), draw(KINDS), 0.5, found_by))
    return text, hits


@given(texts_with_hits())
def test_known_hits_and_other_classes_stay_and_nothing_grows_and_twice_is_once(case):
    text, hits = case
    after = without_clinical(text, hits)
    for hit in hits:
        if hit.is_known or hit.type in ("date", "phone", "other-id"):
            assert hit in after
    for hit in after:
        assert any(h.start <= hit.start and hit.end <= h.end and h.type == hit.type for h in hits)
    assert without_clinical(text, after) == after


@given(st.text(max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_any_text_is_taken(text, start, end):
    hit = Hit(start, end, "name", 0.5, "tagger:name")
    assert without_clinical(text, [hit]) in ([hit], []) or end > start


@given(
    st.sampled_from([*words("clinical_en", "eponyms"), *eponym_words("clinical_en")]),
    st.sampled_from(["Dr. ", "Mr. ", "Mrs ", "Prof. ", "Nurse ", "Miss ", "Name: ", "Attending: "]),
    st.sampled_from([" disease", " sign", " catheter", " ligaments", " removed", ""]),
)
def test_nothing_goes_behind_a_title(name, title, tail):
    text = f"{title}{name}{tail}"
    start = len(title)
    assert kept(text, start, start + len(name), kind="staff")


@given(
    st.sampled_from(
        [*words("clinical_zh", "eponyms"), *words("clinical_zh", "herbs"), *words("clinical_zh", "drugs")]
    ),
    st.sampled_from(["患者", "姓名:", "医师签名:", "家属", "联系人: ", "主任"]),
    st.sampled_from(["征", "病", "10g", "综合征", ""]),
)
def test_nothing_goes_behind_a_key_or_role(name, key, tail):
    text = f"{key}{name}{tail}"
    assert kept(text, len(key), len(key) + len(name), kind="staff")
