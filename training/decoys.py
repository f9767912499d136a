"""Invented words that look like names and are none: drug brands, eponyms, genes, Chinese medicines and signs.

What tells them from names is what stands beside them (a dose, 征, "syndrome"), so that a model must learn that.
"""

from random import Random

from training.names import given_zh, invented, person_latin, sounds, surname_zh

_HEADS = "Zol Var Lex Ami Bre Cor Dex Elo Fen Glu Hal Ino Jan Kel Lor Mav Nex Oxa Pra Qui Ril Syn Tre Ulo Vel Xar Yer Zep Cal Tor Rem Lan Met Nor Pro Sel Tam Val Ben Car Den Far Gra Hum Ive Jar".split()
_MIDDLES = "a e i o u ta ri vo li ne xa mi do pe ra lu ti ga re so va ni".split()
_TAILS = "max ra vant tin lix pril sartan statin zole cillin mycin mab nib tide phen done pam lol pine ide ase ium on ex is or via ant ra xa da ga ta zyme cor dal quel vir".split()
_OF = "sign|sign|syndrome|syndrome|disease|disease|test|maneuver|procedure|classification|criteria|score|scale|forceps|retractor|clamp|catheter|fracture|nodes|lesion|cyst|tumor|line|angle|reflex|phenomenon|triad|law|needle|tube|drain|repair|approach|incision|staging|index|stain|agar|ring|palsy|dystrophy|anomaly|osteotomy|plate".split(
    "|"
)
_OF_ZH = "征|征|病|病|综合征|综合征|试验|反射|手术|分级|分型|评分|氏征|氏病|氏线|氏体|氏钳|细胞|骨折|小体|结节|定律|标准|术式|染色|现象|三联征|管|孔|韧带|窝|氏反射|氏孔".split(
    "|"
)
_MEDICINE = "片|片|胶囊|颗粒|口服液|注射液|丸|散|合剂|滴丸|软膏|喷雾剂|缓释片|分散片|肠溶片|冲剂|汤|糖浆|贴膏|滴眼液|栓|酊".split(
    "|"
)
_SOUNDS = "舒安康泰宁乐平达欣立美泽瑞奥诺克兰莫沙利伐洛替司他汀普地拉帕米尔贝特芬酮索林唑韦西环丙非布可定卡维倍恩曲依多格列净苯阿托复方参芪丹黄连银杏通心肝胃肾肺清热解毒活血化瘀养阴补气益"
_PLANT = "草|花|根|叶|藤|皮|仁|子|芽|果|枝|石|粉|霜|炭|片|参|苓|术|芍|香|母|胡|芩"


def brand(random: Random) -> str:
    """Return a drug brand that nobody sells."""
    word = random.choice(_HEADS) + random.choice(_MIDDLES) + random.choice(_TAILS)
    return word if random.random() < 0.8 else word.lower()


def eponym(random: Random, split: str) -> str:
    """Return a sign, disease or tool with an invented or ordinary surname."""
    name = invented(random, split) if random.random() < 0.6 else person_latin(random, split).last
    if random.random() < 0.2:
        name += "-" + invented(random, split)
    ending = random.choice(("'s ", " ", " ")) if not name.endswith("s") else random.choice(("' ", " "))
    return name + ending + random.choice(_OF)


def gene(random: Random) -> str:
    """Return a gene or marker."""
    letters = "".join(random.choices("ABCDEFGHKLMNPRSTX", k=random.choice((2, 3, 3, 4))))
    return letters + random.choice(
        ("", "1", "2", "-" + str(random.randint(1, 20)), str(random.randint(1, 40)), "A1", "4B")
    )


def medicine_zh(random: Random) -> str:
    """Return a Chinese medicine, often beginning like a surname."""
    head = "".join(random.choices(_SOUNDS, k=random.choice((2, 2, 3, 3, 4))))
    if random.random() < 0.3:
        head = surname_zh(random, "all")[:1] + head[1:]
    return head + random.choice(_MEDICINE)


def plant_zh(random: Random) -> str:
    """Return an invented herb of two or three characters, like a name."""
    return (
        surname_zh(random, "all")[:1]
        + given_zh(random, "all")[:1] * random.randint(0, 1)
        + random.choice(_PLANT.split("|"))
    )


def eponym_zh(random: Random, split: str) -> str:
    """Return a Chinese sign or disease named after somebody."""
    word = sounds(random)
    if random.random() < 0.2:
        word = surname_zh(random, split)[:1] + "氏"
        return word + random.choice(_OF_ZH).removeprefix("氏")
    return (word + "-" + sounds(random) if random.random() < 0.2 else word) + random.choice(_OF_ZH)
