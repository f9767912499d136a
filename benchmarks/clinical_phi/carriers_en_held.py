"""English style "held": letters, telephone notes, home visits, social work and claims; nobody tunes on it."""

DOCUMENTS = (
    ("letter_head", "letter*5-8", "letter_end"),
    ("phone_head", "talk*5-9", "phone_end"),
    ("home_head", "visit_lines*5-9", "home_end"),
    ("social_head", "work*5-8", "home_end"),
    ("claim_head", "claim*6-10", "letter_end"),
    ("hospice_head", "visit_lines*2-4", "letter*2-3", "work*2-3", "home_end"),
)
POOLS = {
    "letter_head": ("{hospital}\n{address}\n\n{date}\n\nRe: {name}, born {born}\n\nDear Dr. {dr1:l},\n\n", "{date}\n\nDear {dr1:f},\n\nThank you for sending me {mr} {name:l}. ", "TO: {dr1}, [?:FNP]\nFROM: {dr0}\nABOUT: {name} (chart {mrn})\n\n"),
    "letter": (
        "I had the pleasure of meeting this delightful patient on {date:-12..-1}, accompanied by {his} husband, {kin}. ", "As you know, {he} has lived with [e:Sjögren's] and [e:Addison's disease] [t:since {his} thirties]. ", "{name:f} tells me the [e:Dupuytren] contracture [w:will] not straighten, and [t:after {n:3-9} injections] I would [w:grant] {his} wish for surgery. ", "Our mutual colleague {dr2} performed the [e:Mohs] excision at {other_hospital} in {month:-900..-100}. ", "Enclosed are the films ({accession}) taken in {town} on {md:-40..-10}. ", "I have written for [d:Synthroid] [l:{n:25-150} mcg], and [d:Fosamax] [t:once weekly]. ", "[w:Frank] discussion was had; {he} [w:hopes] to [w:chase] {his} grandchildren by [w:spring]. ", "{His} score on the [e:Epworth] scale was [s:{n:3-20}], the [e:Montreal] assessment [s:{n:14-30}/30]. ", "Kindly telephone my secretary, {dr4:f}, on {any_phone}. ", "The cataract was graded [s:2+], with [l:20/{n:20-200}] vision and pressures of [l:{n:10-24} mmHg]. ", "{He} returned from [?:Portugal] carrying passport {passport}. ", "{His} mother, {kin2}, lived to {old}. ",
    ),
    "letter_end": ("\n\nYours sincerely,\n\n{dr0}, [?:MD]\n{hospital}", "\n\nWarm regards,\n{dr0}\n{any_phone}", "\n\nWith thanks,\n\n{dr0:i}\ncc {dr3}, {other_hospital}", "\n\nRespectfully,\n{dr0} [?:DO], NPI {npi}\n{date}"),
    "phone_head": ("TELEPHONE ENCOUNTER\n{date} {time}  caller: {kin} for {name}\n\n", "After-hours call log, {hospital}\nNurse {dr4:f} took the call {date}\n\n", "Nurse advice line. Caller ID {phone}.\n\n"),
    "talk": (
        "Caller says {name:f} has been up [t:all night] with the shakes, temp [l:{n:99-103}.{n:1-9}]. ", "Verified with date of birth {born} and last four of social {ssn4}. ", "They live out past {town}, {n:20-70} miles from [g:the nearest hospital]. ", "Takes [d:Eliquis] and [d:Cardizem]; ran short [t:last week]. ", "Asked {him} to hold the [d:Miralax] and watch for dark stools. ", "{He} says Dr. {dr1:l} told {him} \"come back if it's over [l:{n:150-180}].\" ", "Callback number {any_phone}, ask for {kin2:f}. ", "Spoke to the on-call, {dr2}, who agreed. ", "Directions to the house: {address}, [w:brown] gate. ", "Messaged through {url} as well. ", "She goes by {social} and posted about it. ", "I told {kin:f} to drive {him} to {other_hospital}. ", "Last visit was {date:-60..-20}. ", "Hearing aid serial {serial}, battery dead. ", "Reports [e:Lou Gehrig's] in an uncle; worry [s:PHQ-2 of {n:0-6}]. ",
    ),
    "phone_end": ("\n\nCall ended {time}. {dr4:f} {dr4:l}, [?:RN]", "\n\n[?:RN] {dr4}", "\nRouted to {dr0}, {hospital}."),
    "home_head": ("HOME HEALTH VISIT\nClient {name:c}   Visit {date} {time}\n", "{hospital} - Home Visit\n{name}, {address}\n"),
    "visit_lines": (
        "Met at the door by caregiver {kin} and the dog, [?:Rusty].\n", "Breakfast was [w:Earl Grey] tea and a [w:Granny Smith] apple.\n", "Rash from [w:Virginia creeper]; [w:Queen Anne] chair by the window.\n", "Wound [l:{n:2-6} x {n:1-4} cm], granulating, packed with [d:Aquacel].\n", "[e:Unna] boot changed; [e:Braden] [s:{n:10-21}].\n", "[d:Coreg] bottle empty [t:since the weekend]; called {firm}.\n", "O2 concentrator ser. {serial}, [l:2 L].\n", "Gate code unknown, neighbor {kin2} has key, tel {kin_phone}.\n", "Member number {plan}, {insurer}.\n", "Next visit {weekday} {md:3..9}.\n", "[w:Joy] evident at mealtimes; [w:faith] is important.\n", "Vehicle in driveway {plate}, disability placard {other}.\n", "Timed up and go [s:{n:12-40} s]; [e:Tinetti] [s:{n:8-28}/28].\n", "[w:Winters] are hard; pipes froze [t:for {n:2-9} days].\n", "The client turned {old} on {md:-40..-3}.\n", "Orders renewed by Dr. {dr1} through {date:30..60}.\n", "Glucometer uploaded from {ip}.\n",
    ),
    "home_end": ("\n{dr0}, [?:LPN]", "\nVisit by {dr0} for {hospital}", "\nsubmitted {date} by {dr4}", "\n{dr4:i}, [?:MSW]  {any_phone}"),
    "social_head": ("SOCIAL WORK ASSESSMENT\n{name} was referred by {dr1} on {date}.\n", "Psychosocial note, {hospital}, {date}\n"),
    "work": (
        "{name:f} grew up in {home}, {state}, and was a {job} at {firm} [t:for {n:8-30} years]. ", "{kin} holds power of attorney (document {other}). ", "Rent of [l:$ {n:400-990}] is owed; [w:case] worker {dr2} will [w:bill] the county. ", "Social Security ending {ssn4}, bank account {account}. ", "{mr} {name:l} spoke of {his} late spouse, {kin2}, with [w:grace]. ", "Denied intent; [s:C-SSRS 0], [s:GAD-7 {n:2-20}]. ", "Veteran; discharge papers lost in {year:-9000..-5000}. ", "[w:Mark] sense of humor, [w:sunny] outlook. ", "Safe contact is {email} or {any_phone}. ", "Moved from {town} after the flood of {month:-3000..-500}. ", "Placement at {other_hospital} or [g:a nursing home] considered. ", "[e:Korsakoff] psychosis queried by [p:psychiatry]. ", "Fingerprint template {biometric} on file for the shelter. ",
    ),
    "claim_head": ("WORKERS' COMPENSATION - TREATING PHYSICIAN'S REPORT\n", "DISABILITY CLAIM, ATTENDING STATEMENT\n"),
    "claim": (
        "Claimant: {name:m}\n", "Social Security No. {ssn}\n", "Employer: {firm}, {town}, {state}\n", "Date of injury: {date:-90..-30}\n", "Policy {plan}, group {group}\n", "Residence: {address}\n", "Claimant's telephone {phone}; e-mail {email}\n", "First treated {date:-80..-29} at {other_hospital}, chart {mrn}\n", "Diagnosis: [e:Colles'] fracture, [e:Charcot] joint; [s:DASH {n:20-80}]\n", "Off work [t:{n:3-12} weeks]; lifting limit [l:{n:5-25} lb]\n", "[w:May] return to light duty [t:in a month]\n", "Driver license {licence}; vehicle id {vin}\n", "Payment by card {card}\n", "Witness: {kin2}, {kin_phone}\n", "Medication: [d:Celebrex], [d:Ultram] [t:as needed]\n", "DEA {dea}   License {licence}\n", "Examiner {dr3:c}, room {room}\n",
    ),
    "hospice_head": ("HOSPICE INTERDISCIPLINARY NOTE\n{hospital}\nPt: {name:c}, {age}, adm {date:-30..-3}\n", "Bereavement & care plan / {name} / {date}\n"),
}  # fmt: skip
