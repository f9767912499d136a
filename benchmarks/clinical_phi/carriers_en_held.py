"""English style "held": papers round the bed and outside it, of a county hospital district; the style that nobody tunes on.

Written after the tagger's rules and corpus were done, without sight of them. The sentences of a pool stand in
the order in which a paper tells them, so that any choice of them reads as one paper.
"""

DOCUMENTS = (
    ("booking_head", "booking_rows*8-11", "booking_end"),
    ("cad_head", "cad_rows*8-11", "cad_end"),
    ("trace_head", "trace_rows*7-10", "trace_end"),
    ("school_head", "school_rows*7-10", "school_end"),
    ("thin_head", "thin_rows*8-11", "thin_end"),
    ("means_head", "means_rows*8-11", "means_end"),
    ("screen_head", "screen_rows*7-10", "screen_end"),
    ("bench_head", "bench_rows*7-10", "bench_end"),
    ("run_head", "run_rows*8-11", "run_end"),
    ("limb_head", "limb_rows*7-10", "limb_end"),
    ("event_head", "event_rows*7-10", "event_end"),
    ("answer_head", "answer_rows*6-9", "answer_end"),
    ("board_head", "board_rows*7-10", "board_end"),
    ("thread_head", "thread_rows*9-12"),
    ("text_head", "text_rows*6-9"),
    ("ticket_head", "ticket_rows*7-10", "ticket_end"),
    ("scene_head", "scene_rows*8-11", "scene_end"),
    ("beam_head", "beam_rows*7-10", "beam_end"),
    ("trial_head", "trial_rows*7-10", "trial_end"),
    ("dental_head", "dental_rows*7-10", "dental_end"),
    ("eye_head", "eye_rows*7-10", "eye_end"),
    ("duty_head", "duty_rows*8-11", "duty_end"),
    ("bill_head", "bill_rows*8-11", "bill_end"),
    ("shot_head", "shot_rows*7-10", "shot_end"),
    ("tumor_head", "tumor_rows*8-11", "tumor_end"),
    ("card_head", "card_rows*6-9", "card_end"),
    ("ledger_head", "ledger_rows*7-10", "ledger_end"),
    ("vent_head", "vent_rows*8-11", "vent_end"),
    ("handoff_head", "handoff_rows*7-10", "handoff_end"),
)  # fmt: skip
# Papers of women alone.
WOMEN = ("screen_head",)
# Ages of the patient where a paper is that of the young, the grown or the old; elsewhere 18 to 89.
AGES = {
    "booking_head": (19, 66),
    "school_head": (6, 12),
    "thin_head": (50, 89),
    "screen_head": (19, 40),
    "run_head": (35, 85),
    "limb_head": (40, 80),
    "eye_head": (45, 89),
    "duty_head": (22, 64),
    "shot_head": (19, 80),
    "tumor_head": (45, 89),
    "vent_head": (40, 89),
    "handoff_head": (55, 89),
    "card_head": (60, 89),
}
POOLS = {
    # the county jail's clinic
    "booking_head": ("DETENTION HEALTH SCREEN   {home} [?:County] Jail\nInmate {name:c}   Booking {case}   DOB {born}   {date} {time}\n", "Jail intake, medical   Nurse {dr3}   Book-in no. {case}\n{name:m}   {age}[?: y]   {mf}\n"),
    "booking_rows": (
        "Brought by Deputy {anyone:l}, unit plate {plate}, from a stop on {street}.\n", "Calm, smells of beer, gaze steady; [w:Fields] full to confrontation.\n", "AKA {anyone}; SSN {ssn}; DL {licence}.\n", "Says {he} takes [d:Keppra] [l:500] and [d:Risperdal], filled at [?:H-E-B], {town}.\n",
        "Seen at {other_hospital} {date:-40..-10} after a fit; Dr. {dr1:l} wrote the script.\n", "CIWA [s:{n:2-18}], COWS [s:{n:0-14}], glucose [l:{n:70-220}]; [e:Jacksonian] march described.\n", "Hand swollen from hitting a [w:Lane] marker, fifth metacarpal tender ([w:Boxer]'s break?).\n", "Partner {spouse} may drop off glasses; her number {kin_phone}.\n",
        "Girl of [?:3] with {granny}, per {him} \"my [w:Angel].\"\n", "PPD placed L arm {time}, read {md:2..3} by {dr4:i}.\n", "Cleared for general, cell {room}; low bunk [t:{n:3-14} days].\n", "Property bag {other}: ring, [w:Sharp] comb taken, phone {phone}.\n", "Public defender {anyone} emailed ({email}) asking for records.\n", "Past stay {month:-900..-200} under number {csn}; suicide watch then, [s:ASQ 0] now.\n",
    ),
    "booking_end": ("{dr3:c} [?:LVN]   cosign {dr0:l} {time}", "Provider review {md:1}: continue [d:Keppra]. {dr0:i}", "Faxed to [?:MHMR] {any_phone}. {dr3:x}"),
    # the dispatcher's screen
    "cad_head": ("CAD EVENT {case}   {date} {time}\nCALLER {anyone:u}   CALLBACK {any_phone}\nLOC {address}\n", "911 narrative export   Event {case}   Calltaker {dr4:l}\nCaller states: patient is {name}, {age}\n"),
    "cad_rows": (
        "{time} RP ADV HUSBAND OF NEIGHBOR {anyone:u} DOWN IN CARPORT\n", "{time} Agonal, not awake; code 9-E-1 set, EMD card [s:9], coaching hands on chest.\n", "{time} Cross street [w:Church] lot, gate code held by {kin:f}.\n", "{time} Medic 4 en route: {dr0:l}/{dr3:l}, unit {plate}.\n", "{time} Engine 2, Capt. {anyone:l}, on scene; AED {serial} one shock.\n",
        "{time} Caller second line, son {son} on {kin_phone}, says dad had a stent at {short_hospital}.\n", "{time} Pulse back, BP [l:{n:80-130}/{n:40-80}], [d:Amiodarone] [l:300].\n", "{time} Family lists [d:Tikosyn], [d:Multaq]; [e:Brugada] on old card.\n", "{time} Diverted by {dr1:l} to {other_hospital}, cath team warm.\n", "{time} Traffic thick, [w:Lane] shut, PD {staffer:l} blocks.\n", "{time} Dog named [?:Duke] secured by {anyone:f}.\n", "{time} QA: hands on in [t:{n:60-170} seconds], lapse at [l:min {n:3-9}].\n", "{time} Daughter {daughter:f} {daughter:l} called from {town}; told to drive to ER.\n",
    ),
    "cad_end": ("CLOSED {time}   REVIEWER {staffer:u}", "Audio {other} released to {dr0:c}", "Unit clear. {dr3:i}"),
    # tuberculosis, who met whom
    "trace_head": ("TB CONTACT INVESTIGATION   RVCT {case}\nIndex {name:c}   DOB {born}   [?:Region 8]   DIS {dr3}\n", "{hospital} Public Health   Case interview   {date}\nClient {name}   {address}   {phone}\n"),
    "trace_rows": (
        "Smear [s:3+] from {date:-30..-15}, [e:Ziehl-Neelsen]; NAAT positive at {other_hospital}.\n", "Coughing since {month:-150..-60}; wt down [l:{n:10-35} lb]; [w:Frank] blood once.\n", "Sleeps in one room with {spouse:f}, {son:f} and {granny} ({old}).\n", "Worked nights at {firm}; line partner {anyone} on [l:{n:4-8}] shifts a week.\n", "Rides to town with {anyone} in a van, tag {plate}.\n", "Sings in choir with {anyone} and Deacon {anyone:l}; practice {weekday}.\n", "Met {anyone:f} through an app, handle {social}, no last name.\n", "Bar hours: \"me and [w:Jack] and Coke,\" [w:Rusty] anchor sign.\n",
        "Crossed at {town} from [?:Guatemala] {year:-1500..-500}, permit {other}.\n", "DOT by phone video {phone}, [d:Rifamate], [d:Myambutol], [t:{n:6-9} months].\n", "IGRA list: {anyone:c} pos, {anyone:c} neg, {kin:c} refused.\n", "CXR {accession} read by {dr1:l}: cavity RUL, [e:Ghon] focus, [e:Rasmussen] not seen.\n", "[e:Ishihara] plates [s:{n:10-14}/14]; LFT [l:AST {n:18-80}].\n", "Newborn of {sister} started [d:isoniazid] after Dr. {dr2:l} called {any_phone}.\n", "Incentive card {card} with [l:$ {n:20-60}] for gas.\n",
    ),
    "trace_end": ("{dr3}, [?:RN], {any_phone}", "Next home check {md:5..12}. {dr4:i}", "Supervisor {dr0:l}   closed {date:60..200}"),
    # a school nurse
    "school_head": ("{school}   Health office log   {date}\nNurse {dr3}   Student {name:c}   Gr [?:{n:1-6}]   ID {other}\n", "ISD NURSE VISIT   {name}   DOB {born}\nCampus: {school}   Homeroom {anyone:l}\n"),
    "school_rows": (
        "{time} in from PE, [w:Hunter] green shirt torn, elbow scraped by swing; ice, sent back.\n", "{time} headache, 20 min rest, T [l:98.{n:0-9}], snack of [w:Graham] crackers.\n", "{time} [d:Ritalin LA] bottle count [l:{n:5-40}] with aide {dr4}.\n", "{time} low [l:{n:48-69}], 4 oz juice, recheck [l:{n:85-130}]; pump {serial}.\n", "{time} teacher {anyone:l} saw staring, lips smacked [t:{n:10-40} sec]; [e:Rolandic] plan on file.\n",
        "Called mom {mother:f} at {kin_phone}; no answer, left word with {aunt}.\n", "Dad {father} picked up, photo ID {licence}, badge to lobby.\n", "Buddy {anyone:f} {anyone:l} walked {him} down; rode bus 14 with [w:Bill]-board chalk.\n", "Head check: [w:Pearl]-white nits, [d:Nix] note home with {sister:f}.\n", "Order renewed: Dr. {dr0:l}, {short_hospital}, fax {any_phone}.\n",
        "504 meeting {md:3..14}: {mother}, counselor {staffer}, diagnostician {staffer}.\n", "Vision [l:20/{n:30-70}] L; referral to {practice}.\n", "Peanut at table by mistake: [d:EpiPen Jr] {time}, 911, [e:Darier] wheal; {mother:f} rode along.\n", "Shots short: [d:Varivax]; delay form till {date:14..40}.\n", "Lives part time at {street} with {granny}.\n",
    ),
    "school_end": ("{dr3:f} {dr3:l} [?:RN]", "Copy to {mother}, {email}", "Sub nurse {dr4} initials {dr4:x}"),
    # blood thinners
    "thin_head": ("ANTICOAGULATION CLINIC   {hospital}   {date}\n{name:c}   {mrn}   PharmD {dr3:l}\n", "Pharmacy INR visit   {date} {time}\nPt {name}, {age}[?: yo]   Referring {dr0:c}\n"),
    "thin_rows": (
        "INR [l:{n:1-5}.{n:0-9}] by fingerstick, meter {serial}, goal [l:2-3], [e:Virchow] factors steady.\n", "Reason: mech valve ([e:Björk-Shiley]) at {other_hospital} {month:-5000..-2000}, surgeon {dr1:l}.\n", "Weekly dose [l:{n:20-55} mg]; missed {md:-6..-2} when {spouse:f} was away in {town}.\n", "New: [d:Flagyl] from Dr. {dr2:l} at {practice} [t:x {n:5-10} days].\n", "Greens: collards at [w:Church] twice; [w:Virginia] ham no matter.\n", "Nose bled {md:-4..-1}, pinched [t:{n:10-25} min], none since.\n", "HAS-BLED [s:{n:1-4}], CHADS [s:{n:2-5}].\n",
        "Hold [l:{n:1-2}] dose, then [l:{n:2-6} mg] M-W-F; teach-back by {daughter:f}.\n", "Text copy to {kin_phone}, \"OK Mija\" from {daughter}.\n", "Bridge plan for tooth {md:10..20}: {dr4:f} at {practice}, [d:Fragmin].\n", "Pill color [w:Peach], not [w:Rose]; bottle from [?:Walgreens] mixed with {brother:f}'s.\n", "Mail order acct {account}; plan {plan}.\n", "Ride: van club, driver {anyone}, {any_phone}.\n", "Fell off step {md:-20..-8}, CT ({accession}) clean at {short_hospital}, [e:Battle] sign absent.\n",
    ),
    "thin_end": ("Back {date:7..28}. {dr3}, [?:PharmD]", "Signed {dr3:x} for {dr0:l}", "Agree, {dr0}, [?:MD] {time}"),
    # who can pay
    "means_head": ("COUNTY INDIGENT CARE APPLICATION   District of {hospital}\nWorker {dr4}   Interview {date} {time}   Case {case}\n", "Financial counseling intake   {date}\nApplicant {name:m}   SSN {ssn}   DOB {born}\n"),
    "means_rows": (
        "Household: {name}, {spouse} (spouse), {son} (son), {granny}, age {old}.\n", "Rents from {anyone} at {address}, [l:$ {n:400-900}].\n", "Last job {firm}, let go {date:-200..-60}; boss {anyone}, {any_phone}.\n", "Stubs show [l:$ {n:180-420}] weekly; [w:Cash] for lawns.\n", "Truck [w:Ranger], VIN {vin}, plate {plate}, owed to {kin}.\n", "Bank draft {account}; prepaid {card}.\n", "Passport {passport}, [?:Honduras]; lawful since {year:-4000..-1500}.\n", "Denied by {insurer}, letter of {date:-60..-20}, ID {plan}.\n", "Open bills: {other_hospital} [l:$ {n:900-9000}], EMS run {csn}.\n",
        "Why care: hernia since a lift at {firm}; Dr. {dr0:l} says [e:Lichtenstein] mesh, [t:{n:4-8} weeks] off.\n", "Asks for [d:Lantus], [d:Symbicort]; [w:Sue], she says, is not her aim.\n", "Proof mailed to PO, e-mail {email}.\n", "Pastor {anyone:l} will vouch, cell {kin_phone}; page {social}.\n", "Interpreter {staffer}, badge {other}.\n",
    ),
    "means_end": ("Approved through {date:90..180}. {dr4}", "Applicant {name:i}   Witness {dr4:i}", "Sent to {staffer} for review {md:1..5}"),
    # mothers and heel sticks
    "screen_head": ("NEWBORN SCREEN RECALL   {hospital}   {date}\nMother {name:c}   MRN {mrn}   Baby of {name:l}   Form {case}\n", "Lactation & newborn follow up   {date} {time}\nMom {name}, {age}   Baby boy {son:f}\n"),
    "screen_rows": (
        "Kit {other}: TSH [l:{n:22-90}], [e:Guthrie] card spot 3; state nurse {staffer} rang {time}.\n", "Reached {name:f} at {phone}; {spouse} on speaker; she also answers as {social}.\n", "Born {date:-9..-4}, [t:{n:37-41} weeks], [l:{n:5-9} lb {n:1-15} oz], {dr0:l} caught; [e:Apgar] [s:8/9].\n", "Address checked: {address}.\n", "Nursing [t:every {n:2-3} hours], latch [s:LATCH {n:5-10}], [w:Rose]-pink cheeks.\n", "Bili [l:{n:8-17}.{n:0-9}], blanket {serial} lent.\n", "Big sister {daughter:f} kisses the baby, {granny} cooks; [w:Joy] all round.\n",
        "EPDS [s:{n:2-16}], sleeping [t:{n:3-6} hours]; [d:Lexapro] kept by {dr2:l}.\n", "Repeat draw {md:1..2} at {short_hospital}, ask {dr3:f}.\n", "[?:WIC] card {plan}, clerk {staffer}.\n", "Peds will be {dr1} at {practice}.\n", "Hips: [e:Ortolani] and [e:Barlow] quiet; [e:Moro] even.\n", "Birth certificate name change from {anyone} to {son}, file {licence}.\n", "Prior loss {month:-1200..-500} at {other_hospital}, [e:Patau] by array.\n", "Tested with [d:Synthroid] [l:{n:25-50} mcg] crushed; no [d:soy Isomil].\n",
    ),
    "screen_end": ("{dr3:f} {dr3:l}, [?:IBCLC]", "Closed with level [l:{n:2-8}.{n:0-9}], {date:6..12}. {dr1:i}", "Letter to {name}, certified {other}"),
    # tubes and jars
    "bench_head": ("LABORATORY PROBLEM LOG   {hospital}   {date}   Tech {dr4:l}\n", "Surgical pathology requisition   {accession}\nPatient {name:c}   DOB {born}   Surgeon {dr0:l}\n"),
    "bench_rows": (
        "{time} Jar says {anyone:c}, slip says {name:c}; OR called, {staffer} came down.\n", "{time} Lavender clotted, {anyone:l} from {ward}, told {staffer:f}, redraw.\n", "{time} Critical K [l:6.{n:1-9}] {name:l} {mrn}; read back by {dr1:l}.\n", "Site: L parotid, [e:Warthin] versus [e:Stensen] duct cyst; [w:Lance] mark at hilum.\n", "Frozen {time}: Dr. {dr2} states benign to {dr0:l}, [l:{n:8-30} mm].\n", "Clinical: {age} {sex}, lump [t:{n:3-20} months], FNA at {other_hospital} {date:-60..-20}.\n", "Ink [w:Blue] superior, [w:Hunter] green deep; cassettes [l:A1-A{n:4-9}].\n",
        "Courier {anyone} dropped box {other} from {practice} at {time}.\n", "Send-out to [g:reference lab]: [e:Russell] viper time, [l:{n:30-60} s].\n", "Unit {serial} crossmatch for {anyone:c}, [e:Duffy] and [e:Kell] neg; {dr3:i} second check.\n", "Smear: [e:Howell-Jolly], [e:Auer] none, [w:Crystal]s rare; {dr2:l} to look.\n", "Blood bank fridge [l:{n:2-6} C]; alarm texted {any_phone}.\n", "Relabel refused: birth date {born} and spelling \"{anyone:l}\" differ.\n", "Inspector {staffer} due {md:2..9}, badge {other}.\n", "Add-on by phone: {dr1:f} {dr1:l}, [?:NP], wants [l:D-dimer].\n",
    ),
    "bench_end": ("{dr4:f} {dr4:l}, [?:MLS]", "Reviewed {dr2:x} {date}", "Lead {staffer:i}, {time}"),
    # a run on the kidney machine
    "run_head": ("HEMODIALYSIS TREATMENT SHEET   {practice}   {date}\n{name:c}   chair {n:1-24}   {mrn}   MD {dr0:l}\n", "Dialysis run, TTS 2nd shift   {date} {time}\n{name}   {age}[?: y]   PCT {dr4:f}\n"),
    "run_rows": (
        "Pre wt [l:{n:52-120}.{n:0-9} kg], up [l:{n:2-5} kg], ate [w:Rice] and beans at {brother:f}'s.\n", "Access L upper arm, built by {dr1:l} at {other_hospital} {month:-2000..-300}, bruit fine.\n", "Dialyzer {serial}, bath [l:{n:2-3}K], [d:Heparin] [l:{n:2-5}000].\n", "{time} [l:{n:96-170}/{n:50-92}], tray table, dozing.\n", "{time} cramps both calves, saline [l:{n:100-300}], {dr3:f} at chair.\n", "{time} alarm arterial, [e:Buerger] angle no; moved needle.\n", "Next chair {anyone:f} {anyone:l} fainted; shared driver {anyone} said so.\n", "{dr0:l} rounded: phos [l:{n:4-8}.{n:0-9}], [d:Renvela] with meals, skip [w:Dr Pepper].\n",
        "Transplant talk: sister {sister} in {town} wants to give; coordinator {staffer} {any_phone}.\n", "Hep B titer {md:-20..-5} [l:{n:4-90}]; [d:Engerix] due.\n", "Ride {plate} van [t:{n:20-70} min] late; {spouse} phoned {kin_phone}.\n", "Kt/V [l:1.{n:10-60}]; URR [l:{n:60-75}%]; [e:Tenckhoff] scar well healed.\n", "Missed {md:-5..-3} for funeral of {uncle} at {home}.\n", "[d:Epogen] [l:{n:4-12}000 U], [d:Venofer] [l:100].\n", "Plan card {plan}, secondary group {group}.\n",
    ),
    "run_end": ("Off {time}. {dr4:f} {dr4:l} / {dr3:i}", "Post [l:{n:50-118}.{n:0-9} kg]. {dr3}, [?:RN]", "MSW {staffer} seen; KDQOL [s:{n:30-80}]"),
    # a leg is made
    "limb_head": ("PROSTHETICS FITTING   {date}\nClient {name:c}   Rx {dr0:l}, {hospital}   {insurer} {plan}\n", "Wheelchair seating evaluation   {name}   {date}\nATP {staffer}   OT {dr3}\n"),
    "limb_rows": (
        "R transtibial by {dr1} {date:-120..-50} at {other_hospital}; [e:Syme] had failed.\n", "Limb [l:{n:10-18} cm], pink, no edge drain; [e:Wagner] [s:grade {n:0-2}] left heel.\n", "Socket 2 pressed at fibula; [w:Foam] pad, liner {serial}.\n", "K level [s:{n:2-3}], AMPnoPRO [s:{n:20-40}]; steps [l:{n:3-8}] at {street}.\n", "{spouse:f} films gait for {dr3:l}; phone {kin_phone}.\n", "Wants to fish with {son:f} at [w:Rock] jetty by {month:30..90}.\n", "Chair [w:Quickie] [l:18 x {n:16-20} in], tilt, serial {serial}, vendor {anyone} {any_phone}.\n",
        "Trial at {station} with aide {staffer:f}; fits the van of {brother}.\n", "Skin: [d:Santyl] to toe, [w:Brown] slough gone; [s:Braden {n:14-20}].\n", "[e:Trendelenburg] lurch, [e:Achilles] cord short.\n", "Letter of need to {insurer}, ref {other}, due {date:4..12}.\n", "Denial talk with Dr. {staffer:l}, peer, {time}.\n", "Phantom pain [s:{n:2-8}/10], [d:Lyrica] [l:75] up from nil.\n", "Paid deposit card {card}, receipt {account}.\n",
    ),
    "limb_end": ("{staffer}, [?:CPO]", "{dr3:i}, [?:OTR], {date}", "Delivery {date:10..30} to {address}"),
    # what went wrong
    "event_head": ("SAFETY EVENT   {case}   {hospital}   {ward}\nReported by {dr3} {date} {time}   Patient {name:c} {mrn}\n", "Medication variance review   {date}\nFacilitator {dr0}   Staff involved {dr3:l}, {dr4:l}\n"),
    "event_rows": (
        "{dr4:f} hung [d:Cefepime] of {anyone:c} on {name:l}'s pole; names both begin with {name:f}.\n", "Seen by {daughter:f} at [l:{n:10-40} mL]; stopped {time}.\n", "Vitals [l:{n:100-150}/{n:60-88}], no hives; Dr. {dr1:l} at bedside [t:in {n:4-15} min].\n", "Scanner {serial} dead since [t:noon]; help desk {staffer:f} had been told.\n", "Both on day 3 of twelves; [w:Page] sent to {dr1:l} went to {dr2:l}.\n", "Also {md:-3..-1}: {anyone:l} slid off commode, [e:Morse] [s:{n:45-85}], no harm, {station} told.\n",
        "Disclosure {time} in room {room}: {name:f}, {spouse}, {dr0:l}.\n", "{spouse:f} asked \"[w:Will] it show on a bill?\" - no.\n", "Just Culture: at-risk, coach {dr4:f}; [w:Mark] bag with [w:Amber] sticker.\n", "Action owner {staffer}, due {date:10..30}; audit [l:{n:10-30}] charts.\n", "Harm [s:category {n:3-4}{n:1-2}]; root cause within [t:{n:30-45} days].\n", "Email trail {email}, server {ip}.\n", "[w:Swiss] cheese chart drawn by {dr2:l}; [e:Ishikawa] bones, four.\n", "Family of {anyone} told too, by phone {any_phone}.\n",
    ),
    "event_end": ("Risk {staffer}   {date:1..3}", "{dr0:c}   closed {date:20..45}", "Manager {dr2:f} {dr2:l}"),
    # an answer to a complaint
    "answer_head": ("{hospital}\nPatient Relations\n{date}\n\n{kin}\n{address}\n\nRe: grievance {case}\n\nDear {mr} {kin:l},\n\n", "{date}\n\n{spouse}\n{address}\n\nYour letter of {date:-25..-8} about the care of {name}, chart {mrn}\n\n"),
    "answer_rows": (
        "We are sorry that {name:f} waited [t:{n:3-8} hours] on {date:-40..-30}. ", "The nurse you describe, {dr3:f} {dr3:l}, recalls the evening, and that the [w:Gray] blanket was all she had. ", "Dr. {dr1:l} came at {time}, between two traumas flown in from {town}. ", "Our charge nurse, {dr4}, has since moved the chairs. ", "You wrote that [d:Toradol] was offered although the arm band warned of it; that was our fault. ", "The scan, {accession}, had been read at {time} by {dr2:l}, who phoned the wrong desk. ", "{name:l}'s records from {other_hospital} were not opened until {md:-29..-27}. ",
        "You also named a clerk, {anyone}, who is not employed by us. ", "[w:Grace] under such strain does you credit. ", "We have asked [p:Radiology] to list every call within [t:{n:20-60} minutes]. ", "The bill under account {account}, [l:$ {n:200-4000}], has been set to zero. ", "If you feel we have not listened, write to [g:the state agency], or ring {staffer} at {any_phone}. ", "{He} should see Dr. {dr0:l} about the [e:Dercum] lumps, which [w:may] need a biopsy. ", "Our chaplain, {staffer}, would gladly meet {daughter:f} and you. ",
    ),
    "answer_end": ("\n\nSincerely,\n{dr4}\n{any_phone}", "\n\n{staffer}\nChief Nursing Officer\ncc {dr0}", "\n\nWith respect,\n{dr4:f} {dr4:l}, {email}"),
    # lists of cases
    "board_head": ("SURGERY SCHEDULE   {hospital}   {date:1}   printed {dr4:x} {time}\n", "{practice} clinic list   {date}   Provider {dr0:l}\n"),
    "board_rows": (
        "OR1 {time} {anyone:c} {mrn}  Lap chole  {dr0:l}/{dr2:l}  GA {staffer:l}\n", "OR1 TF  {anyone:u}  [e:Bascom] flap  {dr0:l}\n", "OR2 {time} {name:c} {age}{mf}  L THA, implant {serial}  rep {anyone}\n", "OR3 {time} {anyone:c} {accession}  [e:McDonald] stitch  {dr1:l}, RNFA {staffer:l}\n", "OR4 HOLD  {anyone:l} - INR [l:{n:2-4}.{n:0-9}] - {dr3:f} to call {kin_phone}\n", "{time}  {anyone:c}  new, ref {dr2:i}, [w:Carpal] tunnel\n", "{time}  {anyone}  DOB {born}  no-show x2, phone {any_phone}\n", "{time}  {anyone:m}  [d:Prolia] shot, [?:RN] {staffer:f}\n",
        "{time}  {anyone:c} - interp {staffer:f}, [?:Vietnamese], suture out\n", "{time}  {name:f} {name:l} wound check, {spouse:f} drives from {town}\n", "ADD-ON  {anyone:c} from {short_hospital}, [e:Fournier], [s:ASA 4E]\n", "Lunch talk {staffer:l} (rep), [w:Rice] bowls, rm B\n", "Block open {md:3..8}: call {staffer}, {short_phone}\n", "Blood: {anyone:l} [l:{n:2-4}U], tube to {staffer:i}\n", "Latex: {anyone:u}. Iso: {anyone:u}.\n",
    ),
    "board_end": ("Charge {dr3:f}, [?:ext] {short_phone}", "Anes board {staffer:l}/{staffer:l}", "Changes to {dr4:f} {dr4:l} before {time}"),
    # colleagues write to each other
    "thread_head": ("Secure chat   {ward} team   {date}\n", "Message thread, {name:c} ({mrn})   {date}\n"),
    "thread_rows": (
        "{dr1:f} {dr1:l}: anyone have eyes on {anyone:l}, drain is [w:Cherry] red\n", "{dr2:i}: scrubbed w {dr0:l}, [?:5 min]\n", "{dr3:f}: {name:f} keeps asking for Dr {dr0:l}, can u swing by rm {room}\n", "{dr0:l}: tell {name:f} [t:after lunch]. also k [l:{n:2-3}.{n:0-9}] pls replete\n", "{dr4:f}: pharmacy here, [d:Bactroban] on shortage, ok [d:Altabax]?\n", "{dr1:f}: ty {dr4:f}!!\n", "{dr3:f}: son {son} on line 2 from {town}, {kin_phone}, wants u not me lol\n", "{dr0:l}: {son:f} is the POA right? not {brother:f}\n", "{dr2:l}: surgery at {short_hospital} said {staffer} would accept, bed [t:tmrw]\n", "{dr3:f}: CT {accession} up. [e:Chilaiditi] per {staffer:l}, not air\n",
        "{dr1:l}: whew. [w:Drew] cx x2 anyways\n", "{dr4:f}: [w:Chase] the vanc level {time}\n", "{dr2:l}: who is on tonite, {staffer:l}? my cell {any_phone}\n", "{dr3:f}: {anyone:l}'s wife {anyone:f} brought [w:Bun]s for all, breakroom\n", "{dr0:l}: [s:SOFA {n:2-9}], if [l:MAP] under [l:60] call {staffer:f} in MICU\n", "{dr1:f}: d/c {anyone:c} by {time}, {spouse:f} has wheels ({plate}), valet lol\n", "{dr2:l}: {name:l} ht {md:-1} vs today [l:{n:7-9}.{n:0-9}], [w:Will] recheck\n",
    ),
    # machines write to patients
    "text_head": ("Outbound SMS report   {hospital}   {date}\n", "AUTOMATED MESSAGES SENT {date}\n"),
    "text_rows": (
        "{time} to {phone}: Hi {name:f}, your visit with Dr. {dr0:l} is {date:1..4} at {time}. Reply C. Code {other}\n", "{time} to {kin_phone}: {kin:f}, {name:f}'s ride {plate} is [t:{n:3-9} min] away.\n", "{time} to {any_phone}: {anyone:f}, Rx [d:Tradjenta] ready at [?:CVS], {town}. Acct {account}\n", "{time} to {any_phone}: {short_hospital} billing: {anyone}, balance [l:$ {n:20-900}]. Pay {url}\n", "{time} to {phone}: Prep for colonoscopy, {name:f}: [d:Suprep] {md:1..3}, nothing red. Nurse {dr3:f}\n",
        "{time} to {any_phone}: {practice}: {anyone:f} {anyone:l}, you are due for a [e:Pap] test. {url}\n", "{time} to {email}: Lab result for {name:c} (MRN {mrn}) posted, [l:A1c {n:6-9}.{n:0-9}]\n", "{time} to {any_phone}: Parent of {anyone:f}: [d:Gardasil] due at {school} {md:2..9}.\n", "{time} to {any_phone}: reply STOP. reply received \"wrong # this is {anyone}\"\n", "{time} to {phone}: Dr. {dr1:l} is out {md:1..2}; see {dr2}, [?:NP], same [w:Page].\n", "{time} to {kin_phone}: {spouse:f}, {name:f} is in recovery. Wait in [w:Rose] lobby. -{dr4:f}\n", "{time} to {any_phone}: How was {ward}? Score [s:0-10]. Ask for {staffer} with concerns.\n", "{time} to {phone}: Bring [t:7 days] of readings. [w:Fitbit] login {url}\n",
    ),
    # the help desk
    "ticket_head": ("INC{case}   Priority 2   opened {date} {time}\nCaller {dr3} ({dr3:x}), {ward}, [?:ext] {short_phone}, host {ip}\n", "Help desk ticket {case}   Assigned {staffer}   {date}\nSubject: wrong patient in banner\n"),
    "ticket_rows": (
        "Orders for {name:c} ({mrn}) print with {anyone:c}'s band, device {serial}.\n", "Happened twice: {time} and {time}; {dr0:l} nearly gave [d:Lovastatin] to the wrong one.\n", "Merge? {name:l} has csn {csn} and an old chart under {anyone:l}, DOB {born}.\n", "{dr4:f} at registration typed SSN {ssn}, [w:Bill] to {insurer} bounced, ID {plan}.\n", "Tried restart, [w:Jack] swap, new cable; still [l:{n:2-9}] labels behind.\n", "Portal: {spouse} cannot open {url}; lockout after {n:3-5} tries, mail {email}.\n", "Calculator for [e:Cockcroft] drops [l:decimals]; [s:{n:20-90}] shown.\n", "Remote into {ip} with {dr3:f} watching, [t:{n:10-50} min].\n",
        "Vendor {anyone}, {any_phone}, on site {md:1..4} from {town}.\n", "Workaround: [w:Page] of paper, {dr4:l} hand-writes.\n", "Interface drops accents, so {anyone} turned into boxes.\n", "Same as the one {staffer} raised for {short_hospital} on {date:-30..-10}.\n", "Fax from {other_hospital} landed in {anyone:c}'s folder.\n", "Screenshot shows allergies [d:Codeine], [d:Keflex] that {name:f} never had.\n",
    ),
    "ticket_end": ("Resolved {date:1..3} {staffer:i}", "Escalated to {staffer}; caller {dr3:f} agrees", "Privacy office ({staffer:l}) copied {time}"),
    # a death outside
    "scene_head": ("MEDICOLEGAL DEATH INVESTIGATION   {case}\nDecedent {name:c}   DOB {born}   Investigator {dr0:l}   {date}\n", "[?:JUSTICE OF THE PEACE PCT. 2]   inquest {case}\n{name:m}, {age}, pronounced {date} {time}\n"),
    "scene_rows": (
        "Found {time} by landlord {anyone}, {address}, back bedroom, fan on.\n", "Last known alive {md:-2..-1}: {sister} spoke by phone, {kin_phone}.\n", "Rigor full, lividity fixed; temp [l:{n:78-92} F]; [e:Tardieu] spots on legs.\n", "Meds: [d:Trazodone] [l:{n:3-28}], [d:Hydroxyzine], bottle by Dr. {dr1:l}, {practice}.\n", "Wallet: DL {licence}, card {card}, [l:$ {n:4-90}].\n", "Mail of {insurer}, ID {plan}; [?:VA] letter to {anyone}.\n", "History per {other_hospital}: cirrhosis, [e:Wernicke] once, left {date:-60..-15}.\n", "No forced entry; Officer {anyone:l} photo set {other}.\n",
        "NOK {brother} of {town}, told in person {time}; ex {spouse:f} by phone.\n", "Phone unlocked by {sister:f}; last post {md:-3..-1} as {social}.\n", "Neighbor {anyone:f} heard coughing [t:{n:2-6} nights].\n", "Fingerprints {biometric} to match; dentures, [w:Gold] tooth.\n", "Tox drawn, femoral, sealed {serial}; autopsy by {dr2}, {md:1..2}.\n", "Heart [l:{n:380-620} g], liver [w:Nutmeg], [e:Mallory] bodies.\n", "Funeral home of {home} took over; {anyone} signed.\n", "Car {plate}, VIN {vin}, in drive, cold.\n", "Cat left with {anyone:f}. [w:Bill]s unpaid.\n",
    ),
    "scene_end": ("{dr0:f} {dr0:l}, {date:1}", "Manner: natural. Judge {staffer:l}", "Cert. filed {date:3..12}, {other}"),
    # rays
    "beam_head": ("RADIATION SIMULATION   {hospital}   {date}\n{name:c}   {mrn}   Rad Onc {dr0:l}   Physics {dr2:l}\n", "Weekly on-treatment visit   {name}   fx {n:4-28}\nDr. {dr0}   {date}\n"),
    "beam_rows": (
        "L breast, [s:T1N0], lumpectomy {date:-70..-40} by {dr1} at {other_hospital}, margins [l:{n:2-9} mm].\n", "[e:Nottingham] [s:{n:4-8}], [s:Oncotype {n:6-28}]; [d:Arimidex] later.\n", "Cradle labelled {name:l}, bolus none, tattoos [l:{n:3-5}], [w:Sharp] photo {other}.\n", "Plan {serial}, [l:{n:40-50} Gy] in [l:{n:15-25}], heart mean [l:{n:1-3} Gy]; {dr2:i} signs.\n", "First beam {md:-12..-6} {time}: {dr3:f}, {dr4:f}, {dr0:l} present.\n", "Skin [s:grade {n:1-2}], [d:Silvadene]; [w:Rose] blush under fold.\n", "Tired, naps [t:{n:1-2} hours]; {spouse:f} cooks, {daughter:f} drives from {town}.\n",
        "Machine down {md:-4..-2}; moved to {short_hospital}, tech {staffer}.\n", "Same vault {anyone:c} has near same name; face photo and DOB {born} both read.\n", "Lodging in a guest room, [w:Hope]ful mood, host {anyone}, {any_phone}.\n", "Genetics {staffer}: BRCA neg; aunt {aunt} had ovary at {old}.\n", "Lymph arm [l:+{n:1-3} cm], sleeve via {practice}.\n", "ICD {serial} dose [l:0.{n:1-9} Gy], rep {anyone} checked.\n", "[e:Karnofsky] [s:{n:70-90}]; wt [l:{n:110-220} lb].\n", "Parking tag {plate}; bill acct {account}.\n",
    ),
    "beam_end": ("{dr0}, [?:MD]", "Therapists {dr3:i} / {dr4:i}", "Ends {date:10..25}; see {dr1:l} {md:40..60}"),
    # a study
    "trial_head": ("STUDY SCREENING LOG   protocol {other}   site {hospital}   PI {dr0:l}\nSubject {name:x}-{n:10-99}   {date}\n", "Research visit V{n:2-9}   {name:c}   CRC {dr3}\n{date} {time}\n"),
    "trial_rows": (
        "Consent {date:-20..-10} {time} with {dr0} and {dr3:f}; {spouse} as witness.\n", "Late [t:{n:1-3} days], was with {son:f} in {town}.\n", "AE: loose stool since {md:-9..-3}, [s:CTCAE {n:1-2}]; [d:Lomotil].\n", "Con meds: [d:Benicar], [d:Pravachol]; {dr4:l} at {other_hospital} began [d:Cymbalta].\n", "[l:BP {n:108-150}/{n:60-90}], ECG [l:QTc {n:390-460}], read by {dr1:l}; [e:Bazett] noted.\n", "Tubes {accession} on ice, courier waybill {other}, lab in {town}.\n", "Kit {serial} back with [l:{n:0-8}] tabs; [w:Amber] vial broke.\n", "Stipend [l:$ {n:40-120}] to card {card}.\n",
        "SAE {date:-40..-22}: fall, admitted {short_hospital}, unrelated per {dr0:l}, IRB {case}.\n", "Correction: values of {anyone:c} entered {md:-3..-1}, struck, {dr3:x}.\n", "Screen fail: {anyone:c}, [l:eGFR {n:20-40}]; {anyone:c}, lives past {town}.\n", "[e:Likert] items [l:{n:12-30}], [s:SF-36 {n:30-80}], read aloud.\n", "Monitor {staffer} from [?:Denmark] {md:4..12}, ip {ip}.\n", "Reminder to {phone} and {email}.\n", "[w:Case] book [w:Page] {n:10-60} signed.\n",
    ),
    "trial_end": ("{dr3:i}, [?:CCRC]", "PI {dr0:x} {date}", "Next {date:20..28}. {dr3:f} {dr3:l}"),
    # teeth
    "dental_head": ("{practice}   dental chart note   {date}\n{name:c}   DOB {born}   Dr. {dr0:l}, asst {dr3:f}\n", "Oral surgery consult   {name}   {mrn}\nReferred by {dr1}, {town}   {date} {time}\n"),
    "dental_rows": (
        "CC \"bit a [w:Crab] claw,\" #19 split; [s:{n:5-10}/10] at night.\n", "MH: [d:Boniva] [t:{n:2-6} years], AVR at {other_hospital} by {dr2:l}; amox [l:2 g] pre.\n", "Pano {accession}: [e:Garré] change, [e:Gardner] no; [w:Lane] of canal close.\n", "BP [l:{n:118-178}/{n:70-100}], re-took {time}.\n", "[d:Septocaine] [l:{n:1-3} carp], [e:Gow-Gates]; [w:Rose] bur, flap, split, out.\n", "Graft lot {serial}, [d:Bio-Oss]; suture 4-0 gut.\n", "Family: {mother:f} lost teeth young; {brother:f} in braces with {dr4:l}.\n", "[e:Miller] [s:class {n:1-3}], pockets [l:{n:4-8} mm], [w:Fuller] clean later.\n",
        "Fee [l:$ {n:150-1900}]; plan {insurer} {plan}; card {card}.\n", "Works at {firm}, note for [t:{n:1-3} days].\n", "Crown lab {town}, box {other}, tech {anyone}.\n", "Wife or ride: {spouse}, {kin_phone}, given ice and [d:Norel].\n", "Night call {md:1}: bleeding slowed on tea bag, spoke {dr3:f}.\n", "Lost appliance of {anyone:f} {anyone:l} in his bag; returned.\n",
    ),
    "dental_end": ("{dr0:c} [?:DDS]", "RTC {md:7..14}. {dr3:x}/{dr0:l}", "Copy {dr1:i}, fax {any_phone}"),
    # eyes
    "eye_head": ("{practice}   {date}\nPatient {name:m}   {age}   Tech {dr4:f}   MD {dr0:l}\n", "RETINA CLINIC   {name:c}   {mrn}   seen {date} {time}\n"),
    "eye_rows": (
        "Va [l:20/{n:25-200}] R, [l:20/{n:20-80}] L; IOP [l:{n:10-28}]/[l:{n:10-22}].\n", "Says the [w:Church] bulletin has wavy lines, [e:Amsler] bent.\n", "Drops: [d:Cosopt], [d:Lumigan]; ran out when {spouse:f} was at {short_hospital}.\n", "SLE: [e:Fuchs] dots, [e:Krukenberg] spindle, lens [s:2+ NS]; [e:Shaffer] ring seen.\n", "OCT {accession}, [l:{n:250-480} um], [w:Crystal] deposits, [e:Bruch] break.\n", "[d:Eylea] OD lot {serial}, {dr0:l}, no [w:Gray] veil after.\n", "Laser {year:-3000..-900} at {other_hospital}, Dr. {dr1:l}.\n", "Drives to {town} for {granny}, {old}; told not at dusk.\n", "[e:Humphrey] [l:MD -{n:2-14}], reliable; tech {staffer}.\n",
        "Glasses by {anyone}, optician, {any_phone}.\n", "Lost job at {firm}, form for [?:DARS] {other}.\n", "Family: uncle {uncle} blind, [e:Leber].\n", "Ride back: {daughter}, {kin_phone}.\n", "PA from {insurer} {plan} ends {date:20..60}.\n", "Surgery R eye {md:8..20}, lens [l:{n:18-24}.5 D], ref {dr2:i}.\n",
    ),
    "eye_end": ("{dr0}, [?:MD]", "See {md:28..40}, {dr4:f}", "cc {dr3:c}"),
    # fit for work
    "duty_head": ("OCCUPATIONAL HEALTH   fitness for duty   {date}\nEmployee {name:c}   {firm}   badge {other}\n", "Post-offer exam   {hospital} Work Clinic\n{name:m}   SSN {ssn}   DOB {born}   {date}\n"),
    "duty_rows": (
        "Job: board operator, nights, [l:12 h]; foreman {anyone}, {any_phone}.\n", "Respirator OK, FVC [l:{n:78-110}%]; [e:Snellen] [l:20/{n:20-30}]; [e:Jaeger] [s:{n:1-3}].\n", "Audiogram shift [l:{n:5-15} dB] from {date:-500..-300}, booth {serial}.\n", "Drug screen chain {case}, donor initials {name:x}, collector {dr3}.\n", "MRO Dr. {dr1:l} phoned {phone}; script for [d:Vyvanse] shown, by {dr2:l}.\n", "Hx: [e:Scheuermann] back, discectomy {month:-2000..-600} at {other_hospital}, {dr4:l}.\n", "Exposed {md:-8..-2} to a [w:Benzene] line with {anyone} and {anyone}; urine [l:{n:1-9} ug].\n", "Address for forms {address}; {email}.\n", "Lift floor-waist [l:{n:35-80} lb], [e:Waddell] [s:0/5]; [w:Grip] even.\n",
        "CDL medical card {licence}, neck [l:{n:15-19} in], [s:Epworth {n:2-14}].\n", "Wife {spouse} holds policy {plan}; group {group}.\n", "Safety man {staffer} wants light duty, no [w:Cliff] ladders, until {date:7..21}.\n", "[d:Twinrix] #2, lot {serial}, {dr3:i}.\n", "Kiosk login {ip}; truck {plate} towed from lot.\n", "Union rep {anyone:f} {anyone:l} sat in.\n",
    ),
    "duty_end": ("{dr0:f} {dr0:l}, [?:MD, MPH]", "Fit with limits. {dr0:x} {date}", "Sent to HR {staffer}, {firm}"),
    # who owes what
    "bill_head": ("PATIENT ACCOUNTS CALL   rep {dr4:f} {dr4:l}   {date} {time}\nGuarantor {name:c}   acct {account}\n", "Billing dispute   {hospital}   {date}\nFrom {spouse} about {name}   MRN {mrn}\n"),
    "bill_rows": (
        "Caller gave DOB {born} and last four {ssn4}; verified.\n", "Rep: how may I help? Caller: I got [l:{n:2-4}] bills from {other_hospital}, I never set foot in {town}.\n", "Caller: that was my cousin {anyone}, same name near enough.\n", "Rep: date {date:-90..-40}, Dr. {dr0:l}, [e:Holter] and [d:Lexiscan] stress. Caller: not me, [w:Bill] somebody else.\n", "Caller: I was working at {firm} that night, ask {anyone:l}.\n", "Claim {case} to {insurer} under {plan}, sub {spouse:c}.\n", "Rep: I see {daughter:f} called {md:-9..-2} from {kin_phone}.\n", "Caller: she's [?:17], don't talk to her.\n", "Read note: \"{dr1:l}, [p:ER], [s:level {n:3-5}], [l:$ {n:900-7000}].\"\n",
        "Caller upset, [w:Frank] but polite; cried about {granny:f}, {old}, on hospice.\n", "New address {address}.\n", "Pays [l:$ {n:25-90}] monthly, card {card}, first {date:5..20}.\n", "Rep: case to {staffer} in coding; [t:{n:10-30} days].\n", "Sent itemized to {email}, link {url}.\n", "Attorney {anyone}, lien {other}, {any_phone}.\n", "Mother of the boy {son:f} is {kin}; she has the [?:Medicaid].\n",
    ),
    "bill_end": ("Call [t:{n:6-40} min]. {dr4:x}", "Supervisor {staffer} to ring {phone} {md:1..3}", "Adj. approved {staffer:i}, {date:3..9}"),
    # after a shot
    "shot_head": ("VACCINE ADVERSE EVENT WORKSHEET   {case}\n{name:c}   DOB {born}   {mf}   given {date:-3..-1} {time}\n", "Drive-up flu clinic, {school} lot   {date}\nRecorder {dr4}   Client {name}\n"),
    "shot_rows": (
        "[d:Shingrix] dose {n:1-2}, L deltoid, lot {serial}, by {dr3}.\n", "Sat in car {plate}; [t:{n:6-14} min] later pale, sweaty; {spouse:f} honked.\n", "[l:{n:70-100}/{n:40-60}], P [l:{n:42-60}]; legs up, came round; no [d:Epi].\n", "EMS {dr0:l} looked, {time}; went to {other_hospital} by choice.\n", "Next day arm [w:Cherry] red [l:{n:3-9} cm], called {phone}; said \"I [w:Will] live.\"\n", "Hx [e:Guillain] in {aunt}; own [e:Sweet] rash {year:-4000..-1500}.\n", "Also on [d:Otezla], [d:Humira] from {practice}, {dr1:l}.\n", "Same tray: {anyone:c}, {anyone:c}, {anyone:c}, fine.\n", "Fridge log [l:{n:36-44} F], probe {serial}; {staffer} signs.\n",
        "Doc: {address}; {insurer} {plan}.\n", "Reported by {daughter} on {url}, {email}.\n", "[?:ImmTrac] {other}; wristband torn; [w:Page] 2 lost.\n", "Follow-up {md:2..9}: back at {firm}, dizzy none.\n", "[?:CDC] caller {staffer}, {any_phone}, asks [t:{n:15-40} min].\n", "Deaf husband {spouse} needs text, {kin_phone}.\n",
    ),
    "shot_end": ("{dr3:i}, [?:LVN]", "Reviewed {dr0} {date:2..5}", "Filed {time}, id {other}"),
    # the tumor registry
    "tumor_head": ("CANCER REGISTRY ABSTRACT   acc {accession}\n{name:m}   SSN {ssn}   DOB {born}   abstracted {date} {dr4:x}\n", "Tumor board list   {date}   moderator {dr0}\nCase {n:1-9}: {name:c}, {age}, {mrn}\n"),
    "tumor_rows": (
        "Address at dx {address}; birthplace {home}; usual work {job}, {firm}.\n", "Cig [l:{n:10-60} py]; [w:Ray] exposure none; spouse {spouse}.\n", "Class 14: dx {date:-200..-120} at {other_hospital}, bx by {dr1:l}.\n", "Histology: [e:Hürthle] cell, [l:{n:12-50} mm], [e:Bethesda] [s:{n:4-6}].\n", "CT {accession} {md:-119..-100}, {dr2:l}: node level [s:III], [e:Delphian] clear.\n", "Surgery {date:-95..-60}, {dr3}, total, [d:Thyrogen] after.\n", "RAI [l:{n:30-150} mCi] at {short_hospital}, vial {serial}.\n", "TG [l:0.{n:1-9}], last contact {date:-30..-5}, alive.\n", "Follow letter to {phone}; {daughter} answers, {kin_phone}.\n", "{dr0:l}: agree, scan [t:in {n:6-12} months]. {dr2:l}: [w:Fields] spare left.\n",
        "{dr3:l}: voice hoarse; [p:ENT] {staffer:l} scoped, cord moves; [s:GRBAS {n:1-5}].\n", "Genetics: cousin {anyone}, [e:Cowden]; brother {brother} tested.\n", "Prior primary: [e:Clark] [s:level {n:2-3}] skin {year:-4000..-2000}.\n", "Payer {insurer}, {plan}; [w:Case] find via path.\n", "Trial {other} offered by {staffer}, declined.\n",
    ),
    "tumor_end": ("{dr4:f} {dr4:l}, [?:ODS]", "QC {staffer:i} {date:7..20}", "Minutes {staffer}, {time}"),
    # families write
    "card_head": ("Dear nurses of {ward},\n\n", "To everybody at {hospital}\n{date}\n\n"),
    "card_rows": (
        "My name is {daughter} and {name} in room {room} was my parent. ", "You had {him} from {md:-30..-20} until the angels came on {date:-12..-6}. ", "{dr3:f}, you combed {his} hair and called {him} [w:Sugar]. ", "Dr. {dr0:l} sat down, which no doctor in {town} ever did. ", "When my brother {son:f} drove in from {town}, {dr4:f} kept the coffee on. ", "{spouse:f} still talks about the [w:Rose] water and the [w:Church] radio. ", "That night nurse, tall, I think {staffer:f} {staffer:l}, sang [w:Amazing Grace]. ", "We brought [w:Rice] pudding; [w:Will] bring more. ",
        "Even the man with the mop, {anyone:f}, knew that {he} ran the dryer at {firm} [t:{n:20-40} years]. ", "{granny}, who is {old}, could not come, so {dr2:f} held up the phone. ", "I am sorry I shouted at {dr1:l} about the [d:Dilantin]. ", "The [e:Stokes-Adams] spells scared us; {other_hospital} never gave it a name. ", "Enclosed is a check from {uncle}, for flowers, and a photo from {month:-900..-100}. ", "If anyone finds {his} watch please call me, {kin_phone}, or mail it to {address}. ", "It was [t:only {n:8-12} days], but it felt like kin. ",
    ),
    "card_end": ("\n\nLove,\n{daughter:f}, {son:f} and {spouse:f}", "\n\n{daughter}\n{address}\n{email}", "\n\nGod bless, the {name:l} family"),
    # who asked for papers
    "ledger_head": ("RELEASE OF INFORMATION LEDGER   {hospital}   {date}   clerk {dr4}\n", "SUBPOENA INTAKE   cause {case}   {date}\nCustodian {dr4:l}   Patient {name:c} {mrn}\n"),
    "ledger_rows": (
        "In {md:-9..-4}: law office of {anyone} wants {name:l}, {date:-400..-300} to {date:-299..-100}, all [l:{n:40-300}] pp.\n", "ID seen: DL {licence}; signed {spouse} as executor, letters {other}.\n", "Sent {time} to {other_hospital}, attn {dr1}, fax {any_phone}.\n", "Refused: {anyone:c}, no DOB; mailed back to {address}.\n", "[?:VA] wants {anyone:m}, SSN {ssn}; form says [w:Marine].\n", "Mother {anyone} asks for {anyone:f}'s shots, {school}.\n", "Disc {serial} of films {accession}; [t:{n:10-20} days]; fee [l:$ {n:6-50}], card {card}.\n", "Redacted: psych notes of {dr2:l}; [e:Rorschach] raw data held.\n", "[w:Page] {n:20-90} belongs to {anyone:c}; pulled, logged.\n",
        "Walk-in {daughter}, {kin_phone}, wants {his} [e:Heller] report for Dr. {dr3:l}.\n", "Portal link {url} mailed {email}, opened from {ip}.\n", "[d:Methadone] records need the other form; told {anyone:l} by phone.\n", "Insurer {insurer}, {plan}, audit [l:{n:12-30}] charts; list to {staffer}.\n", "Deposition {md:10..30} {time}: {dr0}, room [w:Page]-turner {staffer}.\n", "Old name {anyone:l} before marriage in {town}.\n",
    ),
    "ledger_end": ("{dr4:f} {dr4:l}, [?:RHIT]", "Tally {n:6-14}. Next: {staffer}", "Certified copy, notary {staffer}, {date:1}"),
    # the breathing machine
    "vent_head": ("RESPIRATORY CARE FLOW   {date}   {hospital} {ward}\n{name:c}   {room}   {mrn}   RT {dr3:l}\n", "Vent weaning note   {name}   day {n:2-19}   {date} {time}\n"),
    "vent_rows": (
        "{time} AC [l:{n:12-20}/{n:380-500}/+{n:5-12}/{n:30-70}%], vent {serial}, {dr3:i}.\n", "{time} suction [w:Tan], [l:{n:2-10} mL]; [e:Yankauer] at side.\n", "{time} ABG [l:7.{n:30-47}/{n:34-58}/{n:58-110}], called {dr1:l}.\n", "{time} SBT [t:{n:30-90} min], RSBI [l:{n:40-105}], passed; {dr0:l} said wait on {spouse:f}.\n", "Tube [l:7.5 at {n:21-24} cm], moved {md:-2..-1} by {dr4:f}; [w:Lip] sore L.\n", "{name:f} writes on board: \"where is {son:f}?\"\n", "Proned {md:-5..-3} [t:{n:14-18} h], [s:RASS -{n:2-4}], [d:Nimbex], [d:Precedex] later.\n", "Came from {short_hospital}, flown by {staffer:l}/{staffer:l}, had [e:Boerhaave] tear sewn by {dr2}.\n",
        "Neb [d:Brovana], [d:Pulmicort]; [d:Heliox] not here.\n", "{time} self-extubated! {dr3:f} + {staffer:f}, BiPAP, [l:{n:88-95}%].\n", "Family meet {time}: {spouse}, {daughter}, Dr. {dr0:l}; trach [t:in {n:3-7} days] if not.\n", "Bronch {accession}, {dr1:l}: mucus [w:Cast], [l:BAL {n:10-90}k].\n", "Swapped circuit {other}; hospital bill tag {account}.\n", "Home vent teach: {brother}, {kin_phone}, in {town}, DME {anyone}.\n", "[e:Murray] [s:{n:1-3}], P/F [l:{n:90-260}].\n", "{anyone:l} next door coded {time}; left to {staffer}.\n",
    ),
    "vent_end": ("Off {time}. {dr3:f} {dr3:l}, [?:RRT]", "To {dr4:l}, nights", "Seen {dr0:x} {date}"),
    # a letter home to the clinic
    "handoff_head": ("{hospital}\nTransitions of Care Clinic\n{date}\n\nTo {dr1}, {practice}\nRe {name}, {born}, {mrn}\n\n", "Discharge letter   {date}\n{dr1:f},\n\nyour patient {name} left {ward} today. "),
    "handoff_rows": (
        "{mr} {name:l} spent [t:{n:4-15} nights] with us for a gut bleed, having come by the {town} ambulance on {date:-16..-5}. ", "Scope by {dr2} on {md:-4..-3} showed [e:Cameron] erosions and a [e:Dieulafoy] vessel, clipped, [s:Forrest 1b]. ", "{He} had [l:{n:2-6} units]; Hb left at [l:{n:8-11}.{n:0-9}]. ", "Please stop [d:Mobic] for good and keep [d:Protonix] twice daily [t:{n:6-10} weeks]. ", "[d:Brilinta] resumes {md:3..7}, as agreed with {dr3:l} at {other_hospital}. ", "A [l:{n:5-12} mm] spot on the lung was seen by chance ({accession}); I told {spouse:f} and {daughter:f}, not yet {him}. ", "{He} lives with {granny}, {old}, on {street}, and cooks for both. ",
        "Our nurse {dr4:f} rings {phone} on {md:2..3}; backup is {son}, {kin_phone}. ", "{station} was offered; {he} said [w:Pride] is cheaper. ", "Mood low, [s:PHQ-9 {n:5-17}], since {brother:f} died in {month:-200..-60}. ", "Iron from {practice}, slot {date:5..14} {time}, order {other}. ", "The walker, {serial}, is on loan; return to {staffer}. ", "Nothing grew; [e:Whipple] stain was my registrar's idea. ", "If [w:Gray] or faint, 911, not the portal {url}. ", "I would be glad of your [w:Frank] view of the [e:Barrett] strip. ",
    ),
    "handoff_end": ("\n\n{dr0}\n{any_phone}", "\n\nYours, {dr0:f}\n({dr0}, [?:MD])", "\n\nDictated {dr0:x}, read by {dr4:l} {date:1}"),
}  # fmt: skip
