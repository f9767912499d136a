"""English style "academic": structured notes of a university hospital, keys and full sentences."""

DOCUMENTS = (
    (
        "title",
        "head*4-7",
        "complaint",
        "hpi*3-5",
        "history*2-4",
        "life*2-3",
        "exam*3-4",
        "labs*2-3",
        "todo*2-4",
        "sign",
    ),
    ("title_out", "head*4-6", "course*4-6", "follow*3-5", "sign"),
    ("title_op", "head*3-5", "operation*4-6", "sign"),
    ("title_consult", "head*2-4", "hpi*2-4", "exam*2-3", "labs*1-3", "todo*2-3", "sign"),
    ("title_path", "path*4-7", "sign"),
)
POOLS = {
    "title": ("{hospital}\nHISTORY AND PHYSICAL\n", "ADMISSION NOTE - {hospital}, {ward}\n", "History & Physical Examination\nFacility: {hospital}\n"),
    "title_out": ("{hospital}\nDISCHARGE SUMMARY\n", "Discharge Summary\nService: [?:Neurology]\nFacility: {hospital}\n"),
    "title_op": ("OPERATIVE REPORT\n{hospital}\n", "{hospital} - Operative Note\n"),
    "title_consult": ("CONSULTATION REQUEST\nRequested by: Dr. {dr3:l}\n", "Inpatient consult, [?:Nephrology]\nReferring MD: {dr3}\n"),
    "title_path": ("SURGICAL PATHOLOGY REPORT\n{hospital}\nAccession: {accession}\n", "CYTOLOGY / {hospital}\nPatient: {name:m}\n"),
    "head": (
        "Patient: {name:c}\n", "Patient Name: {name:m}    MRN: {mrn}\n", "NAME: {name}\n", "MRN: {mrn}\n", "Medical Record #: {mrn}   CSN: {csn}\n", "DOB: {born}   Sex: {mf}\n", "Date of Birth: {born}\n", "Age: {age}\n",
        "Admission Date: {date:-9..-3}\n", "Date of Admission: {date:-9..-3}    Date of Discharge: {date}\n", "Date of Service: {date} {time}\n", "Attending: {dr0}, [?:MD]\n", "Attending Physician: Dr. {dr0}\n", "Primary Care Provider: {dr1:c}, [?:M.D.]\n", "Room: {room}   Unit: {ward}\n",
        "SSN: {ssn}\n", "Address: {address}\n", "Phone: {phone}\n", "Emergency contact: {kin} (spouse), {kin_phone}\n", "Insurance: {insurer}   Member ID: {plan}   Group: {group}\n", "Account Number: {account}\n", "Email: {email}\n", "Employer: {firm}\n",
    ),
    "complaint": ("\nCHIEF COMPLAINT: Worsening dyspnea for [t:{n:2-6} weeks].\n", "\nChief Complaint: resting tremor and slow gait, [t:3 years].\n", "\nCC: right upper quadrant pain [t:x {n:2-9} days].\n", "\nREASON FOR ADMISSION: syncope while at rest.\n"),
    "hpi": (
        "{mr} {name:l} is a {age}-year-old {job} who presents with progressive weakness over [t:the past {n:3-8} months]. ", "{name} was in {his} usual state of health until {date:-30..-10}, when {he} developed [w:frank] hematuria. ", "{He} was seen at {other_hospital} on {md:-20..-8} by Dr. {dr2:l}, who suspected [e:Guillain-Barre syndrome]. ",
        "{He} was transferred from [g:an outside hospital] after [t:{n:4-20} hours] of observation. ", "Symptoms began in {month:-500..-90}, shortly after {he} moved from {town}, {state}. ", "Per {his} daughter {kin}, {he} [w:may] have missed [t:two weeks] of [d:Coumadin]. ", "In {year:-4000..-1500} {he} underwent a [e:Whipple] procedure under the care of Dr. {dr3}. ",
        "[e:Parkinson's disease] was diagnosed [t:{n:4-9} years ago]; {he} takes [d:Sinemet] [l:25/100] [t:three times daily]. ", "{His} neighbor {kin2} called EMS at {time} on {weekday}. ", "Diet: [w:Granny Smith] apples, [w:Caesar] salad, [w:Earl Grey]. ", "Pain is rated [s:{n:3-9}/10], relieved by [d:Tylenol], worse on exertion. ", "The patient [w:will] often [w:mark] {his} medication chart; [w:hope] and mood were described as fair. ",
    ),
    "history": (
        "\nPMH: [e:Hashimoto] thyroiditis, [e:Crohn's disease], [e:Barrett's] esophagus.", "\nPast surgical history: [e:Nissen] fundoplication at {other_hospital} in {month:-3000..-900}.", "\nAllergies: [d:Bactrim] (rash), [d:Demerol].", "\nPacemaker: dual chamber, serial {serial}, implanted {date:-2500..-1000}.", "\nFamily history: mother died at {old}; brother {kin2} with [e:Huntington] chorea.",
        "\nMedications: [d:Lasix] [l:40 mg] [t:daily], [d:Norvasc] [l:5 mg], [d:Premarin], [d:St. John's wort].", "\nPrior admissions: {date:-700..-300} and {date:-290..-60}, both at {other_hospital}.", "\nImmunizations: [d:Prevnar] {date:-900..-100}.",
    ),
    "life": ("\nSOCIAL HISTORY: Lives with {his} partner {kin} at {address}. ", "Works at {firm} as a {job}. ", "Born in {home}; travelled to [?:Brazil] [t:last year]. ", "Quit smoking [t:{n:5-20} years ago], [l:{n:10-40} pack-years]. ", "Follows the support group page {url}. ", "Patient portal login from {ip}. ", "Driver's license {licence}, advised not to drive the vehicle with plate {plate}. ", "Drinks [w:rose] wine, [l:2 glasses]/week. "),
    "exam": (
        "\nPHYSICAL EXAMINATION: [l:T {n:97-102}.{n:0-9}], [l:BP {n:95-185}/{n:50-110}], [l:HR {n:55-130}], [l:SpO2 {n:86-100}%]. ", "Neuro: [e:Babinski] downgoing, [e:Romberg] negative, [e:Hoffmann] absent. ", "[e:Murphy's sign] positive, [e:McBurney's] point tender. ", "[e:Glasgow] coma scale [s:{n:8-15}], strength [s:{n:3-5}/5]. ", "Alert, Oriented [s:x3], in no distress; [w:Bell] of the stethoscope reveals S3. ", "[w:Gross] motor function intact, [w:Young] for stated age. ", "[e:Foley] in place draining [w:brown] urine. ",
    ),
    "labs": (
        "\nLABS ({date:-6..-1}): [l:WBC {n:4-20}.{n:0-9}], [l:Hgb {n:7-16}.{n:0-9}], [l:Plt {n:90-400}], [l:Na 13{n:0-9}], [l:K {n:3-5}.{n:0-9}].", "\nEchocardiogram {md:-5..-1}: [l:LVEF {n:20-65}%], [s:NYHA class III].", "\nMRI brain, accession {accession}, read by {dr4}, [?:MD]: [e:Virchow-Robin] spaces, no infarct.", "\nABG [l:7.3{n:0-9}/{n:30-60}/{n:60-99}]; lactate [l:{n:1-5}.{n:0-9} mmol/L].", "\n[e:Wells] score [s:{n:1-8}.5]; [e:Child-Pugh] [s:class B]; [s:MELD {n:8-30}].", "\nCreatinine [l:{n:1-4}.{n:0-9}] from [l:0.9 mg/dL] in {month:-300..-40}.",
    ),
    "todo": (
        "\nPLAN: Start [d:Zosyn] [l:3.375 g] IV [t:q6h], consult [p:Infectious Disease]. ", "Case discussed with Dr. {dr2} ({any_phone}). ", "[p:Cardiology] to see in the morning; hold [d:Plavix] [t:5 days]. ", "Goals of care reviewed with {kin}, the health care proxy. ", "Transfer to [g:a skilled nursing facility] when stable. ", "Follow up with {dr1:f} {dr1:l}, [?:NP], on {date:7..30}. ", "[e:Swan-Ganz] catheter if pressure falls; [s:Braden {n:9-20}]. ", "Page {dr4:i} at {pager_key} for changes. ",
    ),
    "pager_key": ("pager {pager}",),
    "course": (
        "\nHOSPITAL COURSE: {mr} {name:l} was admitted on {date:-9..-5} to the service of Dr. {dr0:l}. ", "On {md:-7..-5} {he} was taken to the [w:theater] by Dr. {dr2} for a [e:Hartmann] procedure lasting [t:{n:2-5} hours]. ", "A [e:Jackson-Pratt] drain was removed on postoperative [t:day {n:2-6}]. ", "[d:Lovenox] was bridged to [d:Xarelto] without event. ", "{kin}, {his} sister, was updated by phone at {kin_phone}. ", "[e:Clostridium] toxin negative; [p:Nutrition] followed. ", "Device interrogated, model serial number {serial}. ", "Social worker {dr4} arranged equipment through {firm}. ", "The [w:May] protocol was not used; {he} [w:might] benefit from [d:Ativan] [l:0.5 mg]. ",
    ),
    "follow": (
        "\nDISCHARGE INSTRUCTIONS: Call {any_phone} for fever above [l:101.5 F]. ", "\nAppointment with Dr. {dr1} on {date:7..21} at {time}, {other_hospital}. ", "\nResults at {url}. ", "\nReturn in [t:{n:2-6} weeks]; [p:Physical Therapy] [t:twice a week]. ", "\nDischarged to home at {address}. ", "\nDISCHARGE MEDICATIONS: [d:Toprol XL] [l:50 mg] [t:daily], [d:Lipitor] [l:40 mg] [t:nightly]. ", "\nFax records to {other_hospital}, fax {any_phone}. ", "\ncc: {dr1}, [?:MD]; {dr3:c}, [?:DO]. ",
    ),
    "operation": (
        "\nDATE OF OPERATION: {date}\nSURGEON: {dr0}, [?:M.D.]\nASSISTANT: {dr2}, [?:PA-C]\n", "ANESTHESIA: General, {dr3:i}, [?:CRNA]. [s:ASA III].\n", "The abdomen was entered through a [e:Pfannenstiel] incision and a [e:Balfour] retractor placed. ", "A [e:Kocher] maneuver was performed; [e:Calot's triangle] was dissected. ", "An implant (lot and serial {serial}) was wedged under guide wire. ", "Estimated blood loss [l:{n:20-600} mL]; sponge counts correct [s:x2]. ", "[d:Marcaine] [l:0.25%], [l:{n:10-30} cc] infiltrated; [e:Steri-Strips] applied. ", "Findings were shown to {his} son {kin} in the waiting room. ",
    ),
    "path": (
        "Collected: {date:-4..-2}  Received: {date:-1}\n", "Submitting physician: {dr1}, [?:MD], {other_hospital}\n", "MRN {mrn}  DOB {born}\n", "GROSS: Labelled \"{name:c}\", a [w:tan] fragment [l:{n:1-5}.{n:0-9} x {n:1-3} x {n:1-2} cm].\n", "MICROSCOPIC: [e:Reed-Sternberg] cells; [e:Gleason] [s:3+4=7]; [e:Ki-67] [l:{n:5-70}%].\n", "Compared with prior case {accession} of {month:-900..-200}.\n", "Called to Dr. {dr2:l} at {time} on {md}.\n", "Slides also reviewed by {dr3} at {other_hospital}.\n", "COMMENT: [e:Barrett] mucosa, [e:Brunner] glands present.\n",
    ),
    "sign": ("\n\nElectronically signed by {dr0}, [?:MD] on {date} at {time}", "\n\n{dr0}, [?:M.D.]\nD: {date}  T: {date:1}", "\nDictated by: {dr2}, [?:PGY-2]\nCosigned: {dr0}\n", "\n/s/ {dr0:i}, [?:MD]  NPI {npi}"),
}  # fmt: skip
