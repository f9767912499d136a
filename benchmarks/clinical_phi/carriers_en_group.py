"""English style "group": the papers of one regional hospital group.

The sentences of a pool stand in
the order in which a note tells them, so that any choice of them reads as one note.
"""

DOCUMENTS = (
    ("admit_banner", "admit_story*4-6", "admit_past", "admit_past_lines*3-5", "admit_home", "admit_home_lines*2-3", "admit_exam", "admit_exam_lines*3-5", "admit_plan", "admit_plan_lines*3-5", "signed"),
    ("day_banner", "day_lines*6-9", "signed"),
    ("shift_banner", "shift_lines*5-8", "shift_end"),
    ("stone_banner", "stone_lines*6-9", "door_end"),
    ("ice_banner", "ice_lines*6-9", "door_end"),
    ("leave_banner", "leave_story*4-6", "leave_you*5-8", "leave_end"),
    ("belly_banner", "belly_lines*5-7", "image_end"),
    ("knee_banner", "knee_lines*4-6", "image_end"),
    ("gut_banner", "gut_lines*5-7", "gut_end"),
    ("mole_banner", "mole_lines*5-7", "mole_end"),
    ("knife_banner", "knife_team*3-4", "knife_steps*6-9", "knife_end"),
    ("pill_banner", "pill_lines*5-8", "pill_end"),
    ("payer_banner", "payer_lines*5-7", "payer_end"),
    ("refer_banner", "refer_lines*5-8", "refer_end"),
    ("portal_banner", "portal_lines*5-9"),
    ("ring_banner", "ring_lines*5-8", "ring_end"),
    ("release_banner", "release_lines*4-7", "release_end"),
    ("agree_banner", "agree_lines*4-6", "agree_end"),
    ("table_banner", "table_lines*6-9", "table_end"),
    ("child_banner", "child_lines*6-8", "child_end"),
    ("rehab_banner", "rehab_lines*6-9", "rehab_end"),
    ("desk_banner", "desk_lines*7-11"),
    ("mind_banner", "mind_story*6-9", "mind_end"),
    ("drip_banner", "drip_lines*6-9", "drip_end"),
    ("gas_banner", "gas_lines*6-9", "gas_end"),
    ("visit_banner", "visit_story*6-9", "visit_plan*2-4", "visit_end"),
    ("last_banner", "last_story*5-8", "last_end"),
    ("intake_banner", "intake_lines*7-10", "intake_end"),
)  # fmt: skip
# Ages of the patient where a paper is that of an old or a grown person; elsewhere 18 to 89.
AGES = {
    "admit_banner": (48, 89),
    "day_banner": (45, 89),
    "leave_banner": (45, 89),
    "table_banner": (68, 89),
    "rehab_banner": (60, 89),
    "knee_banner": (40, 89),
    "last_banner": (70, 89),
    "drip_banner": (40, 80),
}
POOLS = {
    "signed": ("\n\n{dr0}, [?:MD]\nHospital Medicine, {hospital}\n{date} {time}", "\n\nSigned: {dr0} [?:DO] {time}\nI spent [t:{n:35-75} minutes] on this encounter.", "\n\n{dr2:c} [?:PA-C], for Dr. {dr0:l}", "\n\n{dr2}, [?:MD (R2)], discussed with {dr0:l}"),
    "admit_banner": ("{hospital} | Hospital Medicine H&P\n{name:u} | DOB {born} | MRN {mrn} | Adm {date}\n\n", "H&P\nPatient: {name:c}   MRN: {mrn}   CSN: {csn}\nPCP: {dr1}, [?:MD]   Source: patient, {wife}, chart\n\n"),
    "admit_story": (
        "{name} is a {age}[?: y.o.] {sex} with heart failure who comes in with [t:{n:3-10} days] of swelling and breathlessness. ", "{He} noticed {his} boots would not zip, then began sleeping in the recliner. ", "{Wife} {spouse:f} adds that {he} stopped [d:Bumex] [t:about two weeks ago] because of cramps. ", "No chest pain, no fever; weight on the home scale is up [l:{n:6-22} lb]. ",
        "Went to urgent care in {town} on {md:-5..-2}, was given [d:Augmentin] for presumed bronchitis. ", "Last echo [l:EF {n:20-45}%] at {other_hospital} in {month:-700..-90}. ", "Accepted from {short_hospital} by Dr. {dr3:l}; transported by ground without grave events. ", "In our ED: [d:Lasix] [l:{n:40-120} mg] IV, BiPAP for [t:{n:1-4} hours], trop [l:{n:12-90}]. ",
    ),
    "admit_past": ("\nPast history\n",),
    "admit_past_lines": (
        "- Ischemic cardiomyopathy, CABG x3 in {year:-5000..-2000} (Dr. {dr4:l})\n", "- [e:Graves'] disease s/p ablation, on [d:Levoxyl]\n", "- [e:Crohn] colitis, quiet since {month:-2500..-900}\n", "- ICD, [?:Medtronic], serial {serial}, checked {date:-200..-30}\n", "- Type 2 diabetes [t:x {n:4-20} y], A1c [l:{n:6-11}.{n:0-9}]\n", "- L [e:Dupuytren] release at {other_hospital}\n", "- Gout, last flare [t:2 years ago]\n", "- Cataracts both eyes, mild hearing loss\n", "- Intolerances: [d:Lisinopril] (cough), [d:Dilaudid] (itch)\n",
    ),
    "admit_home": ("\nHome: ",),
    "admit_home_lines": ("{He} lives with {spouse} outside {town}. ", "Retired from {firm} after [t:{n:18-38} years]. ", "Daughter {daughter:f} ({kin_phone}) manages the pill box. ", "Former smoker, [l:{n:15-50} pack-years]; [l:{n:1-4}] light beers on weekends. ", "{His} mother lived to {old}; brother {brother} had bypass surgery. ", "Walks without aid, does not drive at night. ", "Code status: full. [w:Will] revisit. "),
    "admit_exam": ("\n\nExam: ",),
    "admit_exam_lines": ("[l:T {n:97-99}.{n:0-9}], [l:HR {n:60-120}], [l:BP {n:92-170}/{n:50-96}], [l:RR {n:16-30}], [l:SpO2 {n:86-97}%] on [l:{n:2-6} L]. ", "Sitting forward, speaks in short sentences. JVP to the jaw, [e:Kussmaul] sign absent. ", "Crackles to mid zones, S3, [e:Levine] [s:{n:2-3}/6] systolic murmur. ", "Belly soft, liver edge two fingers below the ribs. ", "[w:Gross] edema to the thighs, [e:Homan] sign negative. ", "[e:Cheyne-Stokes] pattern while dozing. ", "Alert, answers well, moves all limbs. "),
    "admit_plan": ("\n\nAssessment/Plan\n",),
    "admit_plan_lines": (
        "# Acute on chronic HFrEF, [s:NYHA IV]. [d:Bumex] drip, [l:2 L] fluid limit, daily weights.\n", "# AKI on CKD [s:3b]. Hold [d:Entresto]; creatinine [l:{n:1-3}.{n:0-9}].\n", "# Afib, [s:CHA2DS2-VASc {n:3-7}]. Continue [d:Eliquis]; [p:cardiology] (Dr. {dr4:l}) aware.\n", "# Diabetes. [d:Lantus] [l:{n:8-30} units], hold [d:Jardiance].\n", "# Skin: [s:Braden {n:13-20}], no breakdown.\n", "# Prophylaxis: on anticoagulant. Diet: low salt. Activity: as able with help.\n", "# Dispo: {ward}, expect [t:{n:3-6} nights]. {spouse:f} updated at bedside.\n",
    ),
    "day_banner": ("HOSPITALIST PROGRESS NOTE  {date}  HD#{n:2-9}\n{name:c}  {mrn}  Rm {room}\n\n", "{hospital} - Daily Progress\nPatient {name}, {age}[?: y.o.]   Attending {dr0}\n\n"),
    "day_lines": (
        "Overnight: pulled at the [e:Foley], settled when {spouse:f} was put on speaker. ", "Slept [t:{n:3-7} hours]. Denies pain. Eating about half. ", "[l:Tmax {n:98-101}.{n:0-9}], [l:{n:100-160}/{n:55-90}], net [l:-{n:1-3}.{n:0-9} L]. ", "Cultures from {md:-3..-2}: [e:Klebsiella] [l:>100k], on [d:Rocephin] [t:day {n:2-5}]. ", "CAM [s:positive], pulls to the left, [e:Broca] aphasia better. ", "MRI {md:-1}: subacute L MCA infarct, spared [e:Wernicke] area. ", "[p:Neurology] (Dr. {dr1:l}) wants [d:Plavix] [t:for 21 days], then alone. ", "Swallow study by {dr3:f} from [p:speech]: nectar thick for now. ", "Talked with son {son}, who [w:may] drive in from {town} [t:this weekend]. ",
        "Neck supple, chest clear, no rash, lines clean. ", "[s:NIHSS {n:2-14}] from [s:{n:15-20}]. [e:Hoffmann] on R. ", "Case manager {dr4} has faxed {other_hospital} and {short_hospital}; waiting on a bed. ", "Insurance peer-to-peer done with [?:Dr.] {staffer:l} at {insurer}, ref {other}. ", "Blood pressure goal relaxed, [d:Norvasc] [l:5 mg] added. ", "Anticipate discharge {md:1..4}. ",
    ),
    "shift_banner": ("SBAR HANDOFF  {ward}  {date}  1900\nOff: {dr3:f} {dr3:l}  On: {dr4:f} {dr4:l}\n", "Nursing notes - {name:c} - Rm {room} - {date}\n", "Charge report {ward} {date}\n"),
    "shift_lines": (
        "{room} {anyone:c}: POD {n:1-3} R hip, sat up [t:20 min], pain [s:{n:3-8}/10], [d:Oxy] [l:5] at {time}.\n", "{room} {name:l}, {age}: [w:pleasant], forgetful, bed alarm on, [e:Morse] [s:{n:45-85}].\n", "{room} {anyone:l}: gtt [d:Cardizem] [l:{n:5-15}/hr], Dr. {dr0:l} wants HR under [l:110].\n", "{room} empty, expecting {anyone:c} from {short_hospital} [t:within the hour].\n", "{time} {daughter:f} (daughter) at bedside, asked for chaplain {staffer}.\n", "{time} IV infiltrated L forearm, new 20 g R hand by {dr4:f}.\n", "{time} [d:Zofran] [l:4 mg] for nausea, emesis [l:{n:50-300} mL] [w:green].\n", "{time} Notified {dr2:l} of K [l:{n:2-3}.{n:0-9}]; replaced per protocol.\n",
        "{time} Lines: [e:Quinton] R IJ, dressing due {md:1..3}.\n", "{time} Belongings: hearing aids, ring given to {spouse}, wallet to security (tag {other}).\n", "{time} Pt called 911 from room phone, reoriented. [w:Patience] needed.\n", "{time} PCA pump {serial} swapped, wasted [l:{n:2-9} mL] with {dr3:i}.\n", "{time} Turned [t:q2h], heels floated, [d:Mepilex] to sacrum.\n",
    ),
    "shift_end": ("Questions: [?:ext] {short_phone}. -{dr3:i} [?:RN]", "{dr3:f} {dr3:l} [?:RN] {time}", "\n[?:CNA]s tonight: {staffer:f} and {staffer:f}."),
    "stone_banner": ("{hospital} Emergency Department\nArrival {date} {time} by EMS | {name:c} | {mf} | {age}[?: y] | MRN {mrn}\n", "ED PROVIDER NOTE\nPt: {name}  DOB: {born}  Acct: {account}\n"),
    "ice_banner": ("EMS AND ED COMBINED RECORD  Run {other}  {date}\nCrew: {dr3:i}, {dr4:i}  Dest: {hospital}\nPt: {name:c} {age}[?: y]\n", "{hospital} ED\n{name:m}   {mrn}   {date} {time}\nFall from standing\n"),
    "stone_lines": (
        "Triage ([?:RN] {dr3:f}): [s:ESI 3], c/o flank pain, [s:{n:6-10}/10], since {time}.\n", "Woke with L flank pain to the groin, vomited twice, no fever, no blood seen in urine.\n", "Came with roommate {kin:f}, who has {his} phone.\n", "Hx per {short_hospital} visit {date:-300..-20}: [e:Addison's], kidney stones, on [d:Florinef].\n", "ROS otherwise negative. No travel, no sick contacts.\n", "Exam: writhing, tender CVA, [e:Rovsing] neg, [e:Lloyd] sign pos.\n", "UA [l:{n:20-99} RBC], nitrite neg; Cr [l:{n:0-1}.{n:7-9}]; WBC [l:{n:6-14}.{n:0-9}].\n", "[d:Toradol] [l:15 mg] IV {time}, [d:Flomax] to go.\n", "CT ({accession}) [l:{n:3-9} mm] stone at L UVJ, mild hydro.\n", "D/w urology, Dr. {dr1:l}, who will see {him} {md:1..4}.\n", "Pt asks that ex-partner {anyone} not be told {he} is here.\n", "Return for fever, chills, or pain not eased by pills.\n",
    ),
    "ice_lines": (
        "Scene: {street}, lower-level apartment, door unlocked by landlord {anyone}.\n", "Slipped on wet steps behind {firm}, landed on L wrist and chin. No LOC.\n", "Bystander {anyone} held c-spine until help arrived.\n", "Alert, pale, blanket given. GCS [s:{n:13-15}], BG [l:{n:70-190}].\n", "Deformed L wrist, snuffbox tender, [e:Finkelstein] deferred, cap refill [t:2 sec].\n", "Chin lac [l:{n:1-4} cm], bleeding stopped; jaw opens fully.\n", "Splinted, [d:Fentanyl] [l:50 mcg] IN at {time}, pain [s:8] to [s:4].\n", "XR ({accession}): [e:Colles] pattern, no [e:Barton] fragment.\n", "Reduced under block by {dr1:f}, sugar tong, ortho ({dr2:l}) {md:2..7}.\n", "Left a message for {mother} at {kin_phone}.\n", "Officer {anyone:l}, {town} PD, took statement; vehicle {plate} moved.\n", "Tetanus [d:Boostrix] given, lot {serial}.\n", "Ice on, arm up, no lifting.\n",
    ),
    "door_end": ("Dispo: home with {brother:f}. {dr0}, [?:MD]", "MDM: moderate. Scribed by {dr4} for Dr. {dr0:l}, {time}", "Care turned over to Dr. {dr1:l} at {time}.\n-{dr0:x}"),
    "leave_banner": ("DISCHARGE SUMMARY\n{name:u}  {mrn}\nAdmitted {date:-9..-4}   Discharged {date}\n{hospital}\n\n", "After Visit Summary\n{name}\n{date:-6..-3} to {date} at {hospital}, {ward}\n\n"),
    "leave_story": (
        "Course: {mr} {name:l} came from {town} with crushing chest pain at rest. ", "The first tracing showed inferior elevation and {he} went straight to the lab. ", "Cath on {md:-4..-3} (Dr. {dr1:l}) found [l:{n:80-99}%] RCA, [d:Xience] placed, device {serial}. ", "Brief [e:Mobitz] block, paced [t:{n:2-8} hours]. ", "[e:Dressler] considered, ruled out by echo. ", "Groin soft, no bruit, no bleeding. ", "{He} walked [l:{n:150-500} ft] with {dr4:f} before leaving. ", "Labs at discharge: Hgb [l:{n:9-14}.{n:0-9}], Cr [l:0.{n:7-9}]. ",
    ),
    "leave_you": (
        "\n- Take [d:Brilinta] [l:90 mg] [t:twice a day]. Do not skip.", "\n- STOP [d:Aleve] and [d:Advil].", "\n- See Dr. {dr2:l} on {date:5..12} at {time}, {other_hospital}.", "\n- Cardiac rehab starts {md:12..25}; ask for {dr4:f}, {any_phone}.", "\n- No driving for [t:{n:5-14} days]. {Wife} ({spouse:f}) agreed to drive.", "\n- Weigh yourself each morning; call if up [l:3 lb].", "\n- Results pending at discharge: [e:Lyme] titer.", "\n- Sign up at {url} with code {other}.", "\n- Prescriptions sent to [?:Hy-Vee Pharmacy], {town}.",
        "\n- Eat less salt; walk a little more each day.", "\n- Chest pain that lasts over [t:5 minutes]: call 911.", "\n- Questions? Nurse line {any_phone}, [t:24 hours].",
    ),
    "leave_end": ("\n\nReviewed with patient and {spouse} by {dr3}, [?:RN].", "\n\nDictated {date:0..2}, {dr0}, [?:MD]. cc: {dr2}", "\n\nCopy to PCP ({dr2:l}) by fax {any_phone}."),
    "belly_banner": ("{hospital} - Department of Imaging\nEXAM: CT ABDOMEN PELVIS W CONTRAST\nPATIENT: {name:u}   MRN: {mrn}   ACC: {accession}\nORDERING: {dr1:c}   EXAM DATE: {date} {time}\n\n", "CT ABD/PEL / {hospital}\n{name:c}  DOB {born}  {date}\nReferring: {dr1}, [?:NP]\n\n"),
    "knee_banner": ("XR KNEE 3 VW\n{name:m}, {accession}, {date}\n\n", "{hospital} - Department of Imaging\nMR KNEE RIGHT WO\n{name:u}   DOB {born}   {accession}\nORDERING: {dr1:c}   {date} {time}\n\n"),
    "belly_lines": (
        "INDICATION: abdominal pain, weight loss [l:{n:8-30} lb].\n", "COMPARISON: {date:-900..-200} from {other_hospital}; {date:-190..-30} here.\n", "CONTRAST: [d:Isovue-370], [l:{n:70-120} mL], no reaction.\n", "LUNG BASES: linear atelectasis, no effusion.\n", "LIVER [l:{n:13-19} cm], simple cysts; [e:Gerota] fascia intact.\n", "SPLEEN, PANCREAS, ADRENALS: unremarkable.\n", "KIDNEYS: [e:Bosniak] [s:II] cyst on the left, [l:{n:8-30} mm]. No stone.\n", "BOWEL: no obstruction, [e:Meckel] diverticulum not seen, appendix normal.\n", "No free fluid in the pouch of [e:Douglas].\n", "BONES: [e:Schmorl] nodes, no lytic lesion.\n", "Addendum {md:1..2}: prior study under {anyone:c} was linked in error and removed.\n",
    ),
    "knee_lines": (
        "INDICATION: pain after a fall [t:{n:2-9} days ago].\n", "COMPARISON: outside films {date:-900..-200}, {other_hospital}.\n", "Medial joint space narrowed, [e:Kellgren] [s:grade {n:2-4}].\n", "Small effusion and [e:Baker's] cyst, [l:{n:15-50} mm].\n", "[e:Segond] or [e:Osgood-Schlatter] changes not seen.\n", "Quadriceps and patellar tendons intact.\n", "Screws from Dr. {dr3:l}'s repair of {month:-3000..-900} unchanged.\n", "A skin marker [w:marks] the site of pain.\n",
    ),
    "image_end": ("IMPRESSION: 1. No acute finding. 2. Recall [t:{n:6-12} months].\nRead by: {dr0}, [?:MD], {date} {time}", "IMPRESSION: Chronic change only.\nTech: {dr4:x}. Preliminary by {dr2:l} (PGY-4), final {dr0:l}.", "CRITICAL: discussed with {dr1:l} by phone {time}, read back.\n{dr0:i}"),
    "gut_banner": ("Driftless Reference Laboratory serving {hospital}\nSURGICAL PATHOLOGY {accession}\nPatient {name:c}   DOB {born}   Submitting {dr1:l}, {dr1:f}\n\n", "{hospital} Anatomic Pathology\nCase {accession}   {name}   MRN {mrn}\nTaken {date:-4..-3}   Received {date:-2}\n\n"),
    "mole_banner": ("{hospital} Anatomic Pathology\nDERMATOPATHOLOGY {accession}\n{name:u}   {born}   Submitted by {dr1:l} ({other_hospital})\n\n", "SKIN BIOPSY REPORT\nPatient {name:m}   MRN {mrn}   Reported {date}\n\n"),
    "gut_lines": (
        "CLINICAL: [e:Barrett's] surveillance; prior {accession} ({year:-1500..-400}).\n", "A. Received in formalin, labeled \"{name:l}, distal esophagus\", [l:{n:2-6}] [w:tan] pieces to [l:0.{n:3-6} cm], all embedded.\n", "B. Labeled \"stomach\", three soft pieces.\n", "MICRO: goblet cells in columnar mucosa, no dysplasia. [e:Brunner] glands in B.\n", "Stains: [e:Warthin-Starry] negative; PAS [w:bright] without fungi.\n", "Intradepartmental review: {dr3} concurs.\n", "Sent to {other_hospital} for second opinion (Dr. {dr4}) on {md:-1..0}.\n", "Result to {dr1:l} nurse {staffer:f}, {time}.\n",
    ),
    "mole_lines": (
        "CLINICAL: changing mole, L calf, [t:{n:3-12} months]; sister {sister} had melanoma.\n", "GROSS: labeled \"{name:c}\", an ellipse [l:{n:1-3}.{n:0-9} x 0.{n:5-9} cm], inked [w:green] and black, [w:brown] spot in the center.\n", "MICRO: asymmetric nests, pagetoid spread, sparse inflammation.\n", "[e:Breslow] depth [l:0.{n:3-9} mm], [e:Clark] level [s:{n:2-4}], mitoses [l:0-{n:1-2}/mm2].\n", "Ulceration absent. Margins free by [l:{n:2-9} mm].\n", "Stains: [e:Melan-A] and SOX10 positive.\n", "Shown at conference {md:-2..-1}, Dr. {dr3:l} agrees.\n", "Called to {dr1:f} {dr1:l} at {time}.\n",
    ),
    "gut_end": ("DIAGNOSIS: Intestinal metaplasia, no dysplasia.\n{dr0}, [?:MD], electronically {date}", "DIAGNOSIS: Reflux change; mild chronic gastritis.\nPathologist {dr0:c}   Assistant {dr2:x}"),
    "mole_end": ("DIAGNOSIS: Melanoma, superficial spreading, excised.\n{dr0}, [?:MD]   {date} {time}", "DIAGNOSIS: Dysplastic nevus, severe. Re-excise.\nPathologist {dr0:c}   Assistant {dr2:x}"),
    "knife_banner": ("OPERATIVE REPORT   {hospital}\nName: {name:c}   MRN: {mrn}   DOS: {date}\n\n", "Brief Op Note\n{name}, {age}[?: y], {date} {time}\n\n"),
    "knife_team": ("Surgeon: {dr0}, [?:MD]\n", "First assist: {dr2:i}, [?:PA-C]; student {staffer} observed\n", "Anesthesia: {dr1:l} ([?:MD]), {dr3:l} ([?:CRNA]), [s:ASA {n:2-3}], [e:Mallampati] [s:{n:1-3}]\n", "Circulator {dr4:f}, scrub {staffer:f}; vendor rep {anyone} from [?:Stryker]\n", "Procedure: lap inguinal hernia repair, [e:Lichtenstein] on the left\n"),
    "knife_steps": (
        "Site was initialed {dr0:x} in holding with {spouse} present. ", "Timeout at {time}. [d:Ancef] [l:2 g]. ", "Prepped and draped in the usual way. ", "[e:Hasson] port under vision, [l:14 mm Hg], [e:Trendelenburg] position. ", "The sac lay lateral to [e:Hesselbach] triangle and was reduced; [e:Cooper] ligament cleared. ", "The nerve and vessels were kept in view throughout. ", "[d:Ethicon] mesh, lot {serial}, tacked above the inguinal ligament. ", "An [e:Allis] and a [e:Babcock] held the edges while {dr2:l} sutured. ", "Fascia closed with a figure of eight, skin with glue. ", "[d:Exparel] [l:20 mL] infiltrated. EBL [l:{n:5-80} mL]. ", "Counts right; to PACU, [e:Aldrete] [s:{n:8-10}]. ", "I spoke with {spouse:f} in the lounge. ", "Pre-op films done at {other_hospital} ({accession}) were on the wall. ",
    ),
    "knife_end": ("\n\n{dr0}\nT: {staffer:x} D: {date} {time}", "\n\nI was present for the whole case. {dr0:l}", "\n\n-{dr2:i} for {dr0:l}"),
    "pill_banner": ("MEDICATION RECONCILIATION   {hospital} Pharmacy\n{name:c}   DOB {born}   Adm {date}   Rm {room}\n", "Anticoagulation clinic  {date}\nPt {name}  MRN {mrn}  managed by {dr3}, [?:PharmD]\n"),
    "pill_lines": (
        "Sources: bottle bag brought by {daughter}, [?:Walgreens] fill history, {short_hospital} list of {md:-60..-9}.\n", "[d:Coumadin] [l:{n:2-7}.5 mg]; INR [l:{n:1-4}.{n:0-9}] {md:-2..0}, goal [l:2-3].\n", "Skipped [t:two doses] during a fishing trip near {town}.\n", "[d:Toprol] and [d:Lopressor] both in the bag; called Dr. {dr1:l}, keep the first.\n", "Herbals: [h:St. John's wort], [h:black cohosh], sister {sister:f} sends them. Advised to stop.\n", "[d:Humira] shipped by [?:Accredo], Rx {other}, next due {date:3..20}.\n", "[d:Ozempic] not filled, [w:price] [l:${n:200-900}]; copay card applied.\n", "[e:Cockcroft-Gault] [l:{n:30-95} mL/min]; [d:Macrobid] changed by {dr2:i}.\n", "Bill of $[l:{n:20-400}] goes to {address}.\n", "Interpreter {staffer} (ID {other}) on the line.\n", "Allergy: [d:Keflex], hives [t:as a teenager].\n", "Recheck {date:5..14}, {time}. OK to leave word with {spouse:f} at {kin_phone}.\n",
    ),
    "pill_end": ("{dr3}, [?:PharmD, BCPS]  {any_phone}", "Pharmacist: {dr3:l}, {dr3:f}   {date} {time}", "Tech {dr4:f} obtained history; verified {dr3:i}"),
    "payer_banner": ("{hospital}\nPatient Financial Services\n{date}\n\nRE: {name}  Member {plan}  Claim {other}\n\nTo the appeals unit, {insurer}:\n\n", "PRIOR AUTHORIZATION REQUEST\nMember: {name:c}   ID: {plan}   Group: {group}   DOB: {born}\nPrescriber: {dr0}  NPI {npi}\n\n"),
    "payer_lines": (
        "I write on behalf of {name}, whom I have treated since {month:-2500..-400} for [e:Crohn's] disease. ", "{mr} {name:l} failed [d:Imuran], [d:Stelara] and [t:{n:8-16} weeks] of [d:Entyvio]. ", "Colonoscopy {date:-90..-20} by Dr. {dr1:l} at {other_hospital} shows [e:Rutgeerts] [s:i{n:2-4}]. ", "{He} has missed [t:{n:10-40} shifts] at {firm}, and [w:faith] in the plan is worn. ", "Your reviewer, Dr. {staffer:l}, did not mention the weight loss of [l:{n:12-35} lb]. ", "The denial was mailed to {address}. ", "Steroids are not a plan: {he} has brittle bones and cataracts. ", "Guidelines of {year:-1500..-100} support a change of class at this point. ", "[e:Harvey-Bradshaw] stands at [s:{n:8-18}]. ", "Please reach my nurse, {dr4}, at {any_phone} or fax {any_phone}. ", "Balance of account {account}: [l:${n:500-9000}]. ", "The subscriber is {spouse}, born {date:-23000..-14000}. ",
    ),
    "payer_end": ("\n\nSincerely,\n{dr0}, [?:MD]\nGastroenterology", "\n\nExpedited review asked. {dr0} / {date}", "\n\nPrepared by {dr4:f} {dr4:l}, coverage specialist\n{any_phone}"),
    "refer_banner": ("REFERRAL   {date}\nFrom: {hospital} ({dr1:l})   To: {other_hospital}, [?:Rheumatology], attn {dr3}\nPatient {name:c}  {phone}\n\n", "eConsult to {dr3:l}\nRe {name}, {age}[?: y.o.], MRN {mrn}\n\n"),
    "refer_lines": (
        "Thanks for seeing {name:f}, a {job} from {town} with stiff hands [t:for {n:3-11} months]. ", "[e:Raynaud] since college, [e:Sjögren] serology [l:1:{n:80-640}]. ", "{His} sister {sister} sees you for lupus. ", "Tried [d:Plaquenil]; eye check {date:-300..-60} with Dr. {staffer:l}. ", "[e:Schirmer] [l:{n:2-9} mm], [e:Still's] disease unlikely. ", "CRP [l:{n:8-70}], ESR [l:{n:20-90}], films ({accession}) sent. ", "No rash, no ulcers, no fever; hands are worst in the first hour of the day. ", "Seen at [g:a walk-in clinic] there, no records. ", "{He} might travel to [?:Kenya] in the spring. ", "Please copy {dr2:f} {dr2:l}, [?:NP], who covers for me {md:3..9} to {md:12..20}. ", "Needs an interpreter by phone; {kin:f} can also help. ", "Best reached after {time}. ",
    ),
    "refer_end": ("\n\nThank you,\n{dr1}, [?:MD]", "\n\nReply ({date:2}): agree, start [d:Rheumatrex] [l:{n:10-20} mg] [t:weekly], book {md:9..30}. {dr3:l}", "\n\nScheduled with {dr3:l} {date:9..30} by {staffer:f}."),
    "portal_banner": ("MyChart message thread - {name:c} - {hospital}\n\n", "Patient message   {date} {time}\nTo: {dr0:l} care team\nFrom: {name}\n\n", "Secure messages\n{name:f} {name:l} / MRN {mrn}\n\n"),
    "portal_lines": (
        "Hi Dr. {dr0:l}, it's {name:f}.\n", "The rash came back [t:three days] after I quit the [d:Diflucan]. Itchy, worse when warm.\n", "I was over in {town} for the weekend and used [w:rose] lotion, [w:may] be that.\n", "Also mom ({mother:f}) wants to know if she should get the [d:Shingrix] too.\n", "Pics attached. You can call me at {phone}, or my {wife} {spouse:f} at {kin_phone}.\n", "I have not heard from {other_hospital} about the sleep test.\n", "> {dr3:f}, [?:RN]: Hi {name:f}, Dr. {dr0:l} is out until {md:2..6}.\n", "> I showed the picture to {dr1:f}, our NP.\n", "> She thinks [e:Grover] disease, not ringworm. It is harmless and comes and goes.\n", "> Use [d:Lotrisone] [t:twice a day x 7 days], then stop. Cool showers help.\n", "> If fever over [l:101], go to [g:the nearest ER].\n", "> Visit link for {date:2..6}: {url}\n", "Thanks {dr3:f}! Can the bill go to {email} instead?\n", "My new address is {address}.\n", "Ok [w:will] do. Tell {dr1:f} hi from {brother:f} too lol\n", "[?:Auto-reply]: {hospital} answers within [t:2 business days].\n",
    ),
    "ring_banner": ("TELEPHONE NOTE  {date} {time}\nTaken by {dr3:i}\nCaller: {sister} (POA) re {name:c} DOB {born}\n", "Nurse triage call / {name} / {phone}\n", "Post-discharge call #{n:1-3}  {date}\n{name:c}, d/c {md:-3..-1}, {hospital}\n"),
    "ring_lines": (
        "Spoke w {sister:f}, who is staying with {him} this week.\n", "Temp [l:{n:99-102}.{n:0-9}], drain [l:{n:10-90} cc] pink.\n", "{He} took [d:Percocet] [l:2 tabs] at {time}, sleepy since.\n", "States Dr. {dr1:l} said no shower till {weekday}.\n", "Has appt w {dr2:l} {date:2..9} at {short_hospital}, no ride; {town} Lions van called, {any_phone}.\n", "Left VM for {son} x[l:2].\n", "Reviewed [e:Jackson-Pratt] emptying, teach back ok.\n", "{sister:f} asked about [d:Colace], [w:Will] pick up today.\n", "PHQ-2 [s:{n:0-6}], worried re job at {firm}.\n", "Pharmacy confirmed: [?:CVS], {street}.\n", "Wrong number on file, correct one {any_phone}.\n", "Advised ED if calf swells; [e:Wells] [s:{n:1-3}].\n", "Routed high priority to {dr1:l} pool.\n",
    ),
    "ring_end": ("Call [t:{n:4-18} min]. {dr3}, [?:RN]", "No further needs. {dr3:f} {dr3:l} {time}", "cb {md:1..3}. {dr3:x}"),
    "release_banner": ("AUTHORIZATION TO DISCLOSE HEALTH INFORMATION\n{hospital}, Health Information Management\n",),
    "agree_banner": ("CONSENT FOR PROCEDURE\n{name:c}   {mrn}   {date}\n", "REFUSAL OF TREATMENT / LEAVING AGAINST ADVICE\n{hospital}   {date} {time}\nPatient {name:m}   {mrn}\n"),
    "release_lines": (
        "Patient: {name:m}   Born: {born}   Prior name: {anyone:l}\n", "Residence: {address}\n", "Telephone: {phone}   E-mail: {email}\n", "Release to: {anyone}, attorney, {address}\n", "From: {other_hospital}, dates {date:-400..-200} to {date:-30..-5}\n", "Include: [e:Papanicolaou] results, HIV, chemical dependency.\n", "Purpose: disability hearing. I may withdraw this at any time in writing.\n", "Driver's license shown: {licence}   Last 4 of SSN: {ssn4}\n", "Interpreter: {staffer}, badge {other}\n", "This form ends [t:one year] after signing.\n",
    ),
    "agree_lines": (
        "Dr. {dr0:l} explained bleeding, infection, and failure, in words I understand.\n", "I know that a resident, {dr2}, may do parts of it.\n", "Other choices are to wait, or to take pills alone.\n", "I do ( ) do not (x) accept blood. Initials {name:x}\n", "I was told that leaving now [w:may] cause harm, even death.\n", "Questions were asked by my {wife}, {spouse:f}, and answered.\n", "I name {daughter} as my agent; alternate {brother}, {kin_phone}.\n", "Photos [w:may] be taken if my face is not shown.\n",
    ),
    "release_end": ("Signed {name}   {date}\nWitness {dr4}, [?:RN]", "X {spouse} for {name}   Relationship: {wife}   {date}"),
    "agree_end": ("Signed {name}   {date}\nWitness {dr4}, [?:RN]", "Obtained by {dr0}, [?:MD]   {time}", "X {spouse} for {name}   Relationship: {wife}   {date}"),
    "table_banner": ("CARE CONFERENCE  {date}  {hospital}, {ward}\nPresent: {name:f}, {daughter} and {son} (children), Dr. {dr0:l}, {dr1} [?:LICSW], {dr3} [?:RN], {dr4} [?:PT]\n\n", "Interdisciplinary rounds, {date}\n{name:c}, Rm {room}. Facilitator {dr1}\n\n"),
    "table_lines": (
        "{dr0:l}: infection is cleared, but {his} heart is weaker than in {month:-300..-60}.\n", "{daughter:f}: we moved the bed downstairs, and Uncle {brother:f} put in a rail.\n", "{dr4:f}: walks [l:{n:15-80} ft] with a wheeled walker; [e:Berg] [s:{n:12-44}/56].\n", "{son:f}: what would {station} do that we can't?\n", "{dr3:f}: wound care [t:twice a day], and the [d:Vanco] through {md:6..20}.\n", "{name:f}: I [w:hope] to be home for the county fair.\n", "{dr1:f}: [?:Medicare] covers [t:20 days] in full; {station} has a bed {weekday}.\n", "{dr0:l}: Dr. {dr2:l} from [p:palliative care] could join us.\n", "{son:f}: our aunt {aunt:f} is {old} and still in her own place.\n", "{daughter:f}: what happens when the days run out?\n", "{dr1:f}: then it is private pay, or we look at home services again.\n", "Chaplain {staffer:f} offered a prayer; the family said [w:grace].\n", "[e:Karnofsky] [s:{n:40-70}], PPS [s:{n:40-60}%].\n", "POLST signed, agent {daughter}, {kin_phone}.\n",
    ),
    "table_end": ("\nPlan: {station} on {date:1..4}. Minutes: {dr1:f} {dr1:l}", "\nNext meeting {md:5..9}, {time}.\n{dr1:i}, [?:LICSW]", "\nTime [t:{n:30-60} min]. {dr0}, [?:MD]"),
    "child_banner": ("PEDIATRIC CLINIC  {date}\n{name}, [?:{n:3-9}-year-old], here with {mother:f}\n{hospital}\n\n", "Pediatric sick visit\n{name:c}   {mrn}   with dad {father} ({kin_phone})\n\n"),
    "child_lines": (
        "Ear pain [t:x {n:1-4} d], temp [l:{n:100-103}.{n:0-9}], took [d:Motrin]. ", "{name:f}'s teacher, [?:Mrs.] {anyone:l}, says {he} squints. ", "Attends {school}; two in class with strep. ", "[w:Sunny] kid, reads, rides a bike; wears [w:Brown] bear pajamas to clinic. ", "Wt [l:{n:30-80} lb], ht [l:{n:36-54} in], BMI [l:{n:20-90}%ile]. ", "TMs red, [e:Koplik] absent, [e:Kawasaki] criteria not met, [e:Tanner] [s:1]. ", "Grandma {aunt} watches {him} on {weekday}s; smoker outside only. ", "Born at {other_hospital}, term, [e:Apgar] [s:8/9]. ", "Shots: [d:Kinrix], [d:ProQuad] today. ", "Parents {mother:f} and {father:f} share custody; father in {town}. ",
        "Eats well, sleeps [t:{n:9-11} hours], likes trucks and the lake. ", "[d:Amoxil] [l:400 mg] [t:bid x 10 d]. ", "Seat belt, helmet, sunscreen and screen time talked over. ",
    ),
    "child_end": ("\n{dr0}, [?:MD], Pediatrics", "\nForms for school faxed to {any_phone}. {dr4:f} [?:LPN]", "\nBack in [t:1 yr] or prn. -{dr0:i}"),
    "rehab_banner": ("{hospital} -> {station}\nTRANSFER OF CARE   {date}\nResident: {name:c}, {age}[?: y]\n", "Home PT evaluation   {date}\n{name}   {street}\nOrdering: Dr. {dr1}\n"),
    "rehab_lines": (
        "Reason: deconditioned after pneumonia, [t:{n:6-20} day] stay.\n", "Prior level: drove, bowled, cooked for {spouse:f}.\n", "Now: min assist, gait belt, TUG [s:{n:15-45} sec], [e:Tinetti] [s:{n:10-24}].\n", "R knee flexion [l:{n:70-110}°], [e:Thomas] test tight, [e:Ober] neg.\n", "Pressure injury sacrum [s:stage 2], [l:{n:1-4} x {n:1-3} cm], [d:Medihoney].\n", "[e:Parkinson] meds at exact times: [d:Sinemet] [t:q4h].\n", "Alert, [s:SLUMS {n:14-28}/30], calls aide {staffer:f} by {his} sister's name.\n", "Sleeps poorly, calls out at night, likes the radio on.\n", "Diet soft, [w:sweet] tooth; dentures labeled {name:l}.\n", "O2 via {serial}, vendor {anyone} {any_phone}.\n", "Emergency: {son} {kin_phone}, then {daughter} in {town}.\n", "Goal: be at {daughter:f}'s table by {md:20..60}.\n", "Steps to enter [l:{n:2-6}], rail on L; cat named [?:Pepper].\n", "Records under {short_hospital} no. {csn}.\n",
    ),
    "rehab_end": ("{dr4}, [?:PT, DPT]", "Report called to {staffer:f} at {time} by {dr3:f} {dr3:l}", "Certified {date} to {date:60}. {dr1:l} / {dr4:i}"),
    "desk_banner": ("{hospital}   REGISTRATION SUMMARY   {date} {time}\n", "ADMISSION RECORD\n", "Demographics print - user {dr4:x} - {date}\n"),
    "desk_lines": (
        "Legal name: {name:m}\n", "Preferred: {name:f}    Sex: {mf}    DOB: {born}\n", "MRN {mrn}    HAR {csn}\n", "SSN {ssn}\n", "Mailing: {address}\n", "Home {phone}    Mobile {any_phone}\n", "E-mail {email}\n", "Employer {firm}, {town}\n", "Spouse: {spouse:c}    {kin_phone}\n", "Next of kin 2: {brother} (brother) {any_phone}\n", "Primary: {insurer} {plan} grp {group}    Subscriber: {spouse}\n", "Guarantor acct {account}    Card on file {card}\n", "PCP: {dr1:c}    Referring: {dr2} (NPI {npi})\n", "Photo ID: DL {licence}    Plate {plate} (ramp B)\n", "Passport {passport} ([?:visitor])\n", "Attending {dr0:l}    Bed {room}    Unit {ward}\n", "Religion: [?:Lutheran]    Clergy: {anyone}\n", "Kiosk {ip}    e-signature {biometric}\n", "Reason: [e:Meniere's] attack, vomiting [t:since last night]\n",
        "Advance directive on file {date:-900..-100}, agent {daughter}\n",
    ),
    "mind_banner": ("BEHAVIORAL HEALTH - INDIVIDUAL SESSION\n{name:c}   {mrn}   {date}   [t:{n:45-60} min]\n\n", "Psychiatry follow-up, video\nPatient: {name} at home in {town}\n\n"),
    "mind_story": (
        "{name:f} arrived on time, neatly dressed, made fair eye contact. ", "Mood has been low since the layoff from {firm}. ", "Sleep is [t:about four hours], with early waking; appetite is down. ", "{He} walks the dog, [?:Biscuit], twice a day and calls that the best part of it. ", "Arguments with {spouse:f} are fewer since the couple agreed to stop talking money after supper. ", "{He} fears turning into {his} father, {father:f}, who drank. ", "Denies wish to die. [s:C-SSRS 0]. [s:PHQ-9 {n:4-22}], [s:GAD-7 {n:3-18}]. ",
        "Worked on naming thoughts and testing them; homework was done in part. ", "[d:Zoloft] [l:100 mg] is tolerated apart from a dry mouth. ", "An old friend from church, {anyone}, has asked {him} to help with the food shelf, and {he} said yes. ", "[e:Beck] inventory [s:{n:8-35}]. Speech even, thought linear, no voices. ", "{He} agreed that I [w:may] speak with {dr1:f} at {short_hospital}. ", "Safety plan reviewed; lock box for pills, crisis line known. ", "[w:Grant] for sliding fee renewed. ",
    ),
    "mind_end": ("\n\nNext: {date:7..21}, {time}.\n{dr0}, [?:PsyD, LP]", "\n\n{dr0}, [?:LMFT]   {hospital}", "\n\nSupervisor {dr1:l} has read this note. {dr0:f} {dr0:l}"),
    "drip_banner": ("INFUSION CENTER   {hospital}\n{name:c}   DOB {born}   Chair {n:1-24}   {date}\n", "Oncology treatment visit\n{name}   {mrn}   cycle {n:2-8} day 1\n"),
    "drip_lines": (
        "Dx: colon cancer [s:stage III], [d:FOLFOX], primary Dr. {dr0:l}.\n", "Arrived with {sister}, who drove from {town}.\n", "Labs today: ANC [l:{n:1-5}.{n:0-9}], plt [l:{n:90-300}], Hgb [l:{n:9-13}.{n:0-9}]; OK to treat.\n", "Tingling in fingers with cold things, gone [t:in 4 days]; [s:grade 1].\n", "Ate well, weight even, no mouth sores, bowels loose [t:twice a day].\n", "Port accessed with [e:Huber] needle, brisk return, {dr3:f} [?:RN].\n", "[d:Aloxi], [d:Decadron], then [d:Eloxatin] over [t:2 hours] without reaction.\n", "Pump {serial} started {time}, due off {md:2}.\n", "[s:ECOG {n:0-2}]. Talked about wigs, rides, and who feeds the horses.\n", "Trial consent ({other}) signed with coordinator {staffer}.\n", "[d:Neulasta] on-body kit placed; buzzer explained.\n", "Scan set for {date:10..25} at {other_hospital}.\n", "Warm drinks only this week, gloves for the freezer.\n",
    ),
    "drip_end": ("Left walking, {time}. {dr3:f} {dr3:l}, [?:OCN]", "Next: {date:14}. {dr3:i} / Dr. {dr0:l}", "Calls to {any_phone}, or [?:ext] {short_phone} at night. {dr3}"),
    "gas_banner": ("PRE-ANESTHESIA EVALUATION   {hospital}\n{name:c}   {age}[?: y]   {mf}   {mrn}\n", "Anesthesia pre-op call   {date}\n{name}   {phone}\n"),
    "gas_lines": (
        "Planned: L shoulder arthroscopy with Dr. {dr1:l} on {md:1..6}.\n", "Prior anesthetics: {year:-5000..-900} at {other_hospital}, slow to wake; no fever.\n", "Cousin {anyone} had malignant hyperthermia, by report.\n", "Teeth sound, mouth opens [l:{n:3-5} cm], neck moves well. [e:Mallampati] [s:{n:1-3}], [e:Cormack] [s:grade 1] in old record.\n", "Climbs two flights, no angina. [s:METs 4].\n", "STOP-Bang [s:{n:1-6}], uses CPAP some nights, machine {serial}.\n", "[e:Wolff-Parkinson-White] ablated, no palpitations since.\n", "Takes [d:Lexapro], [d:Prilosec]; hold [d:Mounjaro] [t:one week].\n", "Nothing to eat after midnight, clear fluids until [t:two hours] before.\n", "Discussed block, sore throat, teeth, awareness, and being kept overnight.\n", "Ride home: {friend_in}, who was told not to leave the building.\n", "EKG sinus, left axis. Glucose [l:{n:85-190}].\n",
    ),
    "friend_in": ("{son:f}", "{daughter:f}", "neighbor {anyone}"),
    "gas_end": ("[s:ASA {n:2-3}]. {dr0}, [?:MD]", "Reviewed by {dr0:l} {time}, OK to go.", "{dr2:x} for {dr0:l}"),
    "visit_banner": ("OFFICE VISIT   {hospital}   {date}\n{name:c}   DOB {born}   seen by {dr0}\n\n", "Video visit, {date} {time}\n{name}, {age}[?: y.o.] {sex}\n\n"),
    "visit_story": (
        "{name:f} is here about dizzy spells. They come on rolling over in bed, last [t:under a minute], and have happened most mornings [t:for {n:2-6} weeks]. ", "There is no ringing, no new deafness, no headache. ", "{He} tried staying still, which helps, and [d:Dramamine], which does not. ", "{He} drives a delivery truck out of {town} and is afraid of losing {his} card. ", "A [e:Dix-Hallpike] is positive on the right. [e:Romberg] steady, [e:Weber] midline, [e:Rinne] air over bone. ", "I performed an [e:Epley] maneuver; {he} was sick once and then felt better. ", "Blood pressure lying [l:{n:118-150}/{n:64-88}], standing the same. ", "Blood sugar log is fair; A1c was [l:{n:6-9}.{n:0-9}] in {month:-150..-40}. ", "We talked about the cough that [d:Prinivil] gave {him}; [d:Cozaar] is easier. ", "{Wife} {spouse:f} wonders about [e:Lyme], as the yard near {town} is full of ticks. ", "{He} saw Dr. {dr1:l} at {practice} for the knee and got a shot. ",
        "Heart and lungs normal. No drift. Gait a little wide on turning. ", "Colon screening is due; {he} [w:will] think about it. ",
    ),
    "visit_plan": ("\n\nPlan: home exercises, printed and shown. ", "No ladders or night driving until it clears. ", "Therapy with {dr3:f} in [p:vestibular rehab] if not gone in [t:two weeks]. ", "DOT form held; copy to the employer when done. ", "[d:Cozaar] [l:50 mg] renewed [t:for a year], [?:Thrifty White], {town}. ", "Flu shot given by {dr4:i}. "),
    "visit_end": ("\n\n{dr0}, [?:APRN]", "\n\nBack {md:20..60}. {dr0:l}", "\n\nAVS to portal. Billed [s:99214]. {dr0}, [?:MD]"),
    "last_banner": ("DEATH SUMMARY   {hospital}\n{name:u}   {mrn}\nAdmitted {date:-6..-2}   Died {date} {time}\n\n", "Comfort care note   {ward} {room}\n{name}, {age}[?: y.o.], {date}\n\n"),
    "last_story": (
        "{mr} {name:l} lived at {station} and was brought in after being found weak and gray at breakfast. ", "There had been falls all through the summer, and less interest in food. ", "The scan showed a large bleed with shift; [p:neurosurgery] (Dr. {dr1:l}) advised against surgery. ", "[s:GCS {n:3-7}], [e:Cushing] response, one pupil large. ", "I met {son}, {daughter} and her husband in the small room, with {dr3:f} from nursing. ", "They told us {he} had said many times that machines were for barns. ", "The tube was removed at {time}, with [d:Morphine] and [d:Ativan] given for breath. ", "Father {anyone:l} came from {town} and prayed; {his} sister {sister:f} sang. ", "{He} died quietly, [t:{n:40-180} minutes] later, with family near. ", "Medical examiner called, case declined ({other}). ", "Donor line notified; not suitable by age. ", "Funeral home in {home} will come; ring left on, glasses to {daughter:f}. ",
    ),
    "last_end": ("\n\nPronounced by {dr0}, [?:MD]. PCP {dr2:l} informed {md}.", "\n\n{dr0:l}   {date} {time}", "\n\nCertificate signed {date:1}. {dr0}, [?:DO]"),
    "intake_banner": ("NURSING ADMISSION PROFILE   {ward}   {date} {time}\n{name:c}   Rm {room}   {mrn}\n", "Admission database\nPt prefers: {name:f}   Language: English   {hospital}\n"),
    "intake_lines": (
        "Info from: self and {spouse:f}.\n", "Allergies: [d:Sulfa], tape, shellfish? (itch only).\n", "Ht [l:{n:60-74} in], wt [l:{n:110-280} lb], [s:MST {n:0-3}].\n", "Vision: glasses. Hearing: aids at home. Teeth: own.\n", "Skin: bruise R hip, otherwise intact, checked with {dr4:f}.\n", "[e:Morse] [s:{n:15-85}], [e:Braden] [s:{n:14-23}], [e:Columbia] screen [s:negative].\n", "Lives: split level, [l:{n:4-12}] steps; walker in the garage.\n", "Alcohol: [l:{n:0-3}]/week. Pot: gummies for sleep.\n", "Valuables sent home with {son:f}; phone {phone} kept.\n", "Last dose of [d:Xarelto] {md:-1} evening.\n", "Feels safe at home: yes. Spiritual: would like {anyone:l}, pastor, to know.\n", "Vaccines: [d:Fluzone] {month:-120..-20}, [d:Prevnar 20] done.\n", "Emergency contact {daughter}, {kin_phone}.\n", "Oriented to call light, bed, menu, and [e:Yankauer].\n", "Diet: diabetic, no pork. Bowel: [t:yesterday].\n",
    ),
    "intake_end": ("{dr3}, [?:RN]", "Completed by {dr3:f} {dr3:l} {time}; cosign {dr4:i}", "{dr3:x}"),
}  # fmt: skip
