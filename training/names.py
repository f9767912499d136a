"""Invented people: Chinese, transliterated, pinyin and Latin-script names, for one split of the surnames.

Guarantee: no surname of the split "held" is used in "train", and the other way round; half of the rare
and a tenth of the Latin family names belong to "held". Knows no template.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Final
from zlib import crc32

LISTS: Final = Path(__file__).parent / "lists"


def lines(name: str) -> list[str]:
    """Return the items of a list file, without the line that names its source."""
    return (LISTS / name).read_text(encoding="utf-8").splitlines()[1:]


def is_held(word: str, share: int) -> bool:
    """Say whether a word belongs to the held split: one in `share`, by a checksum that never changes."""
    return crc32(word.casefold().encode()) % share == 0


def of_split(words: list[str], split: str, share: int = 10) -> list[str]:
    """Keep the words that belong to a split; "all" keeps every one, for a model that is shipped."""
    return [word for word in words if split == "all" or is_held(word, share) == (split == "held")]


@dataclass(frozen=True, slots=True)
class Lists:
    """The names that one split may use."""

    top: list[str]
    rare: list[str]
    compound: list[str]
    given: str
    given_rare: str
    family_us: list[str]
    family: list[str]
    given_us: list[str]
    given_latin: list[str]
    chain: dict[str, list[str]] = field(repr=False)
    pinyin_family: list[str]


@cache
def lists(split: str) -> Lists:
    """Read the lists of a split once."""
    zh = dict(line.split(" ", 1) for line in lines("names_zh.txt"))
    family = of_split(lines("family_latin.txt"), split)
    given = of_split(lines("given_latin.txt"), split, 12)
    return Lists(
        top=of_split(list(dict.fromkeys(zh["surnames_top"])), split, 9),
        rare=of_split(list(dict.fromkeys(zh["surnames_rare"])), split, 5),
        compound=of_split(zh["surnames_compound"].split(), split, 5),
        given=zh["given_common"],
        given_rare=zh["given_rare"],
        family_us=of_split(lines("family_us.txt"), split),
        family=family,
        given_us=of_split(lines("given_us.txt"), split, 12),
        given_latin=given,
        chain=_chain(family),
        pinyin_family=of_split(PINYIN_FAMILY.split(), split),
    )


PINYIN_FAMILY: Final = (
    "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Gao Lin Luo Zheng Liang Xie Song Tang Han"
    " Feng Deng Cao Peng Zeng Xiao Tian Dong Yuan Pan Yu Jiang Cai Du Ye Cheng Su Wei Lu Ding Ren Shen Yao Cui Zhong"
    " Tan Fan Jin Shi Liao Jia Xia Fu Fang Bai Zou Meng Xiong Qin Qiu Yin Xue Yan Duan Lei Hou Long Tao Gu Mao Hao"
    " Gong Shao Wan Qian Ouyang Sima Zhuge Shangguan Ge Xing Qi Qiao Pang Ni Zhuang Nie Zhang Yue Zhai Ou Geng Guan Lan"
)
PINYIN_GIVEN: Final = (
    "wei fang na xiu ying min jing li qiang lei jun yang yong yan jie juan tao ming chao lan xia ping gang gui hua jian"
    " guo wen yu hong zhi hai chun mei lin yun feng bo hui peng fei long hao ting xue xin yi jia chen rui ya xuan zi han"
    " ze kai xiao dong sheng qing shan ning an kang cheng shu qi bin song zhen xiang rong fu gen cai bao zhu"
).split()
_SOUNDS: Final = (
    "阿艾安巴贝本比伯布查达戴丹德迪杜尔法菲费弗夫福盖格古哈海汉赫亨霍基吉加杰卡凯科克肯库拉莱兰劳勒雷李里利"
    "林卢鲁伦罗洛马麦曼梅米莫穆纳南内尼诺帕佩皮普奇乔切萨塞桑沙史斯苏索塔泰汤特提托瓦威维温沃乌西希谢辛雅亚伊"
    "约泽詹朱兹"
)
_UYGHUR: Final = (
    "买买提 艾力 阿不都 热合曼 吐尔逊 古丽 阿依古丽 努尔 艾合买提 玉素甫 依明 帕提古丽 肉孜 库尔班 阿迪力 麦麦提 热依汗"
    " 伊力亚斯 托合提 阿卜杜拉 茹仙 米尔扎提 卡德尔 赛买提 亚森 如则 哈力克 帕孜来提 阿孜古丽 玛依拉"
).split()
_TIBETAN: Final = (
    "扎西 卓玛 次仁 顿珠 央金 旺堆 格桑 多吉 达瓦 尼玛 边巴 拉姆 平措 德吉 白玛 洛桑 丹增 曲珍 罗布 仁青 索朗 强巴 贡布 才让 措姆"
).split()
_MONGOL: Final = (
    "巴特尔 其其格 乌云 那仁 图雅 苏日娜 格日勒 斯琴 宝音 呼和 阿拉坦 萨仁 高娃 朝鲁 布和 娜日苏 哈斯 额尔敦 毕力格 塔娜 吉日嘎拉 敖登"
).split()


def _chain(family: list[str]) -> dict[str, list[str]]:
    """Return which letters follow two letters in the family names, to invent new ones."""
    table: dict[str, list[str]] = {}
    for word in family[::3]:
        if " " in word or len(word) > 12:
            continue
        padded = "^" + word.lower() + "$"
        for i in range(len(padded) - 2):
            table.setdefault(padded[i : i + 2], []).append(padded[i + 2])
    starts = [word.lower()[0] for word in family[::3]]
    return table | {"^": starts}


def invented(random: Random, split: str) -> str:
    """Return a family name that exists nowhere, letter after letter."""
    chain = lists(split).chain
    while True:
        word = "^" + random.choice(chain["^"])
        while word[-1] != "$" and len(word) < 13:
            word += random.choice(chain.get(word[-2:], ["$"]))
        word = word.strip("^$")
        if 3 < len(word) < 12 and of_split([word], split):
            return word.capitalize()


def surname_zh(random: Random, split: str) -> str:
    """Return a Chinese surname, common ones more often, compound ones sometimes."""
    names, x = lists(split), random.random()
    if x < 0.62:
        return names.top[int(len(names.top) * random.random() ** 1.6)]
    return random.choice(names.rare) if x < 0.95 else random.choice(names.compound)


def given_zh(random: Random, split: str) -> str:
    """Return a given name of one or two characters."""
    names = lists(split)

    def letter() -> str:
        return random.choice(names.given if random.random() < 0.8 else names.given_rare)

    if random.random() < 0.25:
        return letter()
    first = letter()
    return first + (first if random.random() < 0.05 else letter())


def sounds(random: Random) -> str:
    """Return one word that sounds foreign, in Chinese characters."""
    return "".join(random.choices(_SOUNDS, k=random.choice((2, 2, 3, 3, 4))))


def called_zh(random: Random, split: str) -> str:
    """Return a given name by which somebody is called: two characters, or one twice."""
    name = given_zh(random, split)
    return name if len(name) > 1 else name * 2


def transliterated(random: Random, split: str) -> str:
    """Return a foreign or minority name in Chinese characters."""
    x = random.random()
    if x < 0.3:
        return random.choice(_UYGHUR) + "·" + random.choice(_UYGHUR)
    if x < 0.45:
        return random.choice(_TIBETAN) + random.choice(_TIBETAN)
    if x < 0.55:
        return "".join(random.sample(_MONGOL, 1 + (random.random() < 0.4)))

    return sounds(random) + "·" + sounds(random) if random.random() < 0.8 else sounds(random)


_KAZAKH = "别克 江 汗 拜 巴依 古丽 曼 努尔 提别克 加玛丽 阿依 木拉提 叶尔 哈山 巴合提 沙吾列".split()
_UYGHUR_TAIL = "江 古丽 汗 尼沙 罕 拜克 木 提 阿洪 ".split(" ")
_YI = "阿西 吉克 沙马 马海 阿尔 曲木 吉木 海来 阿苦 俄木 木呷 拉哈 子呷 尔古 阿牛 伍呷 阿果 小兵 石且 日火 里牛 惹子".split()
_JAPANESE = (
    "佐藤 铃木 高桥 田中 渡边 伊藤 山本 中村 小林 加藤 吉田 山田 佐佐木 山口 松本 井上 木村 林田 清水 斋藤 森田 池田 桥本 阿部 石川 前田 藤原 小川 冈田"
    " 后藤 长谷川 石井 村上 近藤 坂本 远藤 青木 藤井 西村 福田 太田 三浦 冈本 松田 中岛 原田 小野 竹内 金子 和田"
).split()
_JAPANESE_GIVEN = "健一 太郎 翔太 美咲 由美子 惠子 大辅 直树 和也 真由美 裕子 达也 阳子 美穗 一郎 次郎 明日香 智子 雄介 樱 莲 葵 花子 诚 隆 修 幸子 洋介 拓也 千夏".split()
_KOREAN = "金 李 朴 崔 郑 姜 赵 尹 张 林 韩 申 徐 权 黄 安 宋 柳 洪 全".split()
_KOREAN_GIVEN = (
    "民 俊 智 贤 秀 英 恩 宇 成 勋 敏 京 美 善 熙 珠 真 镐 哲 浩 勇 淑 顺 玉 基 泰 在 永 承 宰 延 儿".split()
)
_KANA = "ヤマダ タロウ サトウ ハナコ スズキ ケンイチ タナカ ユミ コバヤシ マリ アンナ イトウ ケン".split()
_HANGUL = ("김이박최정강조윤장임", "민서준지현우영수진희경미성호은")
_CANTONESE = "Chan Wong Cheung Leung Lam Ng Ho Chow Yeung Tsang Kwok Lau Tang Fung Cheng Yip Choi Tam Mak Siu Yuen Poon Hui Law Kwan Tse".split()
_CANTONESE_GIVEN = "Siu Wai Ka Man Ming Kit Yee Mei Chi Wing Ho Yan Tak Kwok Sze Lok Hoi Ling Fai Shing Kwan Tai Lai Pui Yuk Fung".split()


@cache
def _afar(split: str) -> tuple[list[str], list[str], list[str], list[str]]:
    """Return the Japanese, Korean, kana and Cantonese family names of a split."""
    return (
        of_split(_JAPANESE, split),
        of_split(_KOREAN, split),
        of_split(_KANA, split),
        of_split(_CANTONESE, split),
    )


def from_afar(random: Random, split: str) -> str:
    """Return the name of a minority, a Japanese, a Korean, a Vietnamese, or of somebody from Hong Kong.

    Surnames in Han, kana and Latin script are of the split; parts of minority names are shared, as in
    `transliterated`.
    """
    pick, x = random.choice, random.random()
    japanese, korean, kana, cantonese = _afar(split)
    if x < 0.22:
        dot = pick("·····••.・")
        return (
            pick(_UYGHUR)
            + pick(_UYGHUR_TAIL)
            + (dot + pick(_UYGHUR) + pick(_UYGHUR_TAIL) if random.random() < 0.75 else "")
        )
    if x < 0.32:
        return "".join(random.sample(_TIBETAN, pick((1, 2, 2, 2))))
    if x < 0.39:
        return "".join(random.sample(_MONGOL, pick((1, 1, 2))))
    if x < 0.45:
        return (
            pick(_KAZAKH)
            + pick(_KAZAKH)
            + pick(("", "·" + sounds(random), "·" + pick(_KAZAKH) + pick(_KAZAKH)))
        )
    if x < 0.52:
        return "".join(random.sample(_YI, 2))
    if x < 0.62:
        return pick(japanese) + pick(("", "", " ")) + pick(_JAPANESE_GIVEN)
    if x < 0.68:
        return pick(korean) + "".join(random.sample(_KOREAN_GIVEN, 2))
    if x < 0.73:
        return (
            pick(("阮", "黎", "范", "黄", "裴", "武", "邓")) + pick("氏文庭玉春") + given_zh(random, split)[0]
        )
    if x < 0.76:
        return (
            " ".join(random.sample(kana, 2))
            if random.random() < 0.5
            else pick(_HANGUL[0]) + "".join(random.sample(_HANGUL[1], 2))
        )
    if x < 0.88:
        family, given = pick(cantonese), random.sample(_CANTONESE_GIVEN, 2)
        first = pick(lists(split).given_us)
        return pick(
            (
                f"{family} {' '.join(given)}", f"{family.upper()} {' '.join(given)}", f"{family.upper()}, {' '.join(given)}", f"{first} {family}",
                f"{family} {given[0]}-{given[1].lower()}", f"{family.upper()} {' '.join(given).upper()}", f"{first} {family} {' '.join(given)}",
            )
        )  # fmt: skip
    return transliterated(random, split)


_PET = "丫 妞 狗蛋 铁柱 柱子 栓子 毛毛 豆豆 壮壮 乐乐 妮妮 果果 团团 石头 黑蛋 狗剩 毛蛋 朵朵 糖糖 贝贝 小宝 大宝 二宝 天天 闹闹 安安 米粒 嘟嘟 满仓 臭臭 胖墩 瑞瑞".split()


def moniker(random: Random, split: str) -> str:
    """Return what a village, a family or a ward calls somebody: 二丫, 王麻子, 李老汉, 张家老二, 秀兰, ZXM."""
    pick, x = random.choice, random.random()
    family = surname_zh(random, split)
    if x < 0.2:
        return pick(("", "", "小", "大", "二", "三")) + pick(_PET)
    if x < 0.45:
        return family + pick(("麻子", "老汉", "老太", "家老二", "家老大", "家媳妇", "瘸子", "老三", "老四", "家小子", "家闺女", "二娃", "老爷子", "大脚", "半仙", "小妹", "老幺", "三爷", "二爷", "铁匠"))  # fmt: skip
    if x < 0.75:
        return called_zh(random, split)
    if x < 0.85:
        return "阿" + given_zh(random, split)[-1]
    if x < 0.93:
        return family + "".join(pick("XMYLHWJZQFCGTS") for _ in range(pick((1, 2))))
    return "".join(pick("ABCDFGHJLMNPQSTWXYZ") for _ in range(pick((2, 3, 3))))


def person_zh(random: Random, split: str) -> str:
    """Return a full Chinese name, rarely a foreign one."""
    x = random.random()
    if x < 0.955:
        family = surname_zh(random, split)
        if x < 0.008:
            family += surname_zh(random, split)
        return family + given_zh(random, split)
    return transliterated(random, split) if x < 0.985 else pinyin(random, split)


def pinyin(random: Random, split: str) -> str:
    """Return a Chinese name in pinyin, in one of the orders and cases in use."""
    family = random.choice(lists(split).pinyin_family)
    syllables = [random.choice(PINYIN_GIVEN) for _ in range(random.choice((1, 2, 2)))]
    given = random.choice(("", "", "-", " ")).join(syllables).capitalize()
    x = random.random()
    if x < 0.35:
        return f"{family} {given}"
    if x < 0.6:
        return f"{given} {family}"
    if x < 0.7:
        return f"{family.upper()} {given}"
    if x < 0.8:
        return f"{family.upper()}, {given}" if random.random() < 0.5 else f"{family.upper()} {given.upper()}"
    return family + given.lower() if x < 0.9 else f"{family} {given}".lower()


@dataclass(frozen=True, slots=True)
class Person:
    """A person of a Latin-script document, in parts."""

    first: str
    middle: str
    last: str


# Names that are words as well: what tells them is the place where they stand.
_FIRST_WORDS = (
    "Joy Will Grace Hope Faith Mark Bill Frank Rose Dawn Autumn Summer April May June Chance Chase Sunny Art Bob Jack Rich Rob Sue Pat Drew Gene Guy Hunter Mason Page Pearl Ruby Ivy"
    " Holly Iris Violet Lily Daisy Olive Ginger Sandy Penny Buck Cliff Dale Glen Forest Heath Ray Rusty Skip Wade Ward Earl Duke Dean Sage Angel Melody Harmony Destiny Trinity Mercy"
    " Patience Prudence Charity Christian Noel Carol Eve Robin Jay Wren Star Sky River Reed Clay Dusty Rocky Sterling Ernest Max Miles Norm Victor Grant Lane Brook Mike Nick Peg Rod"
).split()
_LAST_WORDS = (
    "Case Banks Winters Church Frank Grace Young Little Long Short Small White Black Green Gray Brown Rice Bean Berry Lamb Wolf Fox Bird Fish Bush Wood Woods Forest Field Fields Rivers"
    " Lake Hill Stone Snow Frost Day Knight Noble Wise Sharp Strong Swift Moody Savage Love Hope Joy Price Cash Penny Bill Read Page Story Baker Cook Butler Carter Cooper Fisher Hunter"
    " Miller Porter Potter Sawyer Turner Walker Weaver Bell Ball Bond Branch Bridges Camp Castle Chase Cross Flowers Ford Glass Golden Good Grant Hand Head Hood House Key Marks Mills"
    " Moon Nail Pack Park Parks Pool Post Power Powers Ray Sands Shields Silver Street Sweet Temple Vine Wall Ward Waters Weeks Wells West Winter Summers May Lance Best Christian Cage"
).split()


def person_latin(random: Random, split: str) -> Person:
    """Return a person; half of them with the names most common in English text."""
    names, x = lists(split), random.random()
    first = random.choice(names.given_us if x < 0.6 else names.given_latin)
    if x > 0.93:
        first = random.choice(_FIRST_WORDS)
    if random.random() < 0.09:
        return Person(first, "", random.choice([word for word in _LAST_WORDS if of_split([word], split)]))
    y = random.random()
    if y < 0.4:
        last = random.choice(names.family_us)
    elif y < 0.72:
        last = random.choice(names.family)
    elif y < 0.92:
        last = invented(random, split)
    else:
        last = random.choice(names.pinyin_family)
    if random.random() < 0.04:
        last += "-" + random.choice(names.family_us)
    elif random.random() < 0.03:
        last = (
            random.choice(("O'", "Mc", "Mac", "van ", "de ", "von ", "De La ", "St. ", "Al-", "bin ", "Di"))
            + last
        )
    middle = (
        ""
        if random.random() < 0.7
        else random.choice(
            (random.choice("ABCDEFGHJKLMNPRSTW") + ".", first[:1] + ".", random.choice(names.given_us))
        )
    )
    return Person(first, middle, last)
