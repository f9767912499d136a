"""Invented Chinese places, addresses and organisations for one split.

Guarantee: prefectures and the two-character names of hospitals, firms, estates and streets belong to one split
only (one in eight to "held"). A place is a district, county, town or village; from a road or a house number
on it is an address. Knows no template.
"""

from functools import cache
from random import Random

from training.names import is_held, lines, surname_zh

_LAND = (
    "东西南北中大小上下新老长高平安和福兴龙凤金银玉石山河江湖泉溪沙桥林松柏杨柳梅桃李杏荷莲花青白红黄黑乌云天"
    "太阳月星光明德仁义礼信文武永丰泰康宁顺昌盛荣华富贵祥瑞庆春秋夏冬马牛羊虎鹤鹿鱼井塘坝岭坡岗坪沟湾口头"
    "尾前后双三五七八九十万千百王张李刘陈赵周吴郑冯孙"
)
_LUCK = "康安仁和慈济爱民惠福寿德同华美佳瑞祥泰宁博恒信诚盛达兴隆嘉禾瑶阳光明星辰天元世纪协友邦新鑫源亿百千汇通创智海润丰怡雅健正圣普东方长青益众鼎融远宏伟科力腾飞凯旋凤凰金玉银龙虎麒麟"
_ROAD = "路 路 路 路 街 街 大道 大街 巷 弄 胡同 东路 西路 南路 北路 中路 东街 西街 北街 一路 二路 支路 环路 里".split()
_ROAD_NAMES = (
    "人民 解放 建设 中山 和平 新华 文化 胜利 光明 红旗 团结 民主 青年 友谊 五一 八一 长江 黄河 北京 上海 南京 延安 学院"
    " 工农 滨江 滨河 环城 站前 体育场 迎宾 育才 科技 创业 幸福 朝阳 向阳 东风 振兴 兴华 文昌 武胜 朱雀 玄武 湖滨 江南 府前 车站"
).split()
_ESTATE = "花园 小区 小区 家园 苑 公寓 新村 名苑 华庭 豪庭 国际 名城 雅居 佳园 山庄 公馆 府 里 家属院 宿舍 安置区 一期 二期 社区 大院 嘉园 湾 城".split()
_VILLAGE = (
    "村 村 村 村 庄 屯 寨 湾 沟 店 营 堡 铺 坪 埠 塘 岭 坝 嘎查 庄村 家村 家庄村 家湾村 家沟村 家屯".split()
)
_HOSPITAL = (
    "人民医院 人民医院 人民医院 中心医院 中医院 中医医院 妇幼保健院 第一人民医院 第二人民医院 第三人民医院 第四人民医院 肿瘤医院 儿童医院"
    " 精神卫生中心 传染病医院 胸科医院 骨科医院 口腔医院 眼科医院 中西医结合医院 红十字会医院 第五医院 第七医院 急救中心 疾病预防控制中心"
    " 康复医院 总医院 职业病防治院 结核病防治所 皮肤病医院 血液中心 妇女儿童医院 第六人民医院 第八医院 老年病医院"
).split()
_BRANDED = (
    "医院 医院 医院 骨科医院 眼科医院 口腔门诊部 口腔医院 妇产医院 国际医院 肿瘤医院 康复医院 中医馆 体检中心 中医门诊部 诊所 护理院 大药房"
    " 药店 儿童医院 血液透析中心 医学检验所 养老院 敬老院 老年公寓 心理咨询中心"
).split()
_FIRM = (
    "科技有限公司 贸易有限公司 建筑工程有限公司 实业有限公司 电子有限公司 物流有限公司 服装厂 机械厂 食品有限公司 集团 集团股份有限公司 纺织厂"
    " 钢铁公司 化工有限公司 餐饮管理有限公司 物业服务有限公司 律师事务所 汽车修理厂 超市 酒店 煤矿 水泥厂 印刷厂 广告公司 装饰公司 网络科技公司"
    " 劳务派遣有限公司 饭店 电缆厂 医疗器械有限公司 玩具厂 制药有限公司 运输公司 房产中介 理发店 加油站 建材市场"
).split()
_INSURER = (
    "人寿保险股份有限公司 财产保险股份有限公司 保险公司 人寿 养老保险公司 健康保险有限公司 财险".split()
)
_SCHOOL = "第一小学 第二小学 第三中学 第一中学 实验小学 实验中学 中心小学 幼儿园 职业技术学院 师范学院 高级中学 中学 小学 第四幼儿园 职业中专 技工学校".split()
_OFFICE = "公安局 派出所 民政局 交通局 税务局 供电局 人民法院 残疾人联合会 医疗保障局 社会保险事业管理中心 邮政局 教育局 司法所 居委会 街道办事处".split()
_UNIVERSITY = "大学 医科大学 医学院 理工大学 师范大学 中医药大学 工业大学 农业大学 交通大学 科技大学".split()
_NO_PREFECTURE = {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}
_COUNTRIES = "美国 日本 韩国 英国 法国 德国 加拿大 澳大利亚 新加坡 马来西亚 泰国 越南 缅甸 俄罗斯 意大利 印度 巴基斯坦 尼日利亚 老挝 柬埔寨 蒙古国 哈萨克斯坦 西班牙 南非".split()


@cache
def counties(split: str) -> list[tuple[str, str, str]]:
    """Return province, prefecture, county of the split."""
    rows = [line.split("\t") for line in lines("china.txt")]
    found = [(p, "" if c in _NO_PREFECTURE else c, d) for p, c, d in rows]
    return [row for row in found if split == "all" or is_held(row[0] + row[1], 8) == (split == "held")]


def bare(name: str) -> str:
    """Return a place without its kind: 浙江省 is 浙江; the short ones keep it.

    >>> bare("浙江省"), bare("沛县")
    ('浙江', '沛县')
    """
    for suffix in (
        "维吾尔自治区",
        "壮族自治区",
        "回族自治区",
        "自治区",
        "特别行政区",
        "省",
        "市",
        "县",
        "区",
    ):
        if name.endswith(suffix) and len(name) - len(suffix) >= 2:
            return name[: -len(suffix)]
    return name


def coined(random: Random, split: str, letters: str) -> str:
    """Return two (rarely three) characters that name something, of the split."""
    while True:
        word = "".join(random.choices(letters, k=2 if random.random() < 0.92 else 3))
        if split == "all" or is_held(word, 8) == (split == "held"):
            return word


def village(random: Random, split: str) -> str:
    """Return a village: 李家沟村, 上马庄."""
    kind = random.choice(_VILLAGE)
    if kind[0] == "家" or random.random() < 0.25:
        return surname_zh(random, split)[:1] + ("" if kind[0] == "家" else random.choice("家各")) + kind
    return coined(random, split, _LAND) + kind


def town(random: Random, split: str) -> str:
    """Return a town, township or sub-district."""
    return coined(random, split, _LAND) + random.choice(
        ("镇", "镇", "镇", "乡", "乡", "街道", "街道", "苏木", "彝族乡")
    )


def place(random: Random, split: str) -> str:
    """Return where somebody comes from or lives, down to a town or village."""
    p, c, d = random.choice(counties(split))
    x = random.random()
    if x < 0.05:
        return random.choice(_COUNTRIES)
    if x < 0.17:
        return p + c + d
    if x < 0.30:
        return bare(p) + (bare(c) or d)
    if x < 0.42:
        return bare(c) or bare(p)
    if x < 0.50:
        return (c or p) + d
    if x < 0.57:
        return d
    if x < 0.63:
        return c or p
    if x < 0.69:
        return p if random.random() < 0.5 else bare(p)
    if x < 0.77:
        return bare(p) + bare(c) + d
    if x < 0.83:
        return d + town(random, split)
    if x < 0.88:
        return town(random, split)
    if x < 0.93:
        return d + town(random, split) + village(random, split)
    if x < 0.97:
        return village(random, split)
    return bare(d)


def road(random: Random, split: str) -> str:
    """Return the name of a road."""
    if random.random() < 0.4:
        pool = [word for word in _ROAD_NAMES if split == "all" or is_held(word, 8) == (split == "held")]
        return random.choice(pool) + random.choice(_ROAD)
    return coined(random, split, _LAND) + random.choice(_ROAD)


def room(random: Random) -> str:
    """Return building, unit and room in one of the usual ways."""
    r = random.randint
    a, u, n = r(1, 48), r(1, 6), f"{r(1, 33)}0{r(1, 8)}"
    return random.choice(
        (
            f"{a}号楼{u}单元{n}室", f"{a}栋{u}单元{n}", f"{a}幢{n}室", f"{a}-{u}-{n}", f"{a}栋{n}", f"{a}号{n}室", f"{a}号楼{n}",
            f"{random.choice('ABCDE')}座{n}", f"{a}幢{u}单元{n}室", f"第{a}栋{n}房", f"{a}#{n}", f"{u}单元{n}号", f"{a}楼{n}",
        )
    )  # fmt: skip


def address(random: Random, split: str) -> str:
    """Return an address from a road, estate or village with a number upward."""
    p, c, d = random.choice(counties(split))
    r = random.randint
    x = random.random()
    head = random.choice(
        (p + c + d, p + c + d, (c or p) + d, (c or p) + d, d, bare(p) + bare(c) + d, "", "", bare(c) + d)
    )
    if x < 0.45:
        tail = road(random, split) + f"{r(1, 999)}号"
        tail += random.choice(
            (
                "",
                "",
                f"院{a_building(random)}",
                f"{coined(random, split, _LUCK)}{random.choice(_ESTATE)}{room(random)}",
                room(random),
                f"附{r(1, 9)}号",
                f"{r(1, 30)}室",
            )
        )
    elif x < 0.75:
        tail = (
            random.choice((town(random, split), "", ""))
            + coined(random, split, _LUCK)
            + random.choice(_ESTATE)
            + room(random)
        )
    elif x < 0.95:
        tail = town(random, split) + village(random, split)
        tail += random.choice(
            (
                f"{r(1, 20)}组",
                f"{r(1, 20)}组{r(1, 99)}号",
                f"{r(1, 300)}号",
                f"{'一二三四五六七八九十'[r(0, 9)]}组",
                f"{r(1, 12)}社",
                f"{r(1, 9)}队",
            )
        )
    else:
        tail = (
            road(random, split) + f"{r(1, 200)}弄{r(1, 60)}号{random.choice(('', f'{r(1, 6)}0{r(1, 6)}室'))}"
        )
    return head + tail


def a_building(random: Random) -> str:
    """Return a building in a courtyard."""
    return f"{random.randint(1, 20)}号楼{random.randint(1, 30)}0{random.randint(1, 6)}"


def hospital(random: Random, split: str) -> str:
    """Return the proper name of a hospital of the split: a name belongs to one split only."""
    while True:
        name = _hospital(random, split)
        if split == "all" or is_held(name, 8) == (split == "held"):
            return name


def _hospital(random: Random, split: str) -> str:
    """Return the proper name of a hospital, clinic, home or pharmacy."""
    p, c, d = random.choice(counties(split))
    x = random.random()
    here = random.choice((c or p, d, p + c, bare(c) or p, (c or p) + d, bare(p) + bare(c) or p))
    if x < 0.03:
        return (bare(c) or bare(p)) + random.choice(
            (
                "一院",
                "二院",
                "三院",
                "四院",
                "妇幼",
                "儿医",
                "中院",
                "医大一院",
                "医大附二院",
                "市一院",
                "省立医院",
                "军总",
                "肿瘤",
                "市中心医院",
                "协和",
                "同济",
                "附院",
            )
        )
    if x < 0.33:
        return here + random.choice(_HOSPITAL)
    if x < 0.45:
        return (d if random.random() < 0.6 else here) + random.choice(
            ("医院", "县医院", "中医院", "卫生院", "第一医院", "第二医院")
        ).removeprefix("县" if d.endswith("县") else "")
    if x < 0.56:
        head = (bare(c) or bare(p)) + random.choice(_UNIVERSITY)
        return head + random.choice(
            (
                "附属第一医院",
                "附属第二医院",
                "附属医院",
                "附属儿童医院",
                "第一附属医院",
                "第三临床医院",
                "附属肿瘤医院",
                "附一院",
                "附属口腔医院",
            )
        )
    if x < 0.76:
        head = random.choice(("", "", here, bare(c) or bare(p)))
        return head + coined(random, split, _LUCK) + random.choice(_BRANDED)
    if x < 0.84:
        return (
            (d if random.random() < 0.5 else "")
            + town(random, split)
            + random.choice(("卫生院", "中心卫生院", "社区卫生服务中心", "社区卫生服务站"))
        )
    if x < 0.88:
        return village(random, split) + "卫生室"
    if x < 0.92:
        n = random.randint(10, 990)
        return random.choice(("解放军", "中国人民解放军", "武警")) + random.choice(
            (
                f"第{n}医院",
                f"第{n}医院",
                f"{n}医院",
                f"{bare(p)}总医院",
                f"{bare(p)}省总队医院",
                "东部战区总医院",
            )
        )
    return (
        bare(c or p)
        + random.choice(("铁路", "石油", "煤矿", "钢铁", "电力", "航天", "矿务局", "油田"))
        + random.choice(("总医院", "中心医院", "职工医院", "医院"))
    )


def organisation(random: Random, split: str) -> str:
    """Return any named organisation; two in five are hospitals."""
    p, c, d = random.choice(counties(split))
    here = random.choice((c or p, d, bare(c) or bare(p), bare(p), ""))
    x = random.random()
    if x < 0.4:
        return hospital(random, split)
    if x < 0.68:
        return here + coined(random, split, _LUCK) + random.choice(_FIRM)
    if x < 0.74:
        return (
            random.choice(("中国", "", here))
            + coined(random, split, _LUCK)
            + random.choice(_INSURER)
            + random.choice(("", "", f"{bare(c) or bare(p)}分公司"))
        )
    if x < 0.86:
        return (here or d) + random.choice(("", coined(random, split, _LUCK))) + random.choice(_SCHOOL)
    if x < 0.9:
        return (bare(c) or bare(p)) + random.choice(_UNIVERSITY)
    if x < 0.96:
        return (d or here) + random.choice(_OFFICE)
    return coined(random, split, _LUCK) + random.choice(
        ("寺", "教堂", "基督教堂", "清真寺", "慈善基金会", "银行", "农村信用社", "俱乐部")
    )


_HAMLET = "屯 屯 寨 寨子 嘎查 自然村 自然屯 村 村 行政村 浩特 坳 冲 垸 圩 墟 湾子 台子 窝棚 牧业村 新村 村民委员会 乡 沟 崖 垭 岙 埗 厝 里 社区".split()
_FOLK = "老棉纺厂 机床厂 铁路 粮站 供销社 邮电局 二中 钢厂 水泥厂 老干部局 税务局 农机站 化肥厂 教师 商业局 纺织厂 电厂 地质队 林业局 老面粉厂".split()
_BODY = (
    "疾控中心 疾控 血站 中心血站 献血办公室 卫健委 卫生健康局 卫生监督所 急救站 急救分站 村委会 居民委员会 街道办 街道办事处 镇政府 派出所 交警大队 刑警队 看守所 监狱"
    " 戒毒所 消防救援站 救助管理站 儿童福利院 社会福利院 殡仪馆 红十字会 医保局 医保中心 人社局 法院 检察院 仲裁委 妇联 残联 司法鉴定中心 司法鉴定所 医学会 日报社 电视台"
    " 劳动局 中心敬老院 干休所 特殊教育学校 林场 农场 出入境管理局 民政局 公证处"
).split()
_SHORT_FIRM = "物流 快递 纺织 电子 重工 建工 置业 家政 地产 食品 制药 药业 酒店 超市 厂 集团 劳务 装饰 汽修 外卖站 足疗店 幼儿园 托管班 养老院 护理院 药房 大药房 口腔 诊所 月子中心 影城 科技 五金厂 鞋厂 玩具厂 电镀厂 砖厂 驾校".split()
_SHORT_HOSPITAL = (
    "省人民 省立 省中医 省肿瘤 省妇幼 市一院 市二院 市三院 市四院 市五院 市中院 市妇幼 市传染病院 附一 附二 附一院 附二院 附院 医大一院 医大二院 医大附一 中大附一 区二院 县二院"
    " 市六院 军区总院 武警总队医院 市中心院 省二院 市脑科 市精卫 市儿童 区妇幼 矿总院 铁路医院 华侨 协和 同济 湘雅 华西 瑞金 中山一院"
).split()


def hamlet(random: Random, split: str) -> str:
    """Return a village as its people name it, alone or below its town and county: 前郭屯, 榆树镇大榆树屯."""
    name = coined(random, split, _LAND) if random.random() < 0.7 else surname_zh(random, split)[:1] + "家"
    name += random.choice(_HAMLET)
    x = random.random()
    if x < 0.4:
        return name
    if x < 0.65:
        return town(random, split) + name
    p, c, d = random.choice(counties(split))
    return (
        random.choice((d, (c or p) + d, bare(d), bare(c) or bare(p)))
        + random.choice((town(random, split), ""))
        + name
    )


def folk_estate(random: Random, split: str) -> str:
    """Return an estate, mostly with a building, as neighbours say it: 老棉纺厂家属院3栋, 康乐苑."""
    head = random.choice(_FOLK) if random.random() < 0.35 else coined(random, split, _LUCK)
    name = head + (
        random.choice(("家属院", "宿舍", "家属楼", "大院")) if head in _FOLK else random.choice(_ESTATE[:16])
    )
    r = random.randint
    return name + random.choice(
        ("", f"{r(1, 40)}栋", f"{r(1, 40)}号楼", f"{r(1, 9)}单元", f"{r(1, 40)}-{r(1, 30)}0{r(1, 6)}", f"{'一二三四五六七八九'[r(0, 8)]}栋", f"{r(1, 40)}幢{r(1, 33)}0{r(1, 6)}", f"东门{r(1, 20)}号", f"{r(1, 9)}期{r(1, 30)}座")
    )  # fmt: skip


def body(random: Random, split: str) -> str:
    """Return an office, firm, school, home or hospital, often by its short name: 市二院, 恒信物流, 沛县疾控."""
    p, c, d = random.choice(counties(split))
    here = random.choice((bare(c) or bare(p), d, bare(d), c or p, town(random, split)))
    x = random.random()
    if x < 0.3:
        return here + random.choice(_BODY)
    if x < 0.5:
        return random.choice(("", "", here)) + coined(random, split, _LUCK) + random.choice(_SHORT_FIRM)
    if x < 0.62:
        return (
            random.choice(_SHORT_HOSPITAL)
            if random.random() < 0.6
            else bare(c or p)[:2]
            + random.choice(("一院", "二院", "三院", "中医", "妇幼", "附一", "人民", "医大"))
        )
    if x < 0.7:
        return random.choice(
            (town(random, split), village(random, split), hamlet(random, split))
        ) + random.choice(
            (
                "卫生院",
                "卫生室",
                "卫生所",
                "村卫生室",
                "卫生服务站",
                "小学",
                "中心校",
                "幼儿园",
                "敬老院",
                "养老院",
                "派出所",
            )
        )
    if x < 0.76:
        return coined(random, split, _LUCK) + random.choice(
            ("小学", "中学", "实验学校", "幼儿园", "双语学校", "技校", "职高")
        )
    if x < 0.8:
        return (
            str(random.randint(10000, 99999))
            + "部队"
            + random.choice(("", f"{random.randint(1, 90)}分队", "卫生队"))
        )
    return organisation(random, split)


def street(random: Random, split: str) -> str:
    """Return a street without a house number, alone or below its district."""
    p, c, d = random.choice(counties(split))
    return random.choice(("", "", "", d, bare(d), c or p)) + road(random, split)
