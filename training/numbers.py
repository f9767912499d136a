"""Invented dates and identifying numbers in the forms people write them, for Chinese and English text.

Everything is drawn at random from the whole space, so that no split shares values worth learning. A span
covers the calendar date without the time of day; durations and weekdays are not made here.
"""

from random import Random

_MONTHS = "January February March April May June July August September October November December".split()
_ORDINAL = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
_HAN = "〇一二三四五六七八九十"
_LOWER = "abcdefghijklmnopqrstuvwxyz"
_WORDS = "sunny happy blue fox star moon river pixel lucky cool shadow tiger panda lily mike anna leo max kitty dragon coffee ninja green rock".split()


def _han_number(n: int) -> str:
    if n <= 10:
        return _HAN[n]
    if n < 20:
        return "十" + _HAN[n - 10]
    return _HAN[n // 10] + "十" + (_HAN[n % 10] if n % 10 else "")


def _day(random: Random) -> tuple[int, int, int]:
    x = random.random()
    span = (1998, 2027) if x < 0.77 else (1925, 2005) if x < 0.96 else (2028, 2199)  # some notes come shifted
    year = random.randint(*span)
    return year, random.randint(1, 12), random.randint(1, 31)


def date_zh(random: Random, *, full: bool = False) -> str:
    """Return a date as Chinese notes write it; `full` always has year, month and day."""
    y, m, d = _day(random)
    x = random.random() * (0.66 if full else 1)
    if x < 0.16:
        return f"{y}年{m}月{d}日"
    if x < 0.22:
        return f"{y}年{m:02d}月{d:02d}日"
    if x < 0.36:
        return f"{y}-{m:02d}-{d:02d}"
    if x < 0.43:
        return f"{y}.{m}.{d}"
    if x < 0.48:
        return f"{y}/{m}/{d}"
    if x < 0.52:
        return f"{y}{m:02d}{d:02d}"
    if x < 0.55:
        return f"{y % 100:02d}年{m}月{d}日"
    if x < 0.57:
        return "".join(_HAN[int(c)] for c in str(y)) + f"年{_han_number(m)}月{_han_number(d)}日"
    if x < 0.59:
        return f"{y}年{m}月{d}号"
    if x < 0.61:
        return f"{y % 100:02d}.{m}.{d}"
    if x < 0.63:
        return f"{y}-{m}-{d}"
    if x < 0.65:
        return f"{y} 年 {m} 月 {d} 日"
    if x < 0.66:
        return f"{y}.{m:02d}.{d:02d}"
    if x < 0.78:
        return f"{m}月{d}日"
    if x < 0.83:
        return f"{y}年{m}月"
    if x < 0.87:
        return f"{m}月{d}号"
    if x < 0.90:
        return f"{y}年"
    if x < 0.93:
        return f"{m:02d}-{d:02d}" if random.random() < 0.5 else f"{m}-{d}"
    if x < 0.95:
        return f"{m}.{d}" if random.random() < 0.4 else f"{y}.{m}"
    if x < 0.97:
        return f"{m}/{d}"
    return f"{y}-{m:02d}" if x < 0.985 else f"{_han_number(m)}月{_han_number(d)}{random.choice('日号')}"


def date_en(random: Random, *, full: bool = False) -> str:
    """Return a date as English text writes it; `full` always has year, month and day."""
    y, m, d = _day(random)
    name = _MONTHS[m - 1] if random.random() < 0.6 else _MONTHS[m - 1][:3]
    short = f"{y % 100:02d}"
    suffix = _ORDINAL.get(d, "th")
    x = random.random() * (0.68 if full else 1)
    if x < 0.12:
        return f"{m:02d}/{d:02d}/{y}"
    if x < 0.18:
        return f"{m}/{d}/{short}"
    if x < 0.23:
        return f"{m}/{d}/{y}"
    if x < 0.34:
        return f"{name} {d}, {y}"
    if x < 0.40:
        return f"{y}-{m:02d}-{d:02d}"
    if x < 0.46:
        return f"{d} {name} {y}"
    if x < 0.50:
        return f"{d}-{_MONTHS[m - 1][:3]}-{y if random.random() < 0.6 else short}"
    if x < 0.53:
        return f"{d:02d}.{m:02d}.{y}"
    if x < 0.56:
        return f"{d:02d}/{m:02d}/{short}"
    if x < 0.59:
        return f"{m:02d}-{d:02d}-{y}"
    if x < 0.62:
        return f"{name} {d}{suffix}, {y}"
    if x < 0.64:
        return f"{d}{suffix} of {name} {y}" if random.random() < 0.5 else f"{d}{suffix} {name} {y}"
    if x < 0.66:
        return f"{y}/{m:02d}/{d:02d}"
    if x < 0.68:
        return f"{d:02d}{name[:3].upper()}{y}" if random.random() < 0.5 else f"{y}{m:02d}{d:02d}"
    if x < 0.76:
        return f"{name} {d}" + (suffix if random.random() < 0.3 else "")
    if x < 0.81:
        return f"{m:02d}/{d:02d}" if random.random() < 0.5 else f"{m}/{d}"
    if x < 0.88:
        return f"{_MONTHS[m - 1]} {'of ' if random.random() < 0.2 else ''}{y}"
    if x < 0.93:
        return f"{y}"
    if x < 0.95:
        return f"{m:02d}/{y}"
    return f"{d}{suffix if random.random() < 0.5 else ''} {name}"


def partial_date(random: Random, shape: str, language: str) -> str:
    """Return a date of one shape: y the year, ym and my year and month, md month and day, d the day."""
    y, m, d = _day(random)
    if language == "zh":
        return {
            "y": f"{y}年",
            "m": f"{m}月{'份' if y % 3 == 0 else ''}",
            "ym": f"{y}年{m}月" if y % 3 else f"{y}-{m:02d}",
            "md": f"{m}月{d}{'日' if y % 4 else '号'}",
            "d": f"{d}{'号' if y % 3 else '日'}",
        }[shape]
    name = _MONTHS[m - 1]
    return {
        "y": str(y),
        "m": name,
        "exp": f"{m:02d}/{y % 100:02d}",
        "my": f"{name} {'of ' if y % 5 == 0 else ''}{y}",
        "md": f"{name} {d}{_ORDINAL.get(d, 'th') if y % 4 == 0 else ''}",
    }[shape]


_LUNAR_MONTHS = "正月 二月 三月 四月 五月 六月 七月 八月 九月 十月 冬月 腊月 十一月 闰四月".split()
_LUNAR_DAYS = [f"初{c}" for c in "一二三四五六七八九十"] + [f"十{c}" for c in "一二三四五六七八九"] + ["二十", *(f"廿{c}" for c in "一二三四五六七八九"), "三十"]  # fmt: skip


def lunar(random: Random) -> str:
    """Return a day of the lunar calendar: 腊月初八, 农历八月十五, 廿三."""
    day = random.choice(_LUNAR_DAYS)
    x = random.random()
    if x < 0.12 and day[0] in "初廿":
        return day
    if x < 0.2:
        return "大年" + random.choice(_LUNAR_DAYS[:8])
    head = random.choice(
        (
            "",
            "",
            "",
            "农历",
            "阴历",
            "旧历",
            f"{random.randint(1930, 2026)}年",
            f"农历{random.randint(1930, 2026)}年",
        )
    )
    return head + random.choice(_LUNAR_MONTHS) + day


def said_date(random: Random) -> str:
    """Return a date as people jot it down: 8月3号, 24.3.5, 三月五日, 廿三, 5/8, 12号, 24年."""
    y, m, d = _day(random)
    x = random.random()
    if x < 0.1:
        return lunar(random)
    if x < 0.14:
        last = min(31, d + random.randint(1, 6))
        return random.choice((f"{m}月{d}-{last}日", f"{m}月{d}、{last}日", f"{m}.{d}-{m}.{last}", f"{m}.{d}-{last}", f"{m}月{d}日-{last}日", f"{y}.{m}.{d}-{last}", f"{m}、{m % 12 + 1}月份", f"{y}-{y + 1}年", f"'{y % 100:02d}-{m}-{d}"))  # fmt: skip
    if x < 0.24:
        return f"{m}月{d}号"
    if x < 0.34:
        return f"{y % 100:02d}.{m}.{d}"
    if x < 0.42:
        return f"{m}.{d}"
    if x < 0.5:
        return f"{m}/{d}"
    if x < 0.56:
        return f"{y}-{m}-{d}"
    if x < 0.62:
        return f"{_han_number(m)}月{_han_number(d)}{random.choice('日号')}"
    if x < 0.68:
        return f"{d}{random.choice('号号日')}"
    if x < 0.73:
        return f"{y % 100:02d}年{m}月"
    if x < 0.77:
        return f"{y % 100:02d}年"
    if x < 0.8:
        return f"{y % 100:02d}-{m:02d}-{d:02d}"
    if x < 0.83:
        return f"{y % 100:02d}/{m}/{d}"
    if x < 0.845:
        return f"{m:02d}{d:02d}"
    if x < 0.88:
        return f"{y}{m:02d}{d:02d}"
    if x < 0.9:
        return f"{m}月"
    return date_zh(random)


_PROVINCES = "京津沪渝冀晋辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新蒙"
_NET_WORDS = "岁月静好 阳光 风雨 海阔天空 平安是福 向日葵 小幸运 追梦人 宁静致远 一路向北 知足常乐 蓝天白云 花开富贵 简单 快乐 每一天 往事如烟 春暖花开 听雨 大漠孤烟 草莓 奶茶 不想上班 爱吃鱼 的猫 的妈妈 在路上 心若 浅笑 归来".split()


def paper_number(random: Random) -> str:
    """Return a number of Chinese papers: a plate, a case, a licence, a bank card, a chat account, an extension."""
    p = random.choice(_PROVINCES)
    y = random.randint(2005, 2027)
    shape = random.choice(
        (f"{p}AX9999X", f"{p}A·X9999", f"{p}AD99999", f"{p}A 99X99", f"（{y}）{p}9999民初9999号", f"{p}司鉴[{y}]临鉴字第999号", f"{p}公（法）字[{y}]99号", "6222 9999 9999 9999 999", "62299999999999999", "wxid_9a9a9aaa99aa", "999999999", "9999", "8999", "66999", "住999999", f"病{y}-99999", "9999999999999999999", f"{p}卫字第99999号", "第9999号", f"{y}99999999", "E99999999", "H99999999", "99AA9999999", f"{y}-ZY-99999", "99-9999", "999-9999-99", "a99999", "99999-99", "CT9999999", "B99-99999")
    )  # fmt: skip
    return shaped(random, shape) if not shape.startswith("wxid_") else "wxid_" + shaped(random, shape[5:])


def net_name(random: Random) -> str:
    """Return a Chinese name of a chat account: 岁月静好, 追梦人_88."""
    word = "".join(random.sample(_NET_WORDS, random.choice((1, 1, 2))))
    return word + random.choice(("", "", "", str(random.randint(1, 2020)), f"_{random.randint(1, 99)}", "~"))


def digits(random: Random, n: int) -> str:
    """Return n digits, the first not 0."""
    return str(random.randint(10 ** (n - 1), 10**n - 1))


def shaped(random: Random, shape: str) -> str:
    """Fill a shape: 9 any digit, A a capital, a a small letter, X a digit or capital; the rest stays."""
    table = {
        "9": "0123456789",
        "A": "ABCDEFGHJKLMNPQRSTUVWXYZ",
        "a": _LOWER,
        "X": "0123456789ABCDEFGHJKLMNPRSTUVWXYZ",
    }
    return "".join(random.choice(table[c]) if c in table else c for c in shape)


_PHONE_ZH = ["1{}999999999", "1{}9 9999 9999", "1{}9-9999-9999", "099-99999999", "0999-9999999", "(099)99999999", "400-999-9999", "99999999", "1{}999999999", "+86 1{}999999999", "0999-9999999-999", "1{}9****9999", "9999999"]  # fmt: skip


def phone_zh(random: Random) -> str:
    """Return a telephone number of China."""
    return shaped(random, random.choice(_PHONE_ZH).replace("{}", random.choice("356789")))


_PHONE_EN = ["(999) 999-9999", "999-999-9999", "999.999.9999", "+1 999 999 9999", "+44 9999 999999", "9999999999", "1-800-999-9999", "+49 999 9999999", "(999)999-9999", "+1-999-999-9999", "07999 999999", "020 9999 9999", "x9999", "ext. 9999", "+33 9 99 99 99 99", "999-9999", "+61 4 9999 9999", "001-999-999-9999x999", "+91 99999 99999", "+9-999-999-9999", "(09) 9999 9999"]  # fmt: skip


def phone_en(random: Random) -> str:
    """Return a telephone number of anywhere."""
    return shaped(random, random.choice(_PHONE_EN))


def resident_id(random: Random) -> str:
    """Return a Chinese resident number (18 or 15 digits, checksum not kept)."""
    y, m, d = random.randint(1928, 2022), random.randint(1, 12), random.randint(1, 28)
    if random.random() < 0.08:
        return f"{digits(random, 6)}{y % 100:02d}{m:02d}{d:02d}{digits(random, 3)}"
    return f"{random.randint(11, 65)}{shaped(random, '9999')}{y}{m:02d}{d:02d}{shaped(random, '999')}{random.choice('0123456789X')}"


_RECORD = ["99999999", "9999999", "999999", "ZY9999999999", "9999999999", "A9999999", "AA999999", "99-99-99", "999999-9", "M999999", "99999", "2099999999", "AAA-99999", "A99-9999", "9999-999999", "AA-9999-999", "0000999999", "999 999 9999", "AA99999999A", "H-999999", "999999999999", "AA9999999", "A-99-9999", "99-999999", "XXXX-XXXX", "AAA9999999999"]  # fmt: skip


def record(random: Random) -> str:
    """Return a record, admission, specimen or policy number; a third have a shape drawn anew."""
    if random.random() < 0.35:
        return assembled_number(random)
    return shaped(random, random.choice(_RECORD))


def assembled_number(random: Random) -> str:
    """Return letters and digits in a shape of their own, at least five characters and three digits."""
    r = random.randint
    gap = random.choice(("", "", "-", "-", "/", ".", " ", "_"))
    parts = ["A" * r(1, 4)] if random.random() < 0.5 else []
    parts += ["9" * r(2, 7) for _ in range(random.choice((1, 1, 1, 2, 2, 3)))]
    if random.random() < 0.15:
        parts.append("A" * r(1, 2))
    shape = gap.join(parts)
    if shape.count("9") < 3 or len(shape) < 5:
        shape += gap + "9" * 4
    value = shaped(random, shape)
    return value.lower() if random.random() < 0.08 else value


_OTHER = ["999-99-9999", "9999 9999 9999 9999", "4999999999999999", "AA999999A", "A99999999", "9999-9999-9999-9999", "AAA99AAAA9999", "DE99999999999999999999", "GB99AAAA99999999999999", "SN XXXXXXXXXX", "XXXX-XXXX-XXXX", "AA 99 99 99 A", "192.168.99.99", "99.199.99.9", "A9AA 999A", "999A99999", "99:99:AA:A9:99:A9", "9AAA999", "AAA-9999", "AAA 999", "0x9a9aa9a99a9a9aa99a", "9AAaaA99AAa9aAa9A9aa9A9a99AaA", "LOT 99999A", "99-9999999", "AA99 AAA", "aaaa9999", "XXXXXXXXXXXXXXXXX", "A9999999999", "999.999.999-99"]  # fmt: skip


def other_number(random: Random) -> str:
    """Return a social-security, card, account, device, plate, or network number."""
    value = shaped(random, random.choice(_OTHER))
    return value.removeprefix("SN ").removeprefix("LOT ")


def handle(random: Random) -> str:
    """Return a user name."""
    word = (
        random.choice(_WORDS)
        + random.choice(("", "_", ".", "-"))
        + random.choice((random.choice(_WORDS), "".join(random.choices(_LOWER, k=4))))
    )
    return word + random.choice(("", str(random.randint(1, 2010))))


def email(random: Random, who: str = "") -> str:
    """Return an e-mail address, from a person's name where one is given."""
    left = who or handle(random)
    host = (
        "".join(random.choices(_LOWER, k=random.randint(4, 9)))
        if random.random() < 0.5
        else random.choice(
            ("gmail", "yahoo", "outlook", "qq", "163", "hotmail", "126", "icloud", "proton", "mail", "sina")
        )
    )
    return f"{left}@{host}.{random.choice(('com', 'com', 'com', 'org', 'net', 'cn', 'de', 'co.uk', 'edu', 'com.cn', 'fr', 'io', 'nhs.uk', 'gov'))}"


def url(random: Random) -> str:
    """Return a web address."""
    host = "".join(random.choices(_LOWER, k=random.randint(4, 10)))
    tail = random.choice(
        ("", "", f"/{handle(random)}", f"/p/{digits(random, 6)}", "/portal", f"/user?id={digits(random, 5)}")
    )
    return (
        random.choice(("https://www.", "http://", "www.", "https://"))
        + host
        + random.choice((".com", ".org", ".net", ".cn", ".de", ".com.cn", ".io", ".co.uk"))
        + tail
    )
