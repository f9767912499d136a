"""Chinese style "county": telegraph-like outpatient, emergency, nursing and township notes."""

DOCUMENTS = (
    ("slip", "brief*3-6", "find*3-5", "do*2-4", "by"),
    ("ambulance", "er*4-7", "find*2-3", "do*1-2", "by"),
    ("ward_note", "nurse*5-9", "by"),
    ("village", "follow*4-8", "by"),
    ("form", "form_line*6-11", "brief*2-4", "do*2-3", "by"),
)
POOLS = {
    "slip": ("{hospital} 门诊病历  {date}\n{name} {sex} {age}岁 门诊号{visit}\n", "{name}，{sex}，{age}Y  {date} 初诊 {hospital}\n", "{date}复诊 {name}/{sex}/{age}  卡号{insurance}\n"),
    "ambulance": ("120出车单 {date} {time} 车号{plate} 随车医生{dr0} 呼救电话{any_phone}\n", "急诊抢救记录 {name} {sex} {age}岁 {date} {time}到诊\n"),
    "ward_note": ("护理记录 {bed} {name} 住院号{mrn}\n", "{hospital}交班本 {date} 白班 {dr0}→{dr1}\n"),
    "village": ("{hospital} 慢病随访 {date}\n姓名{name} 身份证{id} 住{address}\n", "家庭医生签约随访 {name} {sex} {phone} {date}\n"),
    "form": ("转诊单\n转出：{hospital} 转入：{other_hospital}\n", "{hospital} 新农合住院登记\n"),
    "brief": (
        "[w:胡言]乱语[t:半天]，[w:何时]开始说不清。", "吃[w:李子]后肚痛，[w:包块]可推动。", "[w:单纯]疱疹，[w:毛糙]，[w:尤其]夜里痒。", "咳[t:{n:3-9}天]，[w:黄痰]，发热最高[l:39.{n:0-9}]，自服[d:阿奇]无效。", "头晕[t:半月]，站立不稳，BP[l:170/100]，平时[d:尼群地平]、[d:心痛定]乱吃。",
        "摔伤右腕[t:1h]，在{town}赶集路上。", "腰痛[t:7、8年]，下地干活加重，拔罐、贴[d:麝香壮骨膏]。", "{md:-20..-4}在{other_hospital}拍片说没事，片号{image}。",
        "孕[t:{n:12-38}周]，末次月经{date:-200..-60}，G{n:1-4}P{n:0-2}，胎动好。", "喝农药[t:2h]，大汗，家属{kin}送来。", "被[w:黄牛]顶伤胸口，{kin}说当时没昏迷。",
        "小便[w:黄赤][t:1周]，尿频，畏寒，[w:白带]多。", "糖病[t:10来年]，[d:二甲双胍][l:0.5tid]，最近懒得测。", "老病号，{dr1:s}医生看过，{month:-400..-40}住过{other_hospital}。",
    ),
    "find": (
        "查：神清，精神差，双肺[w:满布]哮鸣音，HR[l:{n:70-130}]，律齐。", "[e:墨菲](+)，[e:麦氏]点压痛(-)，肝区叩痛。", "[e:巴氏]征(-)，[e:布鲁津斯基](±)，颈抵抗。",
        "WBC[l:{n:5-20}.{n:1-9}] N[l:{n:60-92}%] CRP[l:{n:5-180}] Glu[l:{n:4-25}.{n:1-9}]", "ECG：窦速，V1-4 ST↑，[e:Wellens]样改变。", "B超：胆囊结石[l:12×8mm]，[w:余]未见。检查医生{dr2}",
        "右腕餐叉样畸形，考虑[e:科雷氏]骨折，[e:史密斯]不像。", "GCS[s:E{n:1-4}V{n:1-5}M{n:1-6}]，[s:MEWS {n:1-9}]，瞳孔[l:3:3mm]。", "脚肿[s:++]，足背动脉弱，[e:布格]试验(+)。", "Apgar[s:8-9-10]，体重[l:{n:2500-4200}g]。",
    ),
    "do": (
        "Rx：[d:头孢曲松][l:2.0 ivgtt qd]×[t:3天]，[d:止咳宁]口服。", "建议转{other_hospital}，家属[?:老]{kin:s}要求先回家，签字。", "联系{other_hospital}{dr3}，电话{any_phone}，同意接收。", "中药：[h:白术]15 [h:当归]10 [h:熟地]12 [h:陈皮]6 [h:车前子]10，[t:7剂]。",
        "[t:3日]后复诊，不适随诊，多饮水。", "石膏固定，[t:4-6周]拆，片子存{image}。", "洗胃[l:5000ml]，[d:阿托品]、[d:解磷定]，通知[p:ICU]。", "请[p:外科]{dr1}看，同意保守。", "嘱{md:5..20}来复查，找{dr0}。", "收费票据{invoice}，报销打卡{bank}。",
    ),
    "er": (
        "地点：{address}门口。", "接警{time}，到达{time}，患者{name}[w:平躺]地上，旁人{kin2}代诉。", "撞车，对方车牌{plate}，交警已到。", "家属电话{kin_phone}（儿子{kin}）。", "身上证件：{id}", "老人{old}岁，独居，邻居{kin2}发现。",
        "血氧[l:{n:70-98}%]，血压测不出，[d:肾上腺素][l:1mg]iv，[t:每3分钟]。", "途中[s:CPR 30:2]，{time}ROSC。", "途中联系{other_hospital}急诊{dr2:s}大夫。", "[w:温水]擦浴，[w:高热][l:40.2℃]，抽搐停。", "醉酒，[w:满口]酒气，自称在{firm}上班，查不到家人。",
    ),
    "nurse": (
        "{time} T[l:{n:36-39}.{n:0-9}] P[l:{n:60-120}] BP[l:{n:90-180}/{n:50-110}]，遵{dr2}医嘱[d:安痛定]im。\n", "{time} [w:安返]病房，[w:平卧]位，伤口干洁。{dr3}\n", "{time} 家属{kin}陪护，手机{kin_phone}。\n", "{time} 尿量[l:{n:100-900}ml]，[s:Braden {n:8-20}分]，[t:q2h]翻身。\n",
        "{time} 患者{name}自行外出，{dr1}医生知，打{phone}未接。\n", "{time} 输血[l:200ml]，核对人{dr3}/{dr4}，无不良反应。\n", "{time} 诉腹胀，[d:开塞露]1支，已解大便。\n", "{time} 转[p:骨科]{bed}，病历一并交{dr4}。\n", "{time} [s:疼痛{n:1-9}/10]，[w:于]{time}[d:曲马多]后[w:安睡]。\n", "新收{bed}{name}，{age}岁，{dr2}主管，[t:一级护理]。\n", "{time} [w:高枕]卧位，[w:白痰]易咳，[w:方便]面半碗。\n", "泵号{serial}报警，已报{dr4}修。\n",
    ),
    "follow": (
        "电话{phone}打不通，村医{dr2}上门。", "血压[l:{n:130-180}/{n:80-110}]，[d:卡托普利]断了[t:2月]。", "家属{kin}（{kin_phone}）代取药。", "身份证旧号{id15}，新证{id}。", "民族{nation}，{job}，低保户。", "{month:-300..-30}在{other_hospital}住院[t:9天]，出院带[d:拜糖平]。",
        "[w:常]年在{town}打工，过年才回。", "女儿{kin2}在{firm}，微信{wechat}。", "QQ：{qq}，[w:平时]不看。", "丧偶，与{kin}同住{address}。", "血糖[l:空腹{n:6-14}.{n:1-9}]，[h:枸杞]泡水喝。", "[w:易怒]，睡不着，[s:PHQ-9 {n:3-20}分]。", "下次随访{date:60..100}，{dr3}负责。", "{old}岁母亲{kin2}卧床，[s:ADL {n:10-60}分]。",
    ),
    "form_line": (
        "姓名 {name}\n", "性别{sex} 年龄{age}\n", "身份证{id}\n", "电话 {phone}\n", "住址 {address}\n", "农合证号 {insurance}\n", "住院号 {mrn} 床号 {bed}\n", "户主 {kin} 与患者关系 父子\n", "开户行卡号 {bank}\n", "入院 {date:-9..-3} 出院 {date}\n",
        "诊断 [e:梅尼埃]病？\n", "经治医生 {dr0}  执业证号 {licence}\n", "接收医院 {other_hospital} [?:内一科]\n", "车牌 {plate}\n", "单位 {firm}\n", "邮箱 {email}\n", "回乡证 {permit}\n", "代码 {uscc}\n", "X光号{image}\n", "生日 {born}\n", "民族 {nation}\n", "登记IP {ip}\n",
    ),
    "by": ("\n{dr0}", "\n{dr0} {date}", "\n医生：{dr0}", "\n签 {dr0}/{dr1}  {md}"),
}  # fmt: skip
