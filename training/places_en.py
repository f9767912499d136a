"""Invented places, addresses and organisations of many countries, for English text, for one split.

Guarantee: cities, street names and the coined words of organisations belong to one split only (one in eight to
"held"). A street, a box or a room makes an address; town, county, state and country alone are a place.
"""

from functools import cache
from random import Random

from training.names import invented, is_held, lines, lists

_SUFFIX = (
    "Street Street St St St. Avenue Ave Ave. Road Rd Rd. Lane Ln Drive Dr Boulevard Blvd Court Ct Place Pl Way Terrace Circle Cir"
    " Parkway Pkwy Highway Trail Square Crescent Close Row Gardens Hill Loop Alley Grove Mews Walk View Plaza Path Run Ridge Crossing"
).split()
_WORDS = (
    "Oak Maple Cedar Elm Pine Birch Willow Lake Hill River Park Church Mill Main High Station Spring Sunset Meadow Forest Valley Ridge Summit"
    " Cherry Chestnut Walnut Magnolia Juniper Aspen Hawthorn Bramble Fox Deer Eagle Heron Falcon Swan Quail Otter Badger King Queen Prince Victoria"
    " Albert York Windsor Regent Market Bridge Castle Abbey Priory Chapel Harbor Harbour Bay Beach Cliff Stone Copper Silver Golden Granite Marble"
    " North South East West Upper Lower Old New Broad Long Union Liberty Washington Jefferson Lincoln Madison Franklin Jackson Central College"
    " University Academy School Orchard Vineyard Prairie Canyon Mesa Sierra Vista Loma Rosa Palm Cypress Laurel Ivy Fern Heather Clover"
    " Briar Thorn Ash Hazel Holly Rowan Sycamore Beech Poplar Linden Alder Hickory Pecan Dogwood Redwood Evergreen Pleasant Fair Clear Bright"
).split()
_ENDS = "wood field dale view side brook ford ton ville ham stead worth ridge creek haven mont land gate well bury port burgh more shire".split()
_NUMBERED = "1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th 11th 12th 14th 21st 22nd 33rd 42nd 57th 83rd 110th First Second Third Fifth Seventh Tenth".split()
_HOSPITAL = (
    "Hospital; General Hospital; Medical Center; Regional Medical Center; Memorial Hospital; Community Hospital; Health System; Clinic; Children's Hospital;"
    " University Hospital; Medical Centre; Cancer Center; Heart Institute; Rehabilitation Center; Nursing Home; Hospice; Family Practice;"
    " Family Medicine; Surgery Center; Dialysis Center; Orthopaedics; Eye Institute; Health Centre; Medical Group; Infirmary; Primary Care; Urgent Care;"
    " Behavioral Health; Pediatrics; Skilled Nursing Facility; Care Home; Pharmacy; Dental Care; Women's Clinic; Psychiatric Hospital; NHS Trust;"
    " District Hospital; County Hospital; Imaging; Physical Therapy; Assisted Living; Cottage Hospital; Veterans Hospital; Laboratories; Medical Associates;"
    " Health Services; Home Health; Recovery Center; Polyclinic; Sanatorium; Radiology Associates; Internal Medicine; Surgical Hospital;"
    " Pavilion; ER; Emergency Room; Walk-In; Walk-In Clinic; Surgery; Manor; Lodge; Memory Care; Long-Term Care; Birth Center; Wound Center; Eye Center; Spine Center;"
    " Pain Clinic; Wellness Center; Free Clinic; Village; Campus; Tower; House; Outpatient; Outpatient Center; Infusion Center; Dermatology; Cardiology; Oncology;"
    " Nephrology; OB/GYN; Counseling; Healthcare; Health; Health Network; Med Center; Rehab; VAMC; VA; Drugs; Drug; Apothecary; Blood Bank; Ambulance; EMS; Fire Rescue;"
    " Hospital and Clinics; Spine & Joint Clinic; Heart & Lung; Bone and Joint; Mother & Baby; Ear, Nose & Throat; Creek Rehab; Valley Hospice; Medical; Family Health; Post-Acute; Subacute; Health Annex; Kidney Care; Orthopedics; Sports Medicine; Vision; Hearing; Chiropractic"
).split("; ")
_SAINTS = "Mary Joseph Luke Anne John Francis Vincent Agnes Catherine Michael Thomas Elizabeth Jude Bartholomew Anthony Theresa Clare Martin Barnabas Columba Raphael".split()
_BLESSED = (
    "Good Samaritan; Holy Family; Holy Cross; Sacred Heart; Mercy; Providence; Bethany; Grace; Trinity; All Saints; Good Hope; Divine Savior; Emmanuel; Bethesda; Mount Carmel;"
    " Our Lady of Mercy; Our Lady of Peace; Star of the Sea; Sisters of Charity; Little Flower; Ascension; Beth Israel; Mount Sinai; Covenant; Deaconess; Methodist; Baptist;"
    " Lutheran; Presbyterian; Adventist; Unity; Hope; Charity; Samaritan; Resurrection; Redeemer; Maranatha; Calvary; Bon Secours; Shalom; Harmony; Friends; Pilgrim; Temple"
).split("; ")
_FIRM = (
    "Inc Ltd LLC Corp Group Holdings Sons Company Industries Logistics Insurance Bank Construction Plumbing Bakery Foods Motors Airlines Software Systems"
    " Technologies Consulting Partners Energy Electric Steel Mining Farms Dairy Textiles Pharma Biotech Media Telecom Mutual Financial Realty Trucking"
    " Catering Books Hotel Brewing Coffee Tools Supplies Solutions GmbH S.A PLC AG Pty SpA Landscaping Roofing Warehouse Hardware Grill Diner Studios"
).split()
_SCHOOL = "High School;Elementary School;Middle School;University;College;Community College;Primary School;Academy;Preschool;Institute of Technology;School of Nursing;Law School;Grammar School".split(
    ";"
)
_CHURCH = "Baptist Church;Methodist Church;Catholic Church;Lutheran Church;Presbyterian Church;Temple;Mosque;Synagogue;Parish;Community Church;Islamic Center;Food Bank;Shelter;Foundation;Youth Center;Library;Rotary Club;Legal Aid;Housing Association;Fire Department;Police Department;Sheriff's Office;County Jail;Correctional Facility;Department of Health;Senior Center;Women's Shelter;Museum;Football Club;YMCA;Union Local".split(
    ";"
)
_BUSINESS = (
    "Simple Sunny Smart Prime Royal Golden Blue Red Green Rapid Global National United First Star Pro Total Quality Family Fresh Happy Lucky Great Grand Modern Future Solid"
    " Super Ultra Universal Western Eastern Pacific Atlantic Solutions Services Club Gurus Egghead Outlet Mart Depot Warehouse Investments Estate Garden Home Office"
    " Planner Designs Concepts Dreams Choice Source Point Works Market Auto Parts Music Video Toys Pets Tires Mufflers Burgers Pizza Steak House Cafe Bistro Buffet"
    " Electronics Records Fashions Shoes Jewelers Optical Rentals Cleaners Movers Painters Tutors Yoga Fitness Golf Marine Travel Tours Cinema Savings Lending Title"
).split()
_TRADE = (
    "Precision Machining; Machine; Tooling; Fruit Growers; Packing; Auto Glass; Auto Repair; Auto; Tree Service; Lumber; Feed & Seed; Towing; Freight Lines; Paper Mill; Glass Works;"
    " Cold Storage; Meats; Poultry; Cabinets; Concrete; Excavating; Printing; Uniforms; Staffing; Security; Taxi; Barber Shop; Nails; Tavern; Pub; Bar & Grill; Deli; Pizzeria; Donuts;"
    " Laundromat; Self Storage; Tire Center; Collision; Welding; Fabrication; Plastics; Foundry; Tool & Die; Orchards; Vineyards; Nursery; Stables; Marina; Boat Yard; Casino; Lanes;"
    " Daycare; Head Start; ISD; School District; Transit; Bus Lines; Railroad; Water District; Sanitation; Public Works; Electric Co-op; Credit Union; Savings & Loan; Law Firm; Tax Service;"
    " Insurance Agency; Flooring; Heating & Air; Refrigeration; Produce; Fisheries; Seafood; Egg Farm; Mattress; Furniture; Appliance; Music; Drywall; Masonry; Paving; Quarry; Logging;"
    " Sawmill; Distribution; Distributing; Fulfillment; Call Center; Janitorial; Linen; Funeral Home; Chapel; Ranch; Dairy; Brewing; Cannery; Grain; Elevator; Trailer Park; Apartments; Shipyard; Outfitters; Guides; Lodge; Trading Post; Smokehouse; Spine & Joint; Bait & Tackle; Mercantile; Co-op; Senior Living; Smelter; Aviation; Charter"
).split("; ")
_STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado", "CT": "Connecticut", "DE": "Delaware",
    "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky",
    "LA": "Louisiana", "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri",
    "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York",
    "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island",
    "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia",
    "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming", "DC": "DC",
}  # fmt: skip
_LOCAL = {
    "DE": "Germany", "AT": "Austria", "FR": "France", "ES": "Spain", "MX": "Mexico", "IT": "Italy", "NL": "The Netherlands", "BE": "Belgium", "BR": "Brazil",
    "PT": "Portugal", "NO": "Norway", "SE": "Sweden", "DK": "Denmark", "FI": "Finland", "PL": "Poland", "CZ": "Czechia", "HU": "Hungary", "RO": "Romania",
    "HR": "Croatia", "TR": "Turkey", "ID": "Indonesia", "IN": "India", "PH": "Philippines",
}  # fmt: skip


def _kept(split: str, word: str) -> bool:
    return split == "all" or is_held(word, 8) == (split == "held")


@cache
def us_cities(split: str) -> list[tuple[str, str]]:
    """Return city and state of the split."""
    rows = [line.split("\t") for line in lines("cities_us.txt")]
    return [(city, state) for city, state in rows if _kept(split, city) and state in _STATES]


@cache
def world_cities(split: str) -> dict[str, list[str]]:
    """Return cities by country."""
    table: dict[str, list[str]] = {}
    for line in lines("cities_world.txt"):
        city, country = line.split("\t")
        if _kept(split, city):
            table.setdefault(country, []).append(city)
    return table


@cache
def world_streets(split: str) -> list[tuple[str, str]]:
    """Return country and street."""
    rows = [line.split("\t") for line in lines("streets_world.txt")]
    return [(_LOCAL[land], street) for land, street in rows if _kept(split, street)]


@cache
def _countries() -> list[str]:
    return [name for name in lines("countries.txt") if len(name) < 22]


def coined(random: Random, split: str) -> str:
    """Return a word that names a street, firm or hospital."""
    while True:
        x = random.random()
        if x < 0.35:
            word = random.choice(_WORDS) + random.choice(_ENDS)
        elif x < 0.55:
            word = random.choice(_WORDS)
        elif x < 0.75:
            word = random.choice(lists(split).family_us)
        elif x < 0.9:
            word = invented(random, split)
        else:
            word = random.choice(_WORDS) + " " + random.choice(_WORDS)
        if _kept(split, word):
            return word


def a_country(random: Random) -> str:
    """Return a country, by a name of one to three words."""
    return random.choice(_countries())


def city(random: Random, split: str) -> tuple[str, str]:
    """Return a city of anywhere, with its state or country."""
    if random.random() < 0.5:
        return random.choice(us_cities(split))
    table = world_cities(split)
    country = (
        random.choice(list(table))
        if random.random() < 0.3
        else random.choice(
            (
                "United Kingdom",
                "India",
                "Canada",
                "Australia",
                "Germany",
                "France",
                "Ireland",
                "Nigeria",
                "Mexico",
                "Brazil",
                "Spain",
                "Italy",
            )
        )
    )
    return random.choice(table.get(country) or ["Leeds"]), country


def place(random: Random, split: str) -> str:
    """Return a town, county, state, country or region, alone or together."""
    town, land = city(random, split)
    x = random.random()
    if x < 0.34:
        return town
    if x < 0.66:
        return f"{town}, {_STATES.get(land, land) if random.random() < 0.4 else land}"
    if x < 0.74:
        return random.choice(list(_STATES.values()))
    if x < 0.84:
        return a_country(random)
    if x < 0.9:
        pool = [name for name in lines("counties_us.txt")[:400] if _kept(split, name)]
        return random.choice(pool)
    if x < 0.97:
        return coined(random, split).title() + random.choice(
            (
                "",
                "ville",
                " Heights",
                " Park",
                " Falls",
                " Springs",
                " Bay",
                " Hills",
                "-on-Sea",
                " Valley",
                " Township",
                " Beach",
            )
        )
    return f"{town} {land}"


def street(random: Random, split: str) -> str:
    """Return the name of a street without a number."""
    x = random.random()
    if x < 0.12:
        return random.choice(_NUMBERED) + " " + random.choice(_SUFFIX[:12])
    head = random.choice(("", "", "", "", "", "N. ", "S ", "West ", "E. ", "Old ", "Upper ", "St. "))
    return head + coined(random, split) + " " + random.choice(_SUFFIX)


def unit(random: Random) -> str:
    """Return an apartment, suite or floor."""
    n = random.randint(1, 40)
    a = random.choice("ABCDEFGH")
    return random.choice(
        (
            f"Apt {n}{a}",
            f"Apt. {n}",
            f"Suite {n}00",
            f"Unit {a}",
            f"#{n}",
            f"Flat {n}",
            f"Floor {n}",
            f"Ste {n}0",
            f"Apartment {n}",
            f"Room {n}1",
            f"Lot {n}",
            f"Bldg {a}",
            f"Unit {n}",
            f"apt {n}{a.lower()}",
        )
    )


def zip_code(random: Random) -> str:
    """Return a postcode of the USA."""
    tail = f"-{random.randint(1000, 9999)}" if random.random() < 0.12 else ""
    return f"{random.randint(501, 99950):05d}{tail}"


def uk_postcode(random: Random) -> str:
    """Return a postcode of the United Kingdom."""
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    head = random.choice(
        ("SW", "NE", "M", "B", "LS", "EH", "G", "CF", "BT", "OX", "CB", "N", "E", "W", "SE", "PL", "YO")
    )
    return f"{head}{random.randint(1, 28)} {random.randint(1, 9)}{random.choice(letters)}{random.choice(letters)}"


def _far_address(random: Random, split: str, between: str) -> str:
    """Return an address of the army, or of East or South Asia."""
    r = random.randint
    name = coined(random, split)
    chinese = random.choice(lists(split).pinyin_family) + random.choice(
        ("shan", "hua", "jiang", "an", "ping", "lu", "he")
    )
    return random.choice(
        (
            f"PSC {r(1000, 9999)}, Box {r(100, 9999)}{between}APO {random.choice(('AE', 'AP', 'AA'))} {zip_code(random)}",
            f"USNS {name}{between}FPO {random.choice(('AE', 'AP'))} {zip_code(random)}",
            f"Unit {r(1000, 9999)} Box {r(100, 9999)}{between}DPO AA {zip_code(random)}",
            f"Flat {r(1, 30)}{random.choice('ABCDE')}, {r(2, 40)}/F, Tower {r(1, 8)}, {r(1, 300)} {name} Road{between}Kowloon",
            f"Blk {r(1, 900)} {name} Ave {r(1, 9)} #{r(1, 25):02d}-{r(1, 200)}{between}Singapore {r(100000, 899999)}",
            f"No. {r(1, 900)} {chinese} Road, {chinese} District{between}{random.choice(('Shanghai', 'Beijing', 'Chengdu', 'Wuhan'))} {r(100000, 899999)}",
            f"Room {r(101, 3310)}, Building {r(1, 40)}, {r(1, 900)} {chinese} Lu{between}Hangzhou",
            f"{r(1, 9)}-{r(1, 30)}-{r(1, 20)} {invented(random, split)}{between}{random.choice(('Tokyo', 'Osaka', 'Kyoto'))} {r(100, 999)}-{r(1000, 9999)}",
            f"H.No. {r(1, 20)}-{r(1, 90)}/{r(1, 9)}, {r(2, 9)}th Cross, {name} Nagar{between}Bengaluru {r(110001, 799999)}",
            f"Plot {r(1, 300)}, {name} Estate{between}Lekki, Lagos",
        )
    )  # fmt: skip


def address(random: Random, split: str, between: str = ", ") -> str:
    """Return an address of one of several countries; `between` may be a line break."""
    r, x = random.randint, random.random()
    if x < 0.06:
        town, land = random.choice(us_cities(split))
        return f"P{random.choice(('.O.', 'O'))} Box {r(10, 9999)}" + random.choice(
            ("", f"{between}{town}, {land} {zip_code(random)}")
        )
    if x < 0.09:
        return _far_address(random, split, between)
    if x < 0.64:
        number = random.choice((r(1, 99), r(100, 999), r(1000, 19999)))
        line = f"{number} {street(random, split)}"
        if random.random() < 0.3:
            line += random.choice((", ", " ", between)) + unit(random)
        y = random.random()
        town, land = random.choice(us_cities(split))
        if y < 0.3:
            return line
        if y < 0.4:
            return f"{line}{between}{town}"
        state = _STATES[land] if random.random() < 0.2 else land
        tail = f"{line}{between}{town}, {state}"
        if y < 0.9:
            tail += f" {zip_code(random)}"
        return tail + (between + random.choice(("USA", "United States")) if random.random() < 0.1 else "")
    if x < 0.8:
        land = random.choice(
            (
                "United Kingdom",
                "Ireland",
                "Australia",
                "Canada",
                "New Zealand",
                "South Africa",
                "India",
                "Nigeria",
                "Kenya",
            )
        )
        town = random.choice(world_cities(split).get(land) or ["Leeds"])
        line = (unit(random) + ", " if random.random() < 0.2 else "") + f"{r(1, 300)} {street(random, split)}"
        code = uk_postcode(random) if land in ("United Kingdom", "Ireland") else str(r(1000, 999999))
        if land == "Canada":
            code = f"{random.choice('KLMNVTH')}{r(1, 9)}{random.choice('ABCEGH')} {r(1, 9)}{random.choice('ABCEGH')}{r(1, 9)}"
        return (
            line + between + town + random.choice((" ", between)) + code + random.choice(("", between + land))
        )
    land, name = random.choice(world_streets(split))
    town = random.choice(world_cities(split).get(land) or ["Graz"])
    number = f"{r(1, 180)}{random.choice(('', '', '', 'a', 'B', '/4', '-12'))}"
    line = f"{number} {name}" if land == "France" or random.random() < 0.15 else f"{name} {number}"
    y = random.random()
    if y < 0.25:
        return line
    code = f"{r(1000, 99999)}"
    return line + between + (f"{code} {town}" if y < 0.8 else town) + random.choice(("", f"{between}{land}"))


def hospital(random: Random, split: str) -> str:
    """Return the proper name of a hospital of the split: a name belongs to one split only."""
    while True:
        name = _hospital(random, split)
        if split == "all" or is_held(name, 8) == (split == "held"):
            return name


def _hospital(random: Random, split: str) -> str:
    """Return the proper name of a hospital, practice, home or pharmacy."""
    x = random.random() * 1.08
    if x > 1.05:
        return "".join(random.choices("ABCDGHJKLMNPRSUVWU", k=random.choice((3, 3, 4)))) + random.choice(
            ("H", "MC", "UH", "GH", "M")
        )
    if x > 1:
        return coined(random, split)
    kind = random.choice(_HOSPITAL)
    y = random.random()
    if y < 0.12:
        word = random.choice([word for word in _BLESSED if _kept(split, word)])
        here = city(random, split)[0]
        return random.choice(
            (
                f"{word} {kind}",
                f"{word} {kind}",
                f"{word} of {here}",
                f"{here} {word}",
                word,
                f"{word} - {here}",
            )
        )
    if y < 0.22:
        return f"{street(random, split)} {kind}"
    if y < 0.3:
        here = city(random, split)[0]
        return random.choice(
            (
                f"North {here} {kind}",
                f"Greater {here} {kind}",
                f"{kind} of {here}",
                f"{here} County {kind}",
                f"{here}-{coined(random, split)} {kind}",
                f"{coined(random, split)} {kind} of {here}",
            )
        )
    if x < 0.15:
        saints = [s for s in _SAINTS if _kept(split, s)]
        return f"{random.choice(('St.', 'Saint', 'St'))} {random.choice(saints)}'s {kind}".replace(
            "'s C", random.choice(("'s C", " C"))
        )
    if x < 0.4:
        return f"{city(random, split)[0]} {kind}"
    if x < 0.45:
        return f"University of {city(random, split)[0]} {random.choice(('Hospital', 'Medical Center', 'Hospitals', 'Health'))}"
    if x < 0.5:
        word = coined(random, split)
        return random.choice(
            (
                f"{word} Health",
                f"{word}Med",
                f"Mount {word}",
                f"The {word} Clinic",
                f"{word} VA",
                f"{word} House",
                f"Royal {word} Infirmary",
                f"{word} & {coined(random, split)} Clinic",
            )
        )
    if x < 0.55:
        return "".join(
            random.choices("ABCDEFGHJKLMNOPRSTUVW", k=random.choice((2, 3, 3, 4)))
        ) + random.choice((" Medical Center", " Hospital", " Health"))
    return f"{coined(random, split)} {kind}"


def business(random: Random, split: str) -> str:
    """Return a firm of ordinary words, or of a name and a trade: Sunny Garden Rentals, Marta's Auto Glass."""
    while True:
        if random.random() < 0.6:
            heads = (
                coined(random, split),
                city(random, split)[0],
                f"{random.choice(lists(split).given_us)}'s",
                "",
            )
            name = f"{random.choice(heads)} {random.choice(_BUSINESS) if random.random() < 0.2 else ''} {random.choice(_TRADE)}"
            name = " ".join(name.split())
            if " " in name and _kept(split, name):
                return name
            continue
        words = random.sample(_BUSINESS, random.choice((2, 2, 2, 3)))
        name = " ".join(words) + random.choice(("", "", "", ", Inc", " Co", " Ltd", " LLC"))
        if _kept(split, name):
            return name


def organisation(random: Random, split: str) -> str:
    """Return any named organisation; a third are hospitals."""
    if random.random() < 0.2:
        return business(random, split)
    if random.random() < 0.03:
        return "".join(random.choices("ABCDEFGHIJKLMNOPRSTUVW", k=random.choice((3, 3, 4))))
    x, word = random.random(), coined(random, split)
    if x < 0.34:
        return hospital(random, split)
    if x < 0.62:
        other = coined(random, split)
        return random.choice(
            (
                f"{word} {random.choice(_FIRM)}",
                f"{word} {random.choice(_FIRM)}",
                f"{word} & {other}",
                f"{word}, {other} and {coined(random, split)}",
                f"{word} {other} {random.choice(_FIRM)}",
                f"{word}-{other} {random.choice(_FIRM)}",
            )
        )
    if x < 0.78:
        here = city(random, split)[0] if random.random() < 0.4 else word
        return random.choice(
            (
                f"{here} {random.choice(_SCHOOL)}",
                f"{here} {random.choice(_SCHOOL)}",
                f"University of {here}",
                f"{word} {random.choice(_SCHOOL)}",
            )
        )
    if x < 0.9:
        return f"{random.choice((word, city(random, split)[0], 'First', 'Holy Trinity', 'Grace', 'Calvary', f'St. {random.choice(_SAINTS)}'))} {random.choice(_CHURCH)}"
    if x < 0.96:
        return f"{word} {random.choice(('Insurance', 'Mutual', 'Health Plan', 'Life', 'Assurance', 'Blue', 'Care', 'HMO', 'Benefit Fund'))}"
    return word + random.choice(
        ("soft", "ly", "tech", "ify", "net", "air", "bank", "mart", "pay", "lab", "works")
    )
