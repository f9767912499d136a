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
    "letters": _words(
        "Achterberg Quispe Thibodeaux Ngata Van_der_Meulen McIlhenny O'Shaughnessy Balogun De_Santis Yamashiro Fitzgerald-Crane Begay Hollingsworth Krishnamurthy Dzhugashvili Pettibone Laurent Ibrahimovic St._Cyr Winters Frank Grace Moody Case"
    ),
    "group": _words(
        "Johnson Johnson Johnson Johnson Anderson Anderson Anderson Anderson Olson Olson Olson Olson Peterson Peterson Peterson Nelson Nelson Nelson Larson Larson Miller Miller Miller Smith Smith Smith Schmidt Schmidt Thompson Martin Hanson Jensen Schroeder Meyer Meyer Wagner Kowalski Murphy Kelly Sullivan O'Rourke Hernández García Lopez Ramirez de_la_Cruz Abdi Abdi Hassan Mohamud Warsame Xiong Lor Moua Nguyen Le Kim Patil Raghunathan Al-Khatib Okafor Tesfaye Wojciechowski von_Ruden van_den_Heuvel Peterson-Reyes Whitecloud McDonough Fitzpatrick Bjornstad Haugen Lindahl Dvorak Svoboda Park Stone Day Snow Bass Berg Beck Pfeiffer Rasmussen Washington Jackson Brown White Green Rivera Petrov Haddad Nowak Hill Rich"
    ),
    "held": _words(
        "Garza Garza Garza Garza Martinez Martinez Martinez Martinez Rodriguez Rodriguez Rodriguez Gonzales Gonzales Gonzales Williams Williams Williams Williams Davis Davis Davis Jones Jones Jones Nguyen Nguyen Nguyen Smith Smith Johnson Johnson Robinson Robinson Harris Harris Cantu Cantu Treviño Longoria De_León De_Los_Santos Villarreal Zapata Cavazos Ybarra Vu Bui Dang Ngo Vo Ly Taylor Thomas Lewis Walker Hall Allen King Wright Scott Janak Hrncir Kubena Krenek Pustejovsky Marek Orsak Koenig Hahn Kainer Schoenfeld Weber Adeyemi Eze Nwosu Chukwu Momin Charania Lakhani Reddy Iyer Dela_Rosa Bautista Macaraeg Love Sharp Church Gray Crow Fields Lane Waters Glass Cook Bush Rice Pickens Swan English Shelby O'Neal D'Angelo McNeil McCoy St._Clair LeBlanc Garza-Wells Ortiz-Lee Ng Burleson Guidry Ochoa Salas Flores"
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
    "letters": {
        "m": _words("Ambrose Tupac Étienne Wiremu Cornelis Fergus Cormac Babatunde Dante Kenji Atticus Will"),
        "f": _words(
            "Philippa Saoirse Oluwaseun Giulia Naomi Clementine Dezbah Lakshmi Nino Marguerite Joy Ruth"
        ),
    },
    "group": {
        "m": _words(
            "James Robert Michael David Gary Dennis Steven Mark Erik Tyler Ethan Noah Mohamed Abdirahman Tou Carlos José Miguel Vinh Rajesh Leif Harold Wayne Chester Roy Darnell Owen Caleb Stanley Dean Jack Austin"
        ),
        "f": _words(
            "Mary Linda Barbara Karen Susan Deborah Kari Ashley Emily Madison Amina Hodan Mai Pa_Houa María Guadalupe Thuy Sunita Solveig Betty Doris Arlene Ardis Joyce Jean Faith Sophie Brittany LaToya Hannah Irene Violet"
        ),
    },
    "held": {
        "m": _words(
            "William Charles Joseph Thomas Kenneth Ricardo Juan Jorge Arturo Reynaldo Gilbert Felipe Rubén Trung Hieu Quang Emeka Chidi Salim Nizar Imran Sanjay Travis Cody Colton Hunter Chase Trey Roosevelt Cleveland Jamal Marquis Jerome Leroy Bubba Royce Vernon Alvin Frankie Rex Ángel Juan_Carlos J.D. Billy_Ray"
        ),
        "f": _words(
            "Patricia Jennifer Elizabeth Dorothy Helen Margaret Norma Gloria Sylvia Yesenia Leticia Maricela Consuelo Dolores Araceli Esperanza Ngoc Hanh Bich Lan Ngozi Ifeoma Shamim Zainab Lakeisha Tamika Shanice Ebony Precious Crystal Amber Autumn Summer Destiny Brandi Kaylee Peggy Wanda Earlene Opal Pearl Victoria Mary_Ann Ma._Teresa"
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
    "letters": [
        ("Houma", "Louisiana", "703", "Bayou Gardens Blvd;Grand Caillou Road;Barrow Street"), ("Gallup", "NM", "873", "Boardman Drive;Aztec Avenue;Nizhoni Blvd"),
        ("Montpelier", "VT", "056", "Towne Hill Road;Barre Street;Terrace Street"), ("Hilo", "Hawaii", "967", "Kinoole Street;Waianuenue Avenue;Kaumana Dr"),
        ("Bozeman", "Montana", "597", "Durston Road;Kagy Boulevard;Sourdough Rd"),
    ],
    "group": [
        ("Northfield", "MN", "550", "Division Street S;Maple Street;Woodley St W"), ("Red Wing", "Minnesota", "550", "W 7th Street;Bluff Street;Pioneer Road"),
        ("Decorah", "Iowa", "521", "Water Street;Montgomery Ave;Locust Road"), ("La Crosse", "WI", "546", "Losey Blvd S;Cass Street;State Road 16"),
        ("Austin", "MN", "559", "4th Ave NW;Oakland Ave W;12th Street SW"), ("Mankato", "MN", "560", "Stoltzman Road;Glenwood Ave;Riverfront Drive"),
    ],
    "held": [
        ("Victoria", "TX", "779", "N Laurent St;Houston Hwy;Salem Road"), ("Port Lavaca", "Texas", "779", "Half League Road;Virginia Street;FM 1090"),
        ("Bay City", "TX", "774", "Avenue F;Nichols Ave;FM 2668"), ("El Campo", "TX", "774", "W Jackson St;County Road 406;Mechanic St"),
        ("Cuero", "Texas", "779", "E Broadway;Esplanade St;Hwy 87 N"), ("Palacios", "TX", "774", "Tres Palacios Ave;Duson Ave;State Hwy 35"),
        ("Edna", "TX", "779", "Apollo Dr;E Main St;County Road 308"),
    ],
}  # fmt: skip
HOSPITALS = {
    "academic": ("Lakeshore University Hospital", "Harlan-Pruitt Medical Center", "Worcester Memorial Hospital", "Beaumont Hall Children's Hospital", "Tri-Rivers Cancer Institute", "Duke Street Pavilion"),
    "community": ("Mesa Verde Community Hospital", "St. Brendan's ER", "Hargis County Regional", "Wheeling Ave Urgent Care", "Good Shepherd of Dothan", "Valley Oaks Surgery Center"),
    "letters": ("Terrebonne Bayou Hospice", "Red Mesa Indian Health Center", "Green Mountain Veterans Home", "Kaumana Family Practice", "Gallatin Spine & Joint Clinic", "Sisters of Charity Infirmary", "Sourdough Creek Rehab"),
    "group": ("Bluestem Regional Medical Center", "Cannon Valley Memorial Hospital", "Root River Hospital", "Bluestem Red Wing", "St. Gertrude Lutheran Hospital"),
    "held": ("Matagorda Bay County Hospital", "Lavaca Bend Medical Center", "Navidad Valley Regional", "Citizens Hospital of Cuero", "Sacred Heart of Port Alto", "Karankawa Children's"),
}  # fmt: skip
FIRMS = {
    "academic": (
        "Norcross Precision Tooling",
        "Packard Street Elementary School",
        "Vertex Lane Consulting LLC",
    ),
    "community": ("Plains Cotton Gin", "Yakima Fruit Packers", "Big Jim's Auto Body"),
    "letters": (
        "Morgan City Shipyard",
        "Montpelier Free Press",
        "Two Medicine Outfitters",
        "Hilo Macadamia Co-op",
    ),
    "group": (
        "Hiawatha Turkey Processing",
        "Straight River Tool & Die",
        "Decorah Seed Cooperative",
        "Northfield Middle School",
        "Zumbro Trucking",
    ),
    "held": (
        "Gulf Bend Polymers",
        "Tejano Pipe & Supply",
        "Garcitas Rice Dryers",
        "Janak & Sons Dirt Work",
        "Bayside Cold Storage",
        "Matagorda Shrimp Co.",
    ),
}
INSURERS = ("Medicare", "Medicaid", "Aetna", "Blue Cross", "Humana")
JOBS = ("teacher", "retired welder", "truck driver", "nurse", "farmer", "accountant")
# The styles that keep to one form of date and one value of a kind in a note.
WHOLE = ("group", "held")
# What those have of their own beside the lists: facilities as people shorten them, units, numbers, sites.
SHORT_HOSPITALS = dict(
    zip(HOSPITALS["group"], ("BRMC", "CVMH", "Root River", "Red Wing", "St. Gert's"), strict=True)
) | dict(
    zip(
        HOSPITALS["held"],
        ("MBCH", "Lavaca Bend", "NVR", "Citizens", "Sacred Heart", "Karankawa"),
        strict=True,
    )
)
STATIONS = {
    "group": ("Trinity Ridge Care Center", "Pine Bend Assisted Living", "Whitewater Manor"),
    "held": ("Magnolia Court Nursing & Rehab", "Port Alto Assisted Living", "Casa Navidad"),
}
PRACTICES = {
    "group": ("Minnewashta Orthopaedics", "Southeast Bone & Joint", "Hiawatha Sports Medicine"),
    "held": (
        "Crossroads Medical Group",
        "Coastal Bend Associates",
        "Dos Rios Specialty Clinic",
        "Garcitas Family Clinic",
    ),
}
SCHOOLS = {
    "group": ("Northfield Middle School", "Spring Garden Elementary", "Woodley Street Head Start"),
    "held": ("Chicolete Elementary", "Mitchell Ridge Junior High", "Half League Head Start"),
}
WARDS = {"held": ("3 South", "MICU", "Annex B", "OB 2", "Tele East")}
NUMBERS = {
    "group": {
        "mrn": ("record-number", ("E#######", "########", "BR-######", "#######")), "csn": ("record-number", ("1########", "HAR########")),
        "accession": ("record-number", ("CR-##-######", "S##-#####", "BR##########")), "plan": ("insurance-id", ("8########00", "@@@###@#####", "MN########")),
        "account": ("account-number", ("4########", "##########")), "other": ("other-id", ("########", "#####", "##-####")),
    },
    "held": {
        "mrn": ("record-number", ("MB#######", "00######", "########", "##-##-##")), "csn": ("record-number", ("10########", "F########", "V##########")),
        "accession": ("record-number", ("MB-##-#####", "NV##-###", "########", "CT26#####")), "plan": ("insurance-id", ("5########", "TX@#######", "@@@@########")),
        "account": ("account-number", ("G########", "########", "##-#######")), "other": ("other-id", ("######", "##-####", "####")), "case": ("other-id", ("##-CR-####", "##-#####", "B######", "20######")),
    },
}  # fmt: skip
MAIL = {
    "group": ("gmail.com", "outlook.com", "charter.net", "hotmail.com"),
    "held": ("gmail.com", "aol.com", "sbcglobal.net", "icloud.com"),
}
SITES = {
    "group": ("mychart.bluestemhealth.org/msg", "video.bluestemhealth.org/j", "cvmh-images.net/view"),
    "held": ("mbch.org/pay", "portal.navidadvalley.net/r", "txshots.info/c"),
}
