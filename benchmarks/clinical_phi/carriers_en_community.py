"""English style "community": telegraph-like clinic, emergency, radiology and nursing notes."""

DOCUMENTS = (
    ("clinic", "brief*4-7", "find*3-5", "do*3-5", "by"),
    ("triage", "er*4-7", "find*2-4", "do*2-3", "by"),
    ("radiology", "film*3-6", "by"),
    ("shift", "nurse*5-9", "by"),
    ("face", "line*7-12", "brief*2-3", "by"),
)
POOLS = {
    "clinic": ("{date} {hospital}\n{name:c} / {mf} / {age} / #{mrn}\n", "OV {date}  pt {name}  dob {born}\n", "{name:m}  MRN{mrn}  seen {date}\n"),
    "triage": ("ER TRIAGE {date} {time}\n{name:c} DOB {born} acct {account}\n", "EMS run {date} unit {plate} -> {hospital}\n"),
    "radiology": ("{hospital} RADIOLOGY\nPT: {name:c}  ID {mrn}  DOS {date}\nORD: {dr1:i}\n", "XR/CT REPORT acc# {accession}\nname {name:m} dob {born}\n"),
    "shift": ("NURSING NOTES rm {room} {name:l}\n", "Shift report {date} {ward} {dr0:f} to {dr1:f}\n"),
    "face": ("FACE SHEET  {hospital}\n", "Registration / {hospital} / printed {date} {time}\n"),
    "brief": (
        "drinks [w:Dr Pepper] [l:{n:2-6} cans]/d, [w:Jack] cheese only. ", "[w:Virginia creeper] rash. [w:Christmas] tree pattern. ", "c/o cough [t:x {n:2-9}d], [w:green] sputum, chills. ", "L knee pain [t:3 wks], fell at {firm}. ", "here w/ wife {kin}, she does the talking. ", "BP at home [l:{n:140-180}s/{n:80-100}s], ran out of [d:Zestril] [t:1 mo]. ", "last seen {md:-90..-20} by {dr1:l}. ", "went to {other_hospital} {date:-20..-5}, told [w:may] be [e:Lyme]. ", "wants [d:Norco] refill, [w:case] mgr {dr2} aware. ", "IDDM [t:x {n:5-20} yrs], [d:Lantus] [l:{n:10-60}u] qhs. ", "hx [e:Bell's palsy], [e:Raynaud's], [e:Meniere]. ", "lives alone in {town}, son {kin2} checks in. ", "LMP {md:-40..-10}, G{n:1-4}P{n:0-3}. ", "no [w:will] on file. [w:long] talk re wt. ", "denies cp/sob. [w:ROS] neg x above. ",
    ),
    "find": (
        "VS [l:{n:97-102}.{n:0-9}] [l:{n:55-120}] [l:{n:12-26}] [l:{n:95-190}/{n:50-110}]. ", "gen: [w:NAD], pale. ", "lungs w/ rales, heart [w:RRR]. ", "[e:Homans] neg, [e:Lachman] pos, [e:McMurray] equivocal. ", "[e:Murphy] neg. abd soft. ", "pain [s:{n:2-10}/10], GCS [s:15]. ", "UA [l:trace] bld, gluc [l:{n:90-400}], A1c [l:{n:6-13}.{n:0-9}]. ", "EKG sinus, [e:Wolff-Parkinson-White] ruled out. ", "DTRs [s:2+], [e:Tinel] + at wrist. ", "skin: [w:wood] lamp neg, [w:banks] of veins dilated. ",
    ),
    "do": (
        "A/P: URI, [d:Z-Pak] [t:x 5d], rest, fluids. ", "RTC [t:{n:2-8} wks]. ", "refer [p:ortho], Dr {dr3:l} at {other_hospital}, ph {any_phone}. ", "labs {md:1..9}, call pt {phone}. ", "d/w {dr2:i} by phone {time}. ", "Rx called to [?:Walgreens]. ", "[d:Medrol] dosepak, [d:Robaxin] prn. ", "d/c home w/ {kin}. ", "xfer to [g:county hospital] [t:q shift] vs. ", "PT eval, [e:Thompson] splint, f/u {date:5..20}. ", "note faxed {any_phone} attn {dr1}. ", "work note thru {md:2..9}. ",
    ),
    "er": (
        "BIBA from {address}. ", "pt {name:f} found down by {kin}, [t:~{n:10-50} min]. ", "ID by DL {licence}. ", "next of kin {kin2} {kin_phone}, no answer. ", "MVC, other car plate {plate}, VIN {vin}. ", "ETOH, states works at {firm}. ", "[d:Narcan] [l:0.4] given {time}, woke. ", "meds unk; purse has [d:Xanax]. ", "last tetanus {year:-3000..-1000}. ", "{old} yo mother {kin2} at bedside. ", "pt hx per {other_hospital} records, MRN there {csn}. ", "[s:ESI 2], pain [s:{n:1-9}/10]. ", "police report by officer {dr4:l}. ",
    ),
    "film": (
        "COMPARISON: {date:-700..-100}, {other_hospital}.\n", "TECHNIQUE: [l:5 mm] axial cuts, [d:Omnipaque] [l:{n:60-120} ml].\n", "FINDINGS: hazy opacity RLL [l:{n:8-30} mm], [e:Kerley] B lines.\n", "[e:Schmorl] node L{n:1-5}. [e:Baker] cyst. [e:Salter-Harris] [s:II].\n", "[s:BI-RADS {n:1-4}]. [e:Cooper] ligaments intact.\n", "IMPRESSION: likely pneumonia, repeat in [t:{n:4-8} weeks].\n", "Called to Dr. {dr2:l} {time} {md}.\n", "read at home workstation {ip}.\n", "History: {age} {mf}, fall. Req by {dr1}, [?:NP].\n",
    ),
    "nurse": (
        "{time} VSS, resting, call light in reach. -{dr0:i}\n", "{time} [d:Dilaudid] [l:1 mg] IVP for [s:{n:4-9}/10], per {dr2:l}.\n", "{time} dtr {kin} here, cell {kin_phone}.\n", "{time} I&O [l:{n:300-900}/{n:200-900}].\n", "{time} [e:Foley] dc'd, voided [l:{n:100-400}].\n", "{time} moved to rm {room}, {dr3:f} [?:RN] aware.\n", "{time} Braden [s:{n:9-22}], turned [t:q2h].\n", "{time} pump sn {serial} alarming, biomed called {short}.\n", "{time} pt's pastor {kin2} visited, [w:grace] said.\n", "{time} Dr {dr1:l} paged [s:x2] at {any_phone}.\n", "{time} blood unit checked {dr3:i}/{dr4:i}.\n", "{time} [w:price] of meds discussed, [p:pharmacy] in.\n",
    ),
    "short": ("{short_phone}",),
    "line": (
        "NAME {name:m}\n", "SSN {ssn}\n", "DOB {born}  AGE {age}  SEX {mf}\n", "ADDR {address}\n", "HOME PH {phone}\n", "CELL {any_phone}\n", "EMAIL {email}\n", "INS {insurer} ID {plan} GRP {group}\n", "GUAR {kin:c} REL spouse\n", "EMER {kin2} {kin_phone}\n", "EMPLOYER {firm}, {town}\n", "ADM {date:-3..-1} {time} RM {room}\n", "PT OF {hospital}\n", "ATT DR {dr0:l}, {dr0:f}\n", "PCP {dr1} NPI {npi}\n", "DEA {dea}\n", "MRN {mrn} VISIT {csn}\n", "ACCT {account}\n", "PMT CARD {card}\n", "DL {licence}\n", "PASSPORT {passport}\n", "BIO {biometric}\n", "WEB {url}\n",
    ),
    "by": ("\n{dr0}, [?:PA]", "\n{dr0:i} [?:MD] {date}", "\n-{dr0:x}", "\nsigned {dr0:c} {date} {time}", "\nE-sig: {dr0}"),
}  # fmt: skip
