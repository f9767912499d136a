"""English names, places and institutions of the benchmark, one set per style; all people are invented."""


def _words(packed: str) -> list[str]:
    """Split a list of words; an underscore stands for a blank within one."""
    return [word.replace("_", " ") for word in packed.split()]


SURNAMES = {
    "academic": _words(
        "Abernathy Okonkwo Castellanos Huang Rourke Delacroix Patel Whitfield Nakamura Brandt Osei Vasquez Lindqvist Thornton Mbeki Kowalczyk Farrow Siddiqui Hendricks Yoon Callahan Price Marsh Bell Rose"
    ),
    "community": _words(
        "Ruiz Dubois Hargrove Tran Baptiste Novotny Stokes Pham Eldridge Mancini Gutierrez Prewitt Agarwal Sorensen Tibbs Hoang Ledbetter Vang Crouch Zamora Wood Banks Young Long Little"
    ),
    "held": _words(
        "Achterberg Quispe Thibodeaux Ngata Van_der_Meulen McIlhenny O'Shaughnessy Balogun De_Santis Yamashiro Fitzgerald-Crane Begay Hollingsworth Krishnamurthy Dzhugashvili Pettibone Laurent Ibrahimovic St._Cyr Winters Frank Grace Moody Case"
    ),
}
GIVEN = {
    "academic": {
        "m": _words("Desmond Raymond Arjun Theodore Luis Kwame Gregory Hiroshi Calvin Anton Bilal Everett"),
        "f": _words("Lorraine Priya Beatriz Adaeze Claudia Mei Harriet Fatima Ingrid Denise April June"),
    },
    "community": {
        "m": _words("Earl Hector Randy Duc Terrence Vinny Dale Marcel Wade Jesús Otis Clint"),
        "f": _words("Darlene Rosalba Tammy Linh Yolanda Bobbie Jolene Kavita Faye Maribel Hope Dawn"),
    },
    "held": {
        "m": _words("Ambrose Tupac Étienne Wiremu Cornelis Fergus Cormac Babatunde Dante Kenji Atticus Will"),
        "f": _words(
            "Philippa Saoirse Oluwaseun Giulia Naomi Clementine Dezbah Lakshmi Nino Marguerite Joy Ruth"
        ),
    },
}
# town, state, ZIP head, streets
PLACES = {
    "academic": [
        ("Worcester", "MA", "016", "Salisbury Street;Park Avenue;Lovell Road"), ("Ann Arbor", "Michigan", "481", "Packard Street;Washtenaw Ave;Dexter Rd"),
        ("Durham", "NC", "277", "Broad Street;Hillandale Road;Fayetteville St"), ("Rochester", "New York", "146", "Elmwood Avenue;Goodman Street South;Monroe Ave"),
        ("Pittsburgh", "PA", "152", "Forbes Avenue;Murray Ave;Beechwood Boulevard"),
    ],
    "community": [
        ("Lubbock", "TX", "794", "34th Street;Slide Road;Quaker Ave"), ("Modesto", "CA", "953", "Sylvan Ave;Tully Road;Oakdale Rd"),
        ("Dothan", "Alabama", "363", "Westgate Parkway;Fortner Street;S Oates St"), ("Yakima", "WA", "989", "Summitview Ave;Tieton Drive;N 16th Ave"),
        ("Muncie", "IN", "473", "Wheeling Avenue;McGalliard Road;Tillotson Ave"),
    ],
    "held": [
        ("Houma", "Louisiana", "703", "Bayou Gardens Blvd;Grand Caillou Road;Barrow Street"), ("Gallup", "NM", "873", "Boardman Drive;Aztec Avenue;Nizhoni Blvd"),
        ("Montpelier", "VT", "056", "Towne Hill Road;Barre Street;Terrace Street"), ("Hilo", "Hawaii", "967", "Kinoole Street;Waianuenue Avenue;Kaumana Dr"),
        ("Bozeman", "Montana", "597", "Durston Road;Kagy Boulevard;Sourdough Rd"),
    ],
}  # fmt: skip
HOSPITALS = {
    "academic": ("Lakeshore University Hospital", "Harlan-Pruitt Medical Center", "Worcester Memorial Hospital", "Beaumont Hall Children's Hospital", "Tri-Rivers Cancer Institute", "Duke Street Pavilion"),
    "community": ("Mesa Verde Community Hospital", "St. Brendan's ER", "Hargis County Regional", "Wheeling Ave Urgent Care", "Good Shepherd of Dothan", "Valley Oaks Surgery Center"),
    "held": ("Terrebonne Bayou Hospice", "Red Mesa Indian Health Center", "Green Mountain Veterans Home", "Kaumana Family Practice", "Gallatin Spine & Joint Clinic", "Sisters of Charity Infirmary", "Sourdough Creek Rehab"),
}  # fmt: skip
FIRMS = {
    "academic": (
        "Norcross Precision Tooling",
        "Packard Street Elementary School",
        "Vertex Lane Consulting LLC",
    ),
    "community": ("Plains Cotton Gin", "Yakima Fruit Packers", "Big Jim's Auto Body"),
    "held": (
        "Morgan City Shipyard",
        "Montpelier Free Press",
        "Two Medicine Outfitters",
        "Hilo Macadamia Co-op",
    ),
}
INSURERS = ("Medicare", "Medicaid", "Aetna", "Blue Cross", "Humana")
JOBS = ("teacher", "retired welder", "truck driver", "nurse", "farmer", "accountant")
