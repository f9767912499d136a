"""What hospital papers of English-speaking countries add: names of many peoples, short forms, surgeries, townlands.

Guarantee: a family name, a town and a coined word belong to one split only, by the checksums of `names` and
`places_en`. Knows no template.
"""

from functools import cache
from random import Random
from typing import Final

from training.names import Person, is_held, of_split
from training.places_en import city, coined, street, uk_postcode, us_cities, zip_code

# Given names and family names of a people; an underline stands for a space.
_PEOPLES: Final = [
    (
        "Aditi Anil Anjali Arjun Asha Ashok Bhavna Chetan Deepa Deepak Devika Divya Gaurav Geeta Gopal Hari Harpreet Indira Ishaan Jaspreet Jyoti Kamala Karthik Kavita Kiran"
        " Lakshmi Madhuri Mahesh Manjula Meena Mohan Mukesh Nandini Naveen Neha Nikhil Pallavi Pooja Prakash Priya Rahul Rajesh Ramesh Rekha Ritu Rohit Sanjay Savita Shalini"
        " Shankar Shreya Sita Sneha Sridhar Sunita Suresh Swathi Tanvi Uma Usha Vandana Vijay Vikram Vinod Yash",
        "Iyer Nair Menon Pillai Reddy Rao Naidu Gowda Shetty Hegde Kulkarni Deshpande Joshi Patil Shinde Pawar Jadhav Bhosale Mehta Shah Patel Desai Trivedi Chauhan Rathore"
        " Sharma Verma Gupta Agarwal Bansal Mishra Tiwari Dubey Pandey Yadav Chaudhary Malhotra Kapoor Khanna Chopra Sethi Sandhu Dhillon Grewal Sidhu Mukherjee Banerjee Bose"
        " Ghosh Dutta Sengupta Mohanty Panigrahi Subramanian Venkataraman Krishnamurthy Raghunathan Balakrishnan Murugan Selvam Chettiar Fernandes D'Souza Kurian Varghese Chacko",
    ),
    (
        "Ahmed Aisha Ali Amal Amina Amira Bilal Fatima Farah Faisal Hadi Hala Hamza Hassan Huda Hussein Ibrahim Iman Jamal Karim Khadija Khalid Layla Leila Mahmoud Mariam Maryam"
        " Mohammed Muhammad Mustafa Nadia Noor Nour Omar Osama Rami Rania Rashid Salim Salma Samir Sana Tariq Walid Yasmin Yousef Zainab Zahra Abdul_Rahman Abdullah",
        "Al-Sayed Al-Masri Al-Khatib Al-Rashid al-Hashimi El-Amin El_Sayed Haddad Khoury Mansour Nasser Saleh Siddiqui Qureshi Malik Hussain Chowdhury Rahman Begum Iqbal Akhtar Bibi"
        " Mirza Sheikh Shaikh Ansari Farooqi Hamid Habib Abbas Aziz Barakat Darwish Fawzi Ghanem Hijazi Issa Jabbar Kassem Latif Mahdi Najjar Othman Qasim Sabbagh Tahan Younis Zaman",
    ),
    (
        "Adebayo Adaeze Amaka Abiola Ayodele Babatunde Bola Chiamaka Chidi Chinedu Chioma Damilola Ebere Efe Emeka Femi Folake Funmilayo Ifeoma Ikenna Kehinde Kelechi Kemi Ngozi"
        " Nneka Nkechi Obinna Olu Olumide Oluwaseun Onyeka Sade Segun Taiwo Temitope Tobi Tunde Uche Yetunde Zainab Musa Sani Halima Hauwa Blessing Godwin Sunday Goodness Precious",
        "Adeyemi Adebisi Adeleke Afolabi Akande Akinola Ajayi Balogun Bello Chukwu Danjuma Eze Ezeh Ekwueme Fashola Ibe Igwe Ikpeazu Iwu Lawal Mbah Nnamdi Nwosu Nwachukwu Obi Odukoya"
        " Ogunleye Ojo Okafor Okeke Okonkwo Okoro Oladipo Olaniyan Onyekachi Osagie Oyelaran Shittu Soyinka Udo Umeh Uzoma Yakubu Abubakar Garba Suleiman Onwudiwe",
    ),
    (
        "Achieng Akinyi Atieno Baraka Chebet Juma Kamau Kipchoge Kiprono Mumbi Muthoni Mwangi Njeri Nyambura Odhiambo Otieno Wairimu Wambui Wanjiku Wanjiru Zawadi Kwame Kofi Ama"
        " Abena Akosua Yaw Esi Kwabena Thandiwe Sipho Nomvula Lindiwe Themba Zanele Bongani Farai Tendai Rudo Chipo",
        "Kariuki Kimani Kiplagat Korir Macharia Maina Mutua Mwangi Ndungu Njoroge Ochieng Odinga Oduya Omondi Onyango Ouma Wafula Wekesa Cheruiyot Rotich Asante Boateng Mensah Owusu"
        " Agyeman Appiah Amoah Darko Ofori Acheampong Dlamini Khumalo Mbeki Mkhize Ndlovu Nkosi Sithole Zulu Moyo Ncube Chikwanda Mutasa Banda Phiri Tembo",
    ),
    (
        "Linh Huong Lan Mai Thuy Trang Phuong Hoa Nga Ngoc Minh Tuan Dung Hung Quang Duc Long Thanh Hai Khanh Bao Anh Van_Anh Thi_Hoa Van_Hung",
        "Nguyen Tran Le Pham Huynh Hoang Phan Vu Vo Dang Bui Do Ho Ngo Duong Ly Truong Dinh Luong Trinh Cao",
    ),
    (
        "Agnieszka Andrzej Anna Barbara Bartosz Dariusz Ewa Grzegorz Halina Iwona Jadwiga Jan Jerzy Joanna Kasia Krzysztof Magda Malgorzata Marek Maciej Piotr Pawel Stanislaw Tomasz Wojciech Zofia"
        " Oksana Olena Bohdan Taras Iryna Dmytro Svetlana Natalia Sergei Vladimir Yuri Ludmila Galina Mihai Ioana Andrei Elena Zoltan Ildiko Milan Jelena Goran Dragana",
        "Kowalski Kowalczyk Nowak Wisniewski Wozniak Kaminski Lewandowska Zielinski Szymanska Dabrowski Kozlowski Jankowska Mazur Krawczyk Piotrowski Grabowska Pawlak Michalska Nowicki Wrobel"
        " Shevchenko Kovalenko Bondarenko Tkachenko Petrov Ivanova Volkova Popescu Ionescu Dumitru Nagy Szabo Horvat Jovanovic Petrovic Novotny Svoboda Dvorak",
    ),
    (
        "Aroha Hemi Hine Hinemoa Hohepa Kahu Kiri Manaia Mere Mereana Moana Ngaire Ngaio Piripi Pania Rangi Rawiri Tama Tane Tui Wiremu Whetu Sione Sina Tavita Lupe Mele Semisi Ana Losa Fetu Viliami Salote",
        "Parata Ngata Te_Rangi Te_Kanawa Tamihana Tawhiri Waititi Wikitera Paewai Pomare Rapata Ruru Tuhoe Hohaia Henare Kawhia Matenga Ranginui Takerei Tuilagi Faleolo Leota Taufa Fonua Vaea Latu Tupou Sopoaga Malietoa Tuivasa",
    ),
    (
        "Aoife Aisling Brid Brendan Bridie Cian Ciara Cillian Colm Conor Cormac Declan Deirdre Dermot Diarmuid Eamon Eilis Eoin Fergal Fiona Finbarr Fionnuala Grainne Liam Maeve Mairead Maire Niamh Noirin Nuala"
        " Oisin Padraig Paddy Roisin Ronan Saoirse Seamus Sean Siobhan Sinead Sile Tadhg Una Gethin Rhys Eluned Carys Dilys Hywel Morag Hamish Ewan Catriona Fraser Alasdair",
        "O'Shea O'Driscoll O'Sullivan O'Leary O'Rourke O'Dowd O'Hara Ní_Bhriain Ó_Murchú McGrath McGuinness McCafferty McNamara McElwee McInerney MacCarthy Mac_Giolla Gallagher Doherty Kinsella Breathnach"
        " Geraghty Heffernan Hegarty Keogh Lenihan Mulcahy Mulligan Nolan Prendergast Quirke Rafferty Tuohy Twomey Fitzgibbon Fitzmaurice Llewellyn Gwynne Prosser Bevan Macleod MacAskill Urquhart Dalgleish Farquharson",
    ),
    (
        "Alejandra Alejandro Carlos Carmen Consuelo Diego Dolores Eduardo Esperanza Esteban Fernando Guadalupe Hector Ignacio Javier Jesus Jorge Jose_Luis Juana Juan_Carlos Lourdes Luz Manuel Maria_Elena Maria Marisol Miguel"
        " Paloma Pilar Ramon Rosario Salvador Soledad Xiomara Joao Luiz Thiago Beatriz Inês Rosalinda Jun Jomar Marivic Rowena Lito",
        "Aguilar Alvarado Castillo Cervantes Contreras De_La_Cruz de_la_Rosa Del_Rio Delgado Espinoza Fuentes Galindo Garza-Ruiz Guerrero Hernandez-Lopez Ibarra Jimenez Lopez-Garcia Maldonado Montoya Navarro Ochoa Orozco"
        " Pacheco Quintero Ramirez Rios-Vega Salazar Sandoval Solis Trujillo Valenzuela Villanueva Zamora Silva Pereira da_Silva dos_Santos Carvalho Macapagal Dimaculangan Magsaysay Bautista Pangilinan Catacutan Dalisay",
    ),
    (
        "Jae-won Ji-hye Min-ji Soo-jin Sung-min Hyun-woo Eun-ji Young-ho Kyung-hee Hiroshi Yuki Keiko Takashi Naoko Kenji Haruka Somchai Siriporn Nok Prasert Wayan Putu Dewi Siti Nurul Ahmad Azlan Wei_Ling Mei_Ling Siew_Lan Kok_Wah Boon_Keng Hui_Min",
        "Kim Park Lee Choi Jung Kang Yoon Jang Lim Shin Kwon Tanaka Suzuki Watanabe Yamamoto Kobayashi Fujimoto Nakagawa Ishikawa Wongsakul Srisai Chaiyasit Suryanto Wijaya Santoso binti_Osman bin_Yusof Tan Ong Goh Ng Koh Teo Chua Sim Yeo Toh Seah",
    ),
    (
        "Abdi Ayaan Hodan Ifrah Mohamud Nimo Sahra Warsame Yusuf Abebe Almaz Bekele Dawit Hanna Mekdes Selam Tesfaye Tigist Yohannes Reza Farideh Parisa Shirin Mehdi Behnam Golnaz Mehmet Ayse Emre Zeynep Murat Fatma Giorgos Eleni Dimitra Kostas Despina",
        "Warsame Farah Hersi Jama Dualeh Abdullahi Gebre Haile Mengistu Tadesse Tekle Woldemariam Hosseini Ahmadi Karimi Rostami Tehrani Moradi Yilmaz Demir Kaya Ozturk Celik Papadopoulos Georgiou Nikolaidis Andreou Katsaros Economou",
    ),
    (
        "Giulia Marco Francesca Antonio Rosaria Salvatore Pieter Anneke Joost Maartje Lars Ingrid Bjorn Astrid Solveig Matthias Ursula Hans-Peter Jean-Luc Amélie Marie-Claire Étienne François Zoë Renée Moshe Rivka Chaim Shira Avraham Kalani Leilani Keoni",
        "van_der_Berg van_der_Merwe van_Dyk de_Vries de_Groot van_den_Heuvel du_Plessis Le_Roux Di_Stefano De_Luca Della_Rocca Esposito Ricci Moretti Lindqvist Bergström Sørensen Østergaard Müller Schäfer Weiß von_Arnim St-Pierre Lévesque Tremblay Beauchamp"
        " Desrosiers Goldfarb Rosenzweig Ben-David Teitelbaum Kahananui Kealoha Begay Yazzie Tsosie Whitehorse Two_Bulls",
    ),
]  # fmt: skip
_NICKNAMES: Final = (
    "Bubba Skip Junior Mac Paddy Dot Chip Tex Buddy Sis Biddy Tam Jimbo Bear Red Ace Nan Peg Babs Bunny Dixie Topsy Mick Kit Lolly Bibi Duke Sonny Tink Pop Teddy Birdie Bobo"
    " Nell Dolly Winnie Hattie Gus Hank Rocky Ziggy Chuy Beto Pepe Nacho Lupita Munna Chinna Pinky Sweetie Bashir Nonno Bubs Shaz Daz Baz Gazza Kev Trish Liz Lizzie Bess Meg"
).split()


@cache
def _of(split: str) -> list[tuple[list[str], list[str]]]:
    return [
        (
            [word.replace("_", " ") for word in of_split(given.split(), split, 12)],
            [word.replace("_", " ") for word in of_split(family.split(), split)],
        )
        for given, family in _PEOPLES
    ]


def person_of_many(random: Random, split: str) -> Person:
    """Return a person of one of many peoples, one in eight with two given or two family names."""
    given, family = random.choice(_of(split))
    first, last, middle = random.choice(given), random.choice(family), ""
    x = random.random()
    if x < 0.08:
        middle = random.choice(given)
    elif x < 0.12:
        last += random.choice(("-", " ")) + random.choice(family)
    elif x < 0.24:
        middle = random.choice("ABCDEFGHJKLMNPRSTW") + random.choice((".", ""))
    return Person(first, middle, last)


def charted(random: Random, who: Person) -> str:
    """Return a name as lists and labels print it: LAST, FIRST M; Last,First; F Last; First "Nick" Last."""
    letter = who.middle[:1] or random.choice("ABCDEFGHJKLMNPRSTW")
    return random.choice(
        (
            f"{who.last.upper()}, {who.first.upper()} {letter}",
            f"{who.last.upper()}, {who.first.upper()}",
            f"{who.last.upper()},{who.first.upper()}",
            f"{who.last}, {who.first} {letter}.",
            f"{who.last}, {who.first}",
            f"{who.last}, {who.first[0]}.",
            f"{who.last.upper()}, {who.first}",
            f"{who.last.upper()} {who.first}",
            f"{who.last} {who.first[0]}{letter}",
            f"{who.first[0]} {letter} {who.last}",
            f"{who.first} {letter} {who.last}",
            f"{who.first} {who.last[0]}.",
            f"{who.last} {who.first}",
            f'{who.first} "{nickname(random, who)}" {who.last}',
            f"{who.first} ({nickname(random, who)}) {who.last}",
            f"{who.first} {who.last}",
        )
    )


def nickname(random: Random, who: Person) -> str:
    """Return what friends call somebody."""
    short = who.first.split()[0].split("-")[0]
    return random.choice(
        (
            random.choice(_NICKNAMES),
            random.choice(_NICKNAMES),
            short[:3] if len(short) > 4 else short,
            (short[:3] + "s") if len(short) > 3 else short,
            short[:4].rstrip("aeiou") + random.choice(("ie", "y", "o")) if len(short) > 3 else short + "ie",
        )
    )


def initials(random: Random, who: Person) -> str:
    """Return the letters with which somebody signs, two or three, in capitals or small."""
    letters = who.first[0] + random.choice(("", who.middle[:1], random.choice("ABCDEJLMRST"))) + who.last[0]
    return random.choice((letters.upper(), letters.upper(), letters.lower(), ".".join(letters.upper()) + "."))


# -- places

_SHIRES: Final = (
    "Kerry Clare Mayo Galway Sligo Leitrim Donegal Cavan Monaghan Louth Meath Kildare Laois Offaly Tipperary Limerick Waterford Wexford Carlow Kilkenny Wicklow Longford Roscommon"
    " Antrim Armagh Tyrone Fermanagh Down"
).split()
_REGIONS: Final = (
    "Somerset;Dorset;Devon;Cornwall;Kent;Surrey;Norfolk;Suffolk;Essex;Cumbria;Lancashire;North Yorkshire;Northumberland;Tyne and Wear;Merseyside;Powys;Gwynedd;Dyfed;Fife;Angus;Moray;Lothian;Argyll and Bute"
    ";New South Wales;NSW;Queensland;QLD;Tasmania;Victoria;Western Australia;Northern Territory;Otago;Waikato;Northland;Hawke's Bay;Taranaki;Ontario;Alberta;Manitoba;Nova Scotia;British Columbia;Saskatchewan;Nunavut"
    ";Kerala;Tamil Nadu;Karnataka;Maharashtra;Gujarat;Punjab;Bihar;Uttar Pradesh;West Bengal;Odisha;Enugu State;Ogun State;Kano State;Rivers State;Anambra;Kaduna;Kisumu County;Nakuru;Machakos;Kiambu County;KwaZulu-Natal;Gauteng"
).split(";")  # fmt: skip
_TOWNLAND: Final = (
    "Bally Kil Knock Dun Drum Clon Carrig Derry Lis Rath Inis Tully Glen Ard Cool Mully".split()
)
_TOWNEND: Final = "more beg bawn duff na roe nagh lea kerry ford been gowan keen macross garvan town league shannon moyle lin".split()


def far_place(random: Random, split: str) -> str:
    """Return a county, region, townland, suburb or village."""
    while True:
        townland = random.choice(_TOWNLAND) + random.choice(_TOWNEND)
        shire = random.choice(_SHIRES)
        name = random.choice(
            (
                f"{random.choice(('Co.', 'Co', 'County'))} {shire}",
                random.choice(_REGIONS),
                random.choice(_REGIONS),
                townland,
                f"{townland}, Co. {shire}",
                coined(random, split) + random.choice((" Heights", "ville", " Park", " East", " Junction", " North", " Creek", " Point", "bury")),
                random.choice(("Little ", "Great ", "Upper ", "Nether ", "Market ", "North ", "Lower ", "Port ", "Lake ", "Mount ")) + coined(random, split),
                f"{coined(random, split)} {random.choice(('County', 'Parish', 'LGA', 'district', 'Ward 4', 'taluk', 'Shire'))}",
                city(random, split)[0],
            )
        )  # fmt: skip
        if split == "all" or is_held(name, 8) == (split == "held"):
            return name


def eircode(random: Random) -> str:
    """Return a postcode of Ireland."""
    letters = "ACDEFHKNPRTVWXY"
    tail = "".join(random.choice(letters + "0123456789") for _ in range(4))
    return f"{random.choice(letters)}{random.randint(10, 99)}{random.choice((' ', ' ', ''))}{tail}"


def far_address(random: Random, split: str, between: str) -> str:
    """Return an address of Ireland, Britain, Australia, New Zealand, Canada, India, Africa, or a rural route."""
    r, c = random.randint, random.choice
    road, name = street(random, split), coined(random, split)
    town = city(random, split)[0]
    here, state = c(us_cities(split))
    shire, townland = c(_SHIRES), c(_TOWNLAND) + c(_TOWNEND)
    return c(
        (
            f"{r(1, 90)} {road}{between}{townland}{between}Co. {shire}{between}{eircode(random)}",
            f"{name} House{between}{townland}{between}Co {shire} {eircode(random)}",
            f"{r(1, 40)} {townland} {c(('Park', 'Drive', 'Heights', 'Avenue', 'Estate'))}{c(('', between + town))}",
            f"{r(1, 200)} {road}{between}{town}{between}{uk_postcode(random)}",
            f"{c(('Flat', 'Apt', 'Unit', 'Rm'))} {r(1, 40)}{c('ABC,,,')} {r(1, 200)} {road} {town} {uk_postcode(random)}".replace(",  ", ", "),
            f"{r(1, 200)} {road}, {uk_postcode(random)}",
            f"{name} Cottage, {road}{between}{town}{between}{uk_postcode(random)}",
            f"{r(1, 30)}/{r(1, 300)} {road}{between}{name} {c(('NSW', 'VIC', 'QLD', 'WA', 'SA', 'TAS', 'NT', 'ACT'))} {r(800, 7999):04d}",
            f"{r(1, 400)} {road}, RD {r(1, 9)}{between}{town} {r(100, 9899):04d}",
            f"Lot {r(1, 90)} {road}{between}{name} {c(('NSW', 'VIC', 'QLD'))}",
            f"{r(1, 900)} {road} {c(('NW', 'SE', 'W', 'E', ''))}{between}{town} {c(('ON', 'AB', 'BC', 'MB', 'NS', 'SK'))} {c('KLMNVTH')}{r(1, 9)}{c('ABCEGH')} {r(1, 9)}{c('ABCEGH')}{r(1, 9)}",
            f"Flat {r(101, 1204)}, {name} {c(('Residency', 'Towers', 'Enclave', 'Apartments'))}, {road}{between}{town} - {r(110, 799)} {r(1, 99):03d}",
            f"#{r(1, 300)}, {r(1, 20)}th {c(('Main', 'Cross'))}, {name} {c(('Nagar', 'Layout', 'Colony', 'Puram'))}{between}{town} {r(110001, 799999)}",
            f"D.No {r(1, 60)}-{r(1, 30)}-{r(1, 99)}, near {name} temple{between}{town}",
            f"Vill. {name}, P.O. {townland}, Dist. {town} {r(110001, 799999)}",
            f"{r(1, 90)} {name} Street, off {road}{between}{c(('Surulere', 'Ikeja', 'Yaba', 'Ajah'))}, Lagos",
            f"P.O. Box {r(10, 9999)}-{r(100, 90100):05d}{between}{town}",
            f"Plot {r(1, 900)}, {road}{between}{town}",
            f"Blk {r(1, 900)}{c('ABC ')} {name} {c(('Ave', 'St', 'Drive'))} {r(1, 90)} #{r(1, 25):02d}-{r(1, 900)} S({r(100000, 829999)})".replace("  ", " "),
            f"RR {r(1, 9)} Box {r(1, 400)}{c(('', between + f'{here}, {state} {zip_code(random)}'))}",
            f"{c(('HC', 'RFD', 'RR #'))} {r(1, 90)}, Box {r(1, 400)}{between}{here} {state}",
            f"{r(100, 29999)} {c(('County Road', 'CR', 'State Hwy', 'US Hwy', 'FM', 'Route', 'Rte', 'Hwy'))} {r(2, 980)}{c(('', ' N', ' #' + str(r(1, 40))))}{c(('', between + f'{here}, {state}'))}",
            f"{r(100, 9999)} {road} {c(('#', 'apt ', 'Apt ', 'unit ', 'Trlr ', 'Spc '))}{r(1, 400)}{c(('', ' ' + here))}",
        )
    )  # fmt: skip


# -- organisations

_SURGERY: Final = (
    "Surgery;Medical Practice;Health Centre;Family Practice;Group Practice;Medical Centre;GP Clinic;Primary Care Centre;Doctors;Partnership;Polyclinic;Family Doctors;Walk-in Centre;Aboriginal Medical Service;"
    "Primary Health Centre;Maternity Home;Dispensary;Community Health Center;FQHC;Pediatric Associates;Women's Health;Family Health Team;Medical Clinic"
).split(";")
_HOUSE: Final = (
    "NHS Foundation Trust;NHS Trust;University Hospitals NHS Trust;Health Board;Teaching Hospital;General;District General Hospital;Base Hospital;Health Service;Local Health District;Regional Hospital;Area Hospital;"
    "County Referral Hospital;Level 5 Hospital;Mission Hospital;Multispeciality Hospital;Institute of Medical Sciences;Specialist Hospital;Federal Medical Centre;State Hospital;Community Hospital;Critical Access Hospital;"
    "University Hospital;Maternity Hospital;Eye Hospital;Nursing Home;Care Centre;Rest Home;Residential Care;Medical Center;Regional;Memorial;Health;Kidney Center;Transplant Center;Burn Center;Trauma Center;Hospital Foundation"
).split(";")
_BODY: Final = (
    "Women's Aid;Carers Trust;Council;Borough Council;County Council;Police;Sheriff;Fire and Rescue;Ambulance Service;County EMS;Children's Services;County CPS;County DHS;Housing Trust;Housing Association;Mission;Refuge;Food Pantry;"
    "Counselling;Counseling Center;Recovery House;Advocacy;Legal Aid Society;Probation Service;Magistrates' Court;Crown Court;District Court;Family Court;Coroner's Office;Correctional Centre;Prison;Detention Center;Youth Justice Centre;"
    "Primary School;National School;Secondary School;High;Elementary;ISD;Academy;Montessori;Day Care;Nursery;College;Community College;Men's Shed;Legion Post {n};Lodge;Temple;Gurdwara;Mosque;Parish;Church;Marae;Health Trust;Kindergarten;"
    "Diagnostics;Laboratories;Labs;Pathology;Reference Laboratory;Imaging;Genetics;Tissue Bank;Eye Bank;Blood Service;Pharmacy;Pharmacy #{n};Drug;Drugs #{n};Chemist;Chemists;Compounding;Infusion;Oxygen;Medical Supply;Orthotics;Prosthetics;"
    "Health Plan;Mutual;Insurance;Assurance;Advantage;HMO;Benefit Trust;Workers Comp Fund;Casualty;Life;TPA;Claims Services;Home Care;Home Health;Hospice;Palliative Care;Visiting Nurses;Meals on Wheels;Taxi;Patient Transport;Interpreting;"
    "Steel;Foods;Freight;Logistics;Meats;Dairy Co-op;Mine;Colliery;Shipyard;Builders;Contracting;Roofing;Cleaning Services;Security;Bus Company;Bakery;Hotel;Farms;Station;Sugar Mill;Cotton Gin;Garments;Textile Mills;Oilfield Services"
).split(";")


def far_org(random: Random, split: str, kind: str) -> str:
    """Return a surgery (`gp`), a trust or hospital (`house`), or any other body, by a name of one split."""
    table = {"gp": _SURGERY, "house": _HOUSE, "": _BODY}[kind]
    while True:
        what = random.choice(table).replace("{n}", str(random.randint(12, 9999)))
        word = coined(random, split)
        x = random.random()
        if x < 0.5:
            name = f"{word} {what}"
        elif x < 0.72:
            name = f"{city(random, split)[0]} {what}"
        elif x < 0.8:
            name = f"The {word} {what}"
        elif x < 0.88:
            name = f"{random.choice(('North', 'South', 'East', 'West', 'Mid', 'Royal', 'St', 'Mount', 'Greater', 'Old', 'New'))} {word} {what}"
        elif x < 0.94:
            name = f"{word} & {random.choice((coined(random, split), 'District', 'Sons', 'Partners'))} {what}"
        elif kind == "house":
            name = random.choice(
                (
                    f"NHS {city(random, split)[0]}",
                    f"Te Whatu Ora {word}",
                    f"HSE {city(random, split)[0]}",
                    f"Our Lady's Hospital, {city(random, split)[0]}",
                    f"{word} Royal Infirmary",
                    f"VA {word}",
                )
            )
        else:
            name = f"{what} of {word}" if " " not in what else f"{what}, {word}"
        if split == "all" or is_held(name, 8) == (split == "held"):
            return name  # fmt: skip


def short_house(random: Random, split: str) -> tuple[str, str]:
    """Return how staff call a hospital, with the article that stands before it: "the " and "Royal", "" and "St V's"."""
    while True:
        word, town = coined(random, split), city(random, split)[0]
        article, name = random.choice(
            (
                ("", f"St {random.choice(('A', 'B', 'C', 'E', 'F', 'G', 'J', 'M', 'P', 'V', 'Vin', 'Cath', 'Bart', 'Mick', 'Jim', 'Geo', 'Lukes', 'Annie', 'Marg', 'Col', 'Pat'))}'s"),
                ("", f"St. {random.choice(('Joe', 'Vinny', 'Luke', 'Mary', 'Al', 'E', 'Pat', 'Mike', 'Kit', 'Barts'))}{random.choice(('s', chr(39) + 's'))}"),
                ("", "".join(random.choices("ABCDEGHJKLMNPRSUVW", k=random.choice((1, 2, 2)))) + random.choice(("GH", "MC", "H", "UH", "LH", "RI", "VA", "CH", "HSC", "MH", "UMC", "RH"))),
                ("the ", random.choice(("Royal", "Mercy", "Infirmary", "Mater", "Royal " + town, "Royal Vic", "QE", "General", word, "Northern", "Rotunda", "Vic", "Alfred", "John Rad", "County General", "Queens"))),
                ("", random.choice(("Mercy", "Methodist", "Baptist", "Providence", "Sinai", "Regional", "Sacred Heart", "Good Sam", "Presby", "Kaiser", "Deaconess", "Bethesda", "Lutheran", "Ascension"))),
                ("", f"{word} {random.choice(('Gen', 'Gen.', 'Mem', 'Mem.', 'Reg', 'Med', 'Comm', 'Univ', 'Peds', 'Hosp', 'Hosp.', 'Med Ctr', 'Rehab', 'SNF', 'ED', 'UC', 'VA', 'House', 'Manor', 'Royal'))}"),
                ("", f"{town} {random.choice(('Gen', 'Gen.', 'Mem', 'General', 'Royal', 'Reg', 'Kids', 'Peds', 'City', 'Univ', 'Hosp', 'Med Ctr', 'UC'))}"),
                ("", f"U of {word[0]}"),
                ("", f"{word}"),
            )
        )  # fmt: skip
        if len(name) > 2 and (split == "all" or is_held(name, 8) == (split == "held")):
            return article, name


# -- dates


def quick_date(random: Random) -> tuple[str, str, str]:
    """Return a date as hurried people write it, with what stands before and after it and is no part of it."""
    y, m, d = random.randint(1999, 2027), random.randint(1, 12), random.randint(1, 28)
    name = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[m - 1]
    long = "January February March April May June July August September October November December".split()[
        m - 1
    ]
    nth = {1: "1st", 2: "2nd", 3: "3rd", 21: "21st", 22: "22nd", 23: "23rd"}.get(d, f"{d}th")
    day = random.choice(("Mon", "Tue", "Wed", "Thurs", "Fri", "Sat", "Sunday", "Monday", "Friday"))
    return random.choice(
        (
            ("", f"{nth} of {long}", ""), ("the ", f"{nth} of {long} {y}", ""), ("", f"{d:02d}.{m:02d}.{y % 100:02d}", ""), ("", f"{d}.{m}.{y % 100:02d}", ""), ("", f"{m}/{d}", ""),
            ("", f"{m}-{d}-{y % 100:02d}", ""), ("", f"{y}-{m:02d}-{d:02d}", f"T{random.randint(0, 23):02d}:{random.randint(0, 59):02d}"), ("", f"{name}-{d}", ""), ("the ", nth, ""), ("", f"{d}/{name}/{y}", ""),
            ("", f"{d:02d}{name.upper()}{y % 100:02d}", ""), (day + " ", f"{m}/{d}", ""), (day + " ", f"{d} {name}", ""), (day + ", ", f"{long} {d}", ""), ("", f"{name} '{y % 100:02d}", ""), ("", f"{long} {y}", ""),
            ("", f"{name} {d}", ""), ("", f"{d} {name} {y % 100:02d}", ""), ("", f"{d}/{m}/{y % 100:02d}", ""), ("", f"{nth} {name}", ""), ("", f"'{y % 100:02d}", ""), ("", f"{y}", ""), (random.choice(("spring ", "summer ", "fall ", "winter ", "early ", "late ")), f"{y}", ""),
            ("", f"{d:02d}/{m:02d}/{y}", f" {random.randint(0, 23):02d}:{random.randint(0, 59):02d}"), ("", f"{m:02d}/{d:02d}/{y % 100:02d}", f" {random.randint(0, 23):02d}{random.randint(0, 59):02d}"), ("", f"{name} {nth}", ""), ("", f"{d}-{name}", ""), ("", f"{y}{m:02d}{d:02d}", ""),
        )
    )  # fmt: skip
