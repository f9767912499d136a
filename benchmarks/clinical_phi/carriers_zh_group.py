"""Chinese style "group": the papers of one hospital group and its neighbours.

The sentences of a pool stand in
the order in which a note tells them, so that any choice of them reads as one note.
"""

DOCUMENTS = (
    ("lung_page", "id_lines*4-7", "lung_open", "lung_story*4-6", "past", "past_lines*3-5", "life", "life_lines*2-4", "lung_exam", "lung_exam_lines*5-7", "lung_tests", "lung_test_lines*3-5", "lung_end", "signed"),
    ("stroke_page", "stroke_days*5-8"),
    ("shift_page", "shift*6-9", "shift_end"),
    ("rescue_page", "rescue*8-11", "rescue_end"),
    ("out_page", "out_course*5-7", "out_state", "out_head", "out_orders*6-8", "signed"),
    ("chest_page", "chest_lines*6-8", "chest_mind*1-3", "film_end"),
    ("sono_page", "sono_lines*6-8", "sono_end"),
    ("scope_page", "scope_lines*6-8", "scope_end"),
    ("slide_page", "slide_lines*4-6", "slide_end"),
    ("theatre_page", "theatre_team*3-5", "theatre_steps*8-10", "theatre_end"),
    ("drug_page", "drug_body*6-8", "drug_end"),
    ("fall_page", "fall_lines*4-6", "cover_end"),
    ("away_page", "away_lines*4-7", "cover_end"),
    ("cert_page", "cert_lines*3-5", "cert_end"),
    ("ask_page", "ask_body*5-7", "answer", "answer_body*4-6", "answer_end"),
    ("call_page", "call_body*8-12", "call_end"),
    ("chat_page", "chat_body*8-12"),
    ("group_page", "group_body*5-8"),
    ("agree_page", "agree_body*6-8", "agree_end"),
    ("proxy_page", "proxy_body*2-4", "proxy_end"),
    ("rounds_page", "rounds_body*7-10", "rounds_end"),
    ("child_page", "child_body*6-8", "child_end"),
    ("nurse_page", "nurse_lines*10-13", "nurse_end"),
    ("herb_page", "herb_lines*7-10", "herb_recipe", "herb_end"),
    ("drip_page", "drip_lines*9-12", "drip_end"),
    ("sleep_page", "sleep_lines*9-11", "sleep_end"),
    ("mind_page", "mind_lines*9-12", "mind_end"),
    ("last_page", "last_lines*7-10", "last_end"),
    ("check_page", "check_lines*10-12", "check_end"),
    ("care_page", "who_lines*2-4", "care_body*7-10", "care_end"),
    ("hip_page", "id_lines*3-6", "hip_open", "hip_story*4-6", "past", "past_lines*3-5", "life", "life_lines*2-3", "hip_exam", "hip_exam_lines*4-6", "hip_end", "signed"),
)  # fmt: skip
# Ages of the patient where a paper is that of an old or a grown person; elsewhere 18 to 89.
AGES = {
    "lung_page": (55, 89),
    "hip_page": (65, 77),
    "stroke_page": (50, 89),
    "out_page": (45, 89),
    "agree_page": (55, 72),
    "proxy_page": (60, 89),
    "care_page": (70, 89),
    "call_page": (60, 85),
    "away_page": (40, 80),
    "last_page": (70, 89),
    "drip_page": (40, 80),
    "check_page": (25, 60),
}
POOLS = {
    "signed": ("\n记录医师：{dr2}\n上级医师：{dr1}", "\n\n　　　　　　　　住院医师签名：{dr2}　　主治医师签名：{dr1}\n　　　　　　　　{date} {time}", "\n签名：{dr2}／{dr0}　　时间：{date}"),
    "id_lines": (
        "出生日期：{born}　　民族：{nation}\n", "公民身份号码：{id}\n", "职业：{job}　　单位：{firm}\n", "现住地：{address}\n", "户籍所在：{province}{home}\n", "本人电话：{phone}\n", "联系人：{son}（子）　　电话：{kin_phone}\n",
        "费别：城镇职工　　医保编号：{insurance}\n", "入院时间：{date:-2..-1} {time}　　记录时间：{date} {time}\n", "病史陈述者：本人及{mate}{spouse}　　可靠程度：基本可靠\n",
    ),
    "who_lines": ("公民身份号码：{id}\n", "现住地：{address}\n", "本人电话：{phone}\n", "出生日期：{born}　　民族：{nation}\n", "联系人：{son}（子）　　电话：{kin_phone}\n", "医保编号：{insurance}\n"),
    # a breathless smoker
    "lung_page": ("{hospital}　入院记录\n姓名：{name}　性别：{sex}　年龄：{age}岁　病区：{ward}　床位：{bed}　住院号：{mrn}\n", "{hospital}\n科别：[?:呼吸与危重症医学科]　病区：{ward}　姓名：{name}　住院号：{mrn}\n　　　　　　入院记录（首次入院）\n"),
    "lung_open": ("主诉：咳痰喘[t:{n:8-20}年]，喘憋加重[t:{n:2-9}天]。\n现病史：患者[t:{n:8-20}年]前起每到冬天就咳嗽，咳[w:白色]黏痰，每年累计[t:三四个月]，没有系统看过。",),
    "lung_story": (
        "{year:-2500..-1500}在{other_hospital}做肺功能，报重度阻塞，[l:FEV1/FVC {n:40-65}%]，确定为慢阻肺。", "平时吸[d:信必可都保]，喘得厉害时自己加[d:氨茶碱]、[d:甘草片]。", "{month:-700..-300}因喘重在{short_hospital}住过[t:{n:7-15}天]，用过无创呼吸机，出院后在家吸氧[l:2L/min]。",
        "{md:-9..-4}淋雨着凉，扫院子后喘憋加重，痰[w:黄]、不易咳出。", "先在[g:村卫生室]点滴[d:左氧氟沙星][t:3天]，见效不[w:明显]。", "昨夜不能[w:平卧]，{son}叫120送来，急诊查血气后收我科。", "每年秋天打流感疫苗，肺炎疫苗没打过。", "病来无咯血，无胸痛，夜尿[l:2～3次]，体重较去年轻[l:{n:2-6}kg]。",
    ),
    "past": ("\n既往史： ",),
    "past_lines": (
        "[w:高血压][t:{n:5-20}年]，最[w:高]到过[l:{n:160-200}/{n:90-110}mmHg]，吃[d:安博维]。", "糖尿病[t:{n:3-12}年]，早晚打[d:诺和锐30]，自己不测血糖。", "{month:-3500..-700}在{short_hospital}做过[w:白内障]手术。", "[e:格雷夫斯]病吃过[d:赛治]，已停[t:两年]。", "对[d:头孢类]过敏，起红疹；食物无过敏。", "肝炎、结核没得过，输血史无。",
        "[t:十余年前]翻车致左小腿骨折，在{other_hospital}打钢板，现已取出。", "{date:-1500..-400}在{hospital}放过冠脉支架一枚，术者{dr3}。",
    ),
    "life": ("\n个人及家族史： ",),
    "life_lines": (
        "原籍{town}，退休前在{firm}开机器，粉尘接触[t:{n:10-30}年]。", "抽烟[t:{n:20-50}年]，[l:一天{n:10-40}支]，现已减量；白酒偶尔。", "{mate}{spouse}身体好，[l:一子一女]均健。", "父亲活到{old}岁；弟弟{brother}得肺癌，[t:前年]没了。", "家住六楼没有电梯，由女儿{daughter}照顾。", "没出过国，没养鸟，屋里烧煤取暖。",
    ),
    "lung_exam": ("\n查体： ",),
    "lung_exam_lines": (
        "[l:T {n:36-38}.{n:0-9}℃]　[l:P {n:80-120}次]　[l:R {n:20-32}次]　[l:BP {n:110-170}/{n:60-95}mmHg]　[l:SpO2 {n:78-93}%]（不吸氧）。", "神清，半卧位，口唇发绀，颈静脉充盈。", "桶状胸，双肺叩诊过清音，满布干鸣音，双下肺少许湿鸣音。", "剑突下可见心尖搏动，P2亢进，[e:格雷厄姆-斯蒂尔]杂音未闻及。", "腹软，肝肋下[l:{n:1-3}cm]，颈静脉回流征阳性。", "双下肢[w:水肿]，按之凹陷。", "扑翼样震颤阴性，[e:巴宾斯基]征阴性，mMRC[s:{n:2-4}级]，CAT[s:{n:12-34}分]。",
    ),
    "lung_tests": ("\n化验检查： ",),
    "lung_test_lines": (
        "血气（{date} 急诊）：[l:pH 7.{n:25-38}]，[l:PaCO2 {n:48-85}mmHg]，[l:PaO2 {n:45-62}mmHg]。", "血[w:常规]：[l:WBC {n:8-17}.{n:1-9}]，[l:N {n:70-92}%]，[l:Hb {n:120-175}g/L]；[l:PCT 0.{n:10-95}]。", "肝肾功能、电解质大致在范围内，[l:K {n:3-5}.{n:0-9}]。", "胸部CT（{image}）：双肺气肿，右中叶斑片，[e:克氏]B线未见。", "心彩超：右心大，[l:估测肺动脉压{n:38-70}mmHg]，报告{dr4}。", "{md:-40..-20}门诊痰培养：[e:克雷伯]菌，对[d:拜复乐]敏感。",
    ),
    "lung_end": ("\n初步诊断：1.慢阻肺急性加重　2.Ⅱ型呼吸衰竭　3.肺心病\n依据：长年咳痰喘，桶状胸，血气二氧化碳高；与哮喘、心衰、气胸相区别，影像可除外后者。先控制感染、解痉、化痰，无创通气不耐受再插管。", "\n诊断：AECOPD，Ⅱ型呼衰。\n处置：无创通气，[d:甲强龙][l:40mg]，[d:拜复乐][l:0.4g][t:每日1次]，复查血气。病重已告知{son}。"),
    # an old person falls
    "hip_page": ("{hospital}骨科中心\n入院病历　　病区{ward}　{bed}　{name}　{sex}　{age}岁　ID {mrn}\n", "{hospital}　　24小时内入院记录\n姓名：{name}　　住院号：{mrn}　　影像号：{image}\n"),
    "hip_open": ("主诉：跌倒后右髋疼，不能站[t:{n:2-30}小时]。\n现病史：{time}在家中[w:阳台]收衣服时滑倒，右髋着地，当时没有昏迷。",),
    "hip_story": ("儿媳{aunt}听到喊声后扶起，右腿不敢动。", "同住的老母亲{mother}已{old}岁，扶不动，[t:过了两个多小时]儿子才回来。", "由{place}救护车转来，在{other_hospital}拍片为右股骨颈骨折（[s:Garden Ⅲ型]），片子自带。", "当时无心慌，无大小便失禁，没有撞头。", "路上用过[d:曲马多][l:50mg]，到院时疼痛[s:NRS {n:4-8}分]。", "伤前能自己买菜，拄拐，[s:Barthel {n:60-95}分]。", "骨密度[t:半年前]查过，[l:T值-{n:2-4}.{n:0-9}]，没打过[d:密固达]。"),
    "hip_exam": ("\n专科情况： ",),
    "hip_exam_lines": ("右下肢外旋短缩[l:约{n:1-4}cm]，腹股沟中点压痛。", "[e:艾利斯]征(+)，[e:布莱恩特]三角底边缩短，[e:内拉通]线上大转子上移。", "足背动脉可及，趾动好，[w:皮温]不低。", "骶尾及足跟皮肤完整，无压红。", "[e:卡普里尼]评分[s:{n:6-12}分]，[e:纽约]心功能[s:Ⅱ级]，简易认知[s:Mini-Cog {n:1-5}分]。", "血管彩超：双下肢深静脉未见血栓（{dr4}，{md}）。"),
    "hip_end": ("\n诊断：右股骨颈骨折；骨质疏松。拟{date:1..4}做人工股骨头，备血[l:400ml]，已请[p:麻醉科]、[p:心内科]看过。家属{son}要求再商量。", "\n处理：皮牵引，[d:克赛][l:4000IU]，[d:西乐葆]。{dr1}主任看片后同意手术，已和{daughter}谈话。"),
    # days of a stroke patient
    "stroke_page": ("{hospital}　病程记录\n病区：{ward}　{bed}　姓名：{name}　住院号：{mrn}\n", "病程记录　　{name}　{sex}　{age}岁　　第{n:1-4}页\n"),
    "stroke_days": (
        "{date:-9} {time}　首次病程记录\n患者{name}，{age}岁，因“左侧肢体笨拙[t:{n:3-20}小时]”由急诊收入。发病时正在{place}走亲戚，[s:NIHSS {n:4-16}分]，已过溶栓[w:时间窗]。头CT未见出血。言语含糊但能听懂，右利手，眼球活动好，心律不齐。定位右侧大脑半球，先按脑梗死处理，监测血压、血糖，禁食待评。\n　　　　{dr2}\n",
        "{date:-8} {time}　{dr1}主治医师查房\n看过病人，左侧鼻唇沟浅，肌力上[s:2级]下[s:3级]，[e:霍夫曼]征(+)。{dr1:s}医生分析：责任病灶在右侧放射冠，[e:牛津]分型[s:LACI]，[d:波立维]加[d:泰嘉]重复，停一种。\n　　　　{dr2}\n",
        "{date:-7} {time}　\n夜间[w:安静]，饮食由家人少量多次喂，无呛咳。晨起血压[l:{n:150-185}/{n:80-105}mmHg]，暂不降。洼田饮水[s:{n:2-4}级]，请[p:康复科]床旁看吞咽。床上良肢位摆放，两小时翻身，防误吸、防下肢血栓。核磁（{image}）报：右基底节新鲜梗死，[e:Willis]环前部开放。\n　　　　{dr2}\n",
        "{date:-6} {time}　{dr0}主任医师查房\n{dr0:s}主任听汇报后问家属：患者[t:两年前]在{other_hospital}查出房颤，没抗凝。指示：动态心电，[s:CHA2DS2-VASc {n:3-7}分]，[d:利伐沙班]待[t:两周]后定。\n　　　　{dr2}／{dr0}\n",
        "{date:-5} {time}　会诊后记录\n[p:心内科]{dr3}副主任医师：心率[l:{n:70-110}次]，可用[d:倍他乐克]，无急诊介入指征，低分子肝素预防量可用，注意牙龈和大便颜色。已执行。\n　　　　{dr2}\n",
        "{date:-4} {time}　\n{mate}{spouse}诉夜里[w:胡话]，体温[l:{n:37-38}.{n:1-9}℃]，尿[w:常规]白细胞[s:(++)]，查体肺部呼吸音粗，腹软，下肢不肿，换[e:弗利]尿管，加[d:拜复乐]。\n　　　　{dr4}（代{dr2}）\n",
        "{date:-3} {time}　交班记录\n{dr2}医师轮转至{short_hospital}，本床由{dr4}接管。目前[w:平稳]，语言较前利落，左手能抬过肩，待核磁血管成像。\n　　　　交：{dr2}　接：{dr4}\n",
        "{date:-2} {time}　阶段小结\n入院[t:第{n:8-12}天]，[s:NIHSS {n:2-9}分]，[s:mRS {n:2-4}分]，能[w:经口]进糊状食。下一步联系{other_hospital}康复床位，社工{staffer}已与其电话（{any_phone}）。\n　　　　{dr4}\n",
        "{date:-1} {time}　\n{son}要求明日转院，告知途中风险，签字在卷。复印病历[l:{n:20-60}页]。\n　　　　{dr4}\n",
    ),
    # nurses hand over
    "shift_page": ("{ward}护理交班　{date}　夜班→白班　\n原有{n:30-48}　入{n:1-6}　出{n:1-6}　病危{n:0-2}　病重{n:1-5}\n", "{hospital}\n护理交接班报告　　病区：{ward}　　日期：{date}　　值班：{dr3}、{dr4}\n"),
    "shift": (
        "{bed} {anyone} 新入，{age}岁，胆囊结石，{time}平车推入，[l:T{n:36-38}.{n:0-9}]，腹痛[s:{n:2-7}分]，{dr1}医生看过，禁食水。\n", "{bed} {anyone} 今日手术第一台，术前针未打，假牙已摘交{kin}保管。\n", "{bed} {name} 术后[t:第{n:1-4}天]，胃管引出[w:黄绿]色液[l:{n:50-400}ml]，夜间睡[t:约{n:3-6}小时]。\n", "{bed} {anyone} 高危跌倒（[e:莫尔斯][s:{n:45-90}分]），拉好床栏，家属回{place}取东西，临时托[?:护工]{staffer}看护。\n",
        "加{bed} {anyone} 血糖{time}为[l:{n:3-4}.{n:0-9}]，报{dr2}后喝糖水，[t:15分钟]复测[l:{n:5-8}.{n:0-9}]。\n", "{bed} {anyone} 压疮[s:Ⅱ期]，[e:布雷登][s:{n:9-14}分]，[t:两小时]翻身，骶尾贴[d:美皮康]。\n", "{bed} {anyone:s}[?:大爷] 昨晚拔留置针一次，约束带已签字，{time}重新穿刺成功。\n", "{bed} {anyone} 出院未走，欠费，电话{any_phone}无人接，[?:护士长]知。\n", "{bed} {anyone} 输红细胞[l:2U]，血袋号{other}，核对{dr3}／{dr4}，无反应。\n",
        "{bed}空，待收，住院处说是{dr0:s}主任的病人，从{place}来。\n", "{bed} {anyone} 体温[l:39.{n:0-9}℃]，[d:萘普生]栓，[w:温水]擦浴后[l:38.{n:0-4}℃]，抽血培养[l:2套]。\n", "{bed} {anyone} 病危，[d:去甲肾]泵[l:{n:4-16}ml/h]，泵号{serial}，瞳孔[l:{n:2-4}mm]等大，尿少，[t:每小时]记。\n",
    ),
    "shift_end": ("物品：毒麻药齐，[d:杜冷丁]3支，钥匙交{dr4}。\n交班：{dr3}　　接班：{dr4}", "带教补充：规培护士{staffer}今日请假，治疗班由{dr4}顶。\n{dr3}　{date} {time}", "交班者 {dr3}　接班者 {dr4}　[?:护士长] {dr0}"),
    # emergency
    "rescue_page": ("急诊预检　{hospital}　{date} {time}\n姓名：{name}　{sex}　{age}岁　来院：120　分级：[s:Ⅱ级]\n", "{hospital}急诊留观病历\n{name}　{sex}　{age}　就诊号{visit}　电话{phone}\n", "急救中心院前病历　　出车{date} {time}　　车牌{plate}　　医{dr0} 护{dr3} 司机{dr4}\n患者：{name}（{sex}）\n"),
    "rescue": (
        "现场：{address}，[w:单元]门口，台阶下。\n", "代诉人：路过群众{anyone}，说倒下[t:约{n:3-15}分钟]，没抽。\n", "身上有身份证，号{id}，手机打给最近联系人{son}（{kin_phone}），正从{place}往回赶。\n", "主诉：胸骨后压榨样疼[t:{n:1-6}小时]，大汗，含[d:速效救心丸][l:10粒]不缓解。\n", "既往有糖尿病，血脂[w:高]，支架没放过，没有药物过敏。\n", "查：面色灰，四肢凉，双肺底少许湿鸣，心音低，没有杂音。\n",
        "心电图{time}：V1～V4下压，[e:德温特]样T波，已传{other_hospital}胸痛群，{dr1}主任回电同意直接上台。\n", "倒地时碰到前额，皮裂[l:{n:1-4}cm]，[s:GCS {n:13-15}分]，双瞳等大，[e:库欣]反应不[w:明显]。\n", "末梢血糖[l:{n:6-24}.{n:0-9}mmol/L]，肌钙蛋白[l:0.{n:10-99}]，[l:D-二聚体{n:1-9}.{n:0-9}]。\n", "给[d:替格瑞洛][l:180mg]、[d:拜阿司匹灵][l:300mg]嚼服，{time}。\n",
        "破伤风：[d:马破]皮试阴性，打一针，额部清创[l:{n:3-9}针]。\n", "头颅CT（{image}）未见出血，[p:神外]{dr2}看过。\n", "未带钱，先走绿色通道，费用由总值班{staffer}签字。\n", "随行工友{anyone}，都在{firm}干活，把饭盒和外衣拿走了。\n",
    ),
    "rescue_end": ("去向：导管室，与{dr1}交接　　{dr0}　{time}", "转归：留观　　接诊医生 {dr0}", "转归：{mate}{spouse}签字离院，嘱[w:任何]不适立即回来。\n医师 {dr0}　　护士 {dr3}　　{date}"),
    # leaving after a stent
    "out_page": ("{hospital}　出院记录\n姓名：{name}　性别：{sex}　年龄：{age}岁　住院号：{mrn}\n入院：{date:-12..-6}　出院：{date}　病区：{ward}\n", "出院小结（患者联）\n{hospital}　[?:心血管内科]　　{name}　{mrn}\n入院日期 {date:-12..-6}　　出院日期 {date}\n"),
    "out_course": (
        "\n入院时：活动后心前区闷[t:{n:1-6}个月]，加重[t:{n:2-9}天]，[s:CCS Ⅲ级]。", "\n诊治经过：{date:-5..-3}经右桡动脉造影，前降支[l:狭窄{n:75-95}%]，植入支架[l:{n:1-3}枚]，术者{dr0}、{dr1}，支架条码{serial}。", "右冠、回旋支轻度不规则，未处理。", "术中一过性慢血流，[d:欣维宁]冠脉内注射后好转。", "{md:-2..-1}复查心彩超[l:EF {n:40-65}%]，室壁瘤未见，心包无积液，[e:德雷斯勒]综合征不考虑。", "[e:艾伦]试验正常，穿刺点无血肿。", "住院期间[p:内分泌科]{dr3}会诊，调[d:来得时][l:{n:8-24}u]睡前。", "因{other_hospital}旧片丢失，未能比较。",
    ),
    "out_state": ("\n出院时：无胸闷，[l:BP {n:110-140}/{n:60-85}mmHg]，步行[l:{n:200-500}米]无不适。", "\n出院情况：好转。切口干燥，心率[l:{n:58-80}次]。"),
    "out_head": ("\n医嘱： ",),
    "out_orders": (
        "－[d:波立维][l:75mg] [t:每日1次]，[t:至少12个月]，别自己停。", "－[d:立普妥][l:20mg]睡前；肌肉疼到[g:就近医院]查肌酶。", "－{date:20..40}上午来{dr1}主任门诊（[?:三楼]），空腹。", "－{md:6..12}起到{short_hospital}做心脏康复，找{dr4}[?:治疗师]。", "－用药问题打病房电话{landline}，夜间转{ext}。", "－家中血压仪数据传到{url}，账号为{phone}。", "－诊断书、清单由{daughter}代领，已核身份证。", "－饭后走路[t:半小时]，出汗为度，不要憋气使劲。", "－戒烟，少盐，[w:温水]洗澡，[t:一个月]内不提重物。",
    ),
    # imaging
    "chest_page": ("{hospital}医学影像诊断报告\n检查号：{image}　　姓名：{name}　　{sex}　{age}岁　　住院/门诊号：{mrn}　　{ward} {bed}\n检查项目：胸部CT平扫　　检查日期：{date} {time}　　申请医生：{dr2}\n", "{hospital}　CT报告单\n{name}　{name:p}　{sex}　{age}Y　No.{image}\n部位：胸部　申请：[?:呼吸二科]{dr2}　日期：{date}\n"),
    "sono_page": ("{hospital}超声医学科\n姓名 {name}　{sex}　{age}岁　来源 门诊　超声号 {image}　{date}\n", "超声检查报告（{hospital}）\n{name}　{sex}　{age}岁　{visit}　送检{dr2}　{date} {time}\n部位：肝胆胰脾、甲状腺\n"),
    "chest_lines": (
        "【所见】与{date:-500..-90}本院片（{image}）比较。\n", "胸廓对称，气管居中，支气管通畅。\n", "右肺上叶尖段见磨玻璃结节，[l:约{n:5-14}mm×{n:4-9}mm]，边缘[w:毛糙]，内见空泡。\n", "余肺纹理增粗，[e:克利]B线未见，[e:霍纳]综合征请结合临床。\n", "纵隔淋巴结[l:短径{n:4-9}mm]，未达标准。\n", "{other_hospital}增强片（光盘）所示强化灶本次未显。\n", "双侧胸腔未见积液，心影不大，冠脉钙化。\n", "所及胸椎[e:施莫尔]结节，[w:金属]内固定伪影，局部显示欠清。\n",
    ),
    "sono_lines": (
        "肝脏形态规整，回声细密增强，远场衰减。\n", "肝右叶见囊性暗区[l:{n:8-40}mm]，壁薄，后方回声增强。\n", "胆囊[l:壁厚{n:2-5}mm]，内见强回声团[l:{n:4-18}mm]，随体位移动，[e:墨菲]氏征(－)。\n", "胰腺因肠气遮挡显示不满意。\n", "脾不大，门静脉[l:{n:9-14}mm]，血流入肝。\n", "甲状腺左叶低回声[l:{n:4-12}mm]，[s:C-TIRADS {n:3-4}A类]，颈部未见肿大淋巴结。\n", "与{date:-400..-60}{other_hospital}报告所示大小相近。\n", "患者自述{dr1:s}主任要求加看右颈，未见异常。\n",
    ),
    "chest_mind": ("【诊断】右上肺结节，建议[t:{n:3-6}个月]复查，或请[p:胸外科]。\n", "【提示】肺气肿、冠脉钙化，[w:时有]变异，请结合查体。\n", "危急值已于{time}电话通知{dr2}（工号{other}），复述无误。\n", "本报告仅供临床参考，胶片请至{url}下载，取片人{kin}。\n"),
    "film_end": ("报告医师：{dr0}　　审核医师：{dr1}　　技师：{dr4}", "书写 {dr0}／复核 {dr1}　　{date} {time}"),
    "sono_end": ("提示：脂肪肝；胆囊结石；肝囊肿。\n诊断：{dr0}　　记录：{dr4}", "超声提示：甲状腺结节，建议[t:{n:6-12}个月]复查。\n检查医师 {dr0}　　{date} {time}"),
    # endoscopy and pathology
    "scope_page": ("{hospital}消化内镜中心　　胃镜检查报告\n姓名：{name}　性别：{sex}　年龄：{age}　镜号：{serial}　检查号：{image}\n", "无痛胃镜报告　　{hospital}\n{name}　{sex}　{age}岁　门诊号{visit}　申请医生{dr2}　{date}\n"),
    "slide_page": ("{hospital}病理诊断中心\n病理号：{image}　　姓名：{name}　{sex}　{age}岁\n送检单位：{other_hospital}　送检医生：{dr2}　收到日期：{date:-3..-2}\n", "病理检查报告单　　No.{image}\n{name}　{sex}　{age}岁　{ward} {bed}　住院号{mrn}　送检{dr2}\n"),
    "scope_lines": (
        "术前用药：[d:达克罗宁]胶浆，麻醉医师{dr3}，[s:ASA {n:1-3}级]。\n", "食管：下段Z线上移，[e:巴雷特]食管样改变[s:C1M2]，取材[l:1块]。\n", "贲门：启闭好。胃底：黏液湖清亮，皱襞柔软。\n", "胃窦：黏膜红白相间，以红为主，[s:木村-竹本O-{n:1-3}]。\n", "胃角见溃疡[l:{n:8-25}mm]，苔[w:黄白]，[e:福里斯特]分级[s:Ⅱc]，周边活检[l:{n:4-6}块]。\n", "幽门圆，十二指肠球部及降部未见溃疡。\n", "快速尿素酶(＋)，既往{year:-1500..-500}在{short_hospital}根除过一次。\n", "检查中心率、血氧平，醒后由{kin}陪同离开，[t:当日]不可开车。\n",
    ),
    "slide_lines": (
        "肉眼：（胃角）灰白组织[l:{n:3-6}粒]，[l:直径0.{n:2-4}cm]，全埋。\n", "镜下：腺体异型，排列紊乱，印戒细胞可见，[e:劳伦]分型混合型。\n", "间质淋巴细胞浸润，脉管内未见癌栓。\n", "免疫组化：[l:HER-2(1+)]，[l:Ki-67约{n:20-70}%]，[l:MLH1(+)]，[e:沃辛-斯塔里]染色见Hp。\n", "对照{month:-900..-200}旧片（{image}），当时为轻度肠化。\n", "切片经{other_hospital}{dr4}[?:教授]会诊，意见一致（{md:-1..0}）。\n",
    ),
    "scope_end": ("诊断：胃角溃疡（A1期），待病理\n内镜医师 {dr0}　护士 {dr4}　{date}", "提示：慢性胃炎，胃角溃疡。[t:六周]后复查胃镜。\n医师：{dr0}"),
    "slide_end": ("病理诊断：（胃角）腺癌。\n初诊 {dr0}　复诊 {dr1}　报告 {date}", "诊断：腺癌，请结合内镜。已电话告知申请医生{dr2}（{any_phone}）。\n签发：{dr1}"),
    # an operation
    "theatre_page": ("{hospital}　手术记录\n姓名：{name}　{sex}　{age}岁　住院号：{mrn}　病区：{ward}　日期：{date}\n", "手术及麻醉登记（{hospital}）\n{date}　第{n:1-9}手术间　第{n:1-4}台　　{name}　{mrn}\n"),
    "theatre_team": (
        "术前诊断：胆囊结石伴慢性胆囊炎　　拟施：腹腔镜胆囊切除\n", "主刀：{dr0}　一助：{dr1}　扶镜：{dr2}\n", "麻醉：全麻，{dr3}；[s:ASA {n:2-3}级]，[e:马兰帕蒂][s:{n:1-3}级]\n", "洗手：{dr4}　巡回：{staffer}　参观：进修医生{staffer}（{place}）\n", "安全核查：麻醉前／切皮前／离室前三方签字，腕带{name}、{mrn}相符\n",
    ),
    "theatre_steps": (
        "[w:平卧]位，[w:常规]消毒，脐下[l:1cm]切口，[e:韦雷斯]针建气腹[l:12mmHg]。", "头高脚低，左倾[l:15度]，其余三孔在直视下置入。", "探查：胆囊与大网膜粘连，壁厚，[e:哈特曼]袋内嵌顿石一枚[l:约{n:8-25}mm]。", "钝锐结合分开粘连，显露清楚。", "解剖[e:卡洛]三角，夹[d:Hem-o-lok][l:3枚]，断胆囊管，查无胆漏。", "疑有[e:米里齐]综合征，请{dr1}台上看后决定不中转。", "胆囊床电凝止血，冲洗吸净，未见活动出血。", "出血[l:{n:5-60}ml]，[e:温斯洛]孔放管一根，未输血。", "标本当台剖开，给{mate}{spouse}看过，送[p:病理科]。", "器械纱布两次清点无误，{time}出室，[s:Aldrete {n:8-10}分]。", "一次性切割器批号{serial}，标签贴于背面。",
    ),
    "theatre_end": ("\n\n手术者签名：{dr0}　　记录：{dr2}", "\n术后去向：{ward}{bed}，与{staffer}交接。\n记录人{dr2}　{date} {time}"),
    # pharmacy
    "drug_page": ("{hospital}药学部　　药学监护记录\n对象：{name}　{sex}　{age}岁　{bed}　住院号{mrn}　[?:临床药师]：{dr3}\n", "处方干预单　{date}　窗口{n:1-9}\n处方医师{dr2}　患者{name}　卡号{visit}\n"),
    "drug_body": (
        "[d:华法林][l:{n:1-4}.5mg]，{md:-3..0}INR [l:{n:1-5}.{n:0-9}]，建议减量，已和{dr1:s}医生沟通。\n", "患者自购[h:三七]粉、[h:丹参]片，由{aunt}从{place}邮来，嘱停。\n", "[d:万古霉素]谷浓度[l:{n:8-28}mg/L]，[e:科克罗夫特]公式[l:CCr {n:25-90}ml/min]。\n", "[d:氨氯地平]与[d:络活喜]为同一药，重复，电话{ext}，医生同意删去。\n", "中药饮片：[h:附子][l:15g]未注先煎，[h:细辛][l:6g]超量，[h:麦冬]、[h:牛蒡子]齐；退回{dr2}重签。\n", "皮疹出现于[d:来立信][t:第{n:2-5}天]，[e:纳兰霍]评分[s:{n:3-8}分]，上报编号{other}。\n",
        "出院教育对象：{daughter}，复述正确；[d:来得时]笔用法演示[l:2遍]。\n", "外带药：{other_hospital}开的[d:米芙]余[l:{n:5-40}粒]，核对可用。\n", "饭前饭后、整片掰开与否已在袋上写清。\n", "[d:安宫牛黄丸]、[d:乌鸡白凤丸]自带，不列入医嘱。\n",
    ),
    "drug_end": ("药师：{dr3}　审核：{dr4}　　{date} {time}", "调配{dr4}　核发{dr3}　　取药人{kin}", "结果：医师已改方。　　{dr3}（{ext}）"),
    # insurance
    "fall_page": ("城镇医保外伤（非工伤）情况说明\n就诊机构：{hospital}\n",),
    "away_page": ("{hospital}医保办　　异地转外就医备案表\n", "门诊慢特病认定申请\n定点：{hospital}　受理：{date}\n"),
    "cert_page": ("疾病诊断证明书\n{hospital}　　编号{other}\n姓名：{name}　{sex}　{age}岁　门诊号{visit}\n", "{hospital}　病情证明（存根）\n{name}，{sex}，{age}岁，单位：{firm}\n"),
    "fall_lines": (
        "姓名：{name}　性别：{sex}　身份证：{id}\n", "参保地：{town}　医保卡号：{insurance}\n", "住址：{address}　电话：{phone}\n", "受伤时间：{date:-10..-4} {time}　地点：{place}自家门前\n", "经过：下楼倒垃圾时脚下一滑，左手撑地，当即肿痛，自行打车到院。\n", "无第三方责任，没有报警，愿承担虚报的后果。\n", "目击者：邻居{anyone}，{any_phone}\n", "首诊：{short_hospital}，片号{image}，后转我院住院，住院号{mrn}\n",
    ),
    "away_lines": (
        "姓名：{name}　证件号：{id}\n", "参保人证件：护照 {passport}\n", "单位：{firm}　医保卡号：{insurance}\n", "诊断：胰头占位；[w:高血压][s:3级]（极[w:高]危）\n", "理由：本地不能做[e:惠普尔]手术；已经本院讨论，同意外出。\n", "转往：{other_hospital}，联系医师{dr3}，{any_phone}\n", "有效期[t:{n:3-12}个月]，到期未办视为放弃。\n", "已交费用：发票{invoice}，自付[l:{n:800-9000}元]\n", "打款账户：{bank}（户名{name}）\n", "代办人：{daughter}，手机{kin_phone}，与参保人关系：女\n", "邮寄：{address}　收件人{daughter}\n", "机构代码：{uscc}\n",
    ),
    "cert_lines": (
        "诊断：左桡骨远端骨折（[e:巴顿]）。\n", "处理：手法复位，石膏外固定，[d:乐松]口服。\n", "建议：休[t:{n:2-6}周]，[t:{n:2-4}周]后来{dr0:s}主任处复查。\n", "本证明用于请假，涂改无效，不作诉讼之用。\n", "补开说明：原件（{date:-20..-5}）遗失，由{kin}代领。\n", "患者于{date:-12..-6}至{date:-5..-1}在我院{ward}住院。\n",
    ),
    "cert_end": ("医师：{dr0}　　（诊断专用章）　{date}", "经治医师签字 {dr0}\n审核 {dr4}　{date}"),
    "cover_end": ("\n经治医师：{dr0}　　医保科：{dr4}　　（章）　{date}", "\n申请人签名：{name}　　{date}\n初审：{dr4}", "\n以上情况属实。主任签字：{dr0}　{md}"),
    # one department asks another, or one hospital another
    "ask_page": ("会诊申请单　{hospital}\n申请科室：[?:肾内科]（{ward}）　申请人：{dr1}　{date} {time}　加急\n患者：{name}　{sex}　{age}岁　{bed}　{mrn}\n邀请：{other_hospital}　{dr3}主任\n", "双向转诊单（上转）　{station}\n转入：{other_hospital}　{dr3}主任\n{name}　{sex}　{age}岁　家庭住址 {address}　手机 {phone}\n"),
    "ask_body": (
        "病情：维持透析[t:{n:2-9}年]，左前臂内瘘{month:-2500..-800}由贵院{dr3}所做。", "近[t:{n:1-3}周]血流量降到[l:{n:120-200}ml/min]，震颤弱，[e:艾伦]试验(－)。", "[l:Hb {n:75-110}g/L]，[l:iPTH {n:200-900}pg/ml]，[l:K {n:4-6}.{n:0-9}]，[d:益比奥][t:每周三次]。", "{md:-6..-2}瘘口红肿，[d:百多邦]外涂，体温正常。", "透析中有时抽筋，血压[l:{n:90-120}/{n:50-70}]，干体重未调。", "患者[w:白天]在{firm}看门，[w:平时]自己骑车来透。", "其妹{aunt}曾在[g:外地医院]做球囊扩张，片未带。", "[w:应家属]要求请您看是否再做。",
    ),
    "answer": ("\n会诊意见（{date:1} {time}）： ",),
    "answer_body": (
        "病史已阅，查病人。瘘管起始段细，按之软，震颤在肘上才有。", "超声床旁（{dr4}做）：吻合口[l:{n:1-3}.{n:0-9}mm]。", "考虑狭窄，无急诊处理指征。", "瘘口红肿已退，皮温两侧相同。", "建议：1.[d:克赛]透析中用；2.约{md:4..9}来我院介入室，电话{landline}找{dr4}；3.带[l:近{n:3-6}个月]透析单。", "如突然无震颤，[t:6小时内]直接来，总机转{ext}。",
    ),
    "answer_end": ("\n会诊医师：{dr3}（{other_hospital}）", "\n{dr3}　谢邀。", "\n签收：{dr1}　{date:1}"),
    # telephone follow-up
    "call_page": ("出院随访登记　{hospital}随访中心　{date}　话务{dr4}\n患者{name}　主管{dr0}　电话{phone}\n", "电话随访（录音转写）　{date} {time}　坐席{other}\n"),
    "call_body": (
        "坐席：您好，请问是{name}家吗？我是{hospital}的，姓{dr4:s}。\n", "家属：啊是，我是他家老大{son}，我爸妈都睡了。\n", "坐席：那您方便说两句不？{dr0:s}主任让问问刀口。\n", "家属：刀口干巴的，就是夜里咳，[t:能咳俩钟头]。\n", "坐席：[d:拜复乐]吃完没有？家属：吃完了，[d:沐舒坦]还剩[l:两盒]。\n", "家属：那个啥，{md:7..20}拆线，能不能在{place}这边拆？\n", "坐席：可以，找{short_hospital}的{dr3}医生，她跟我们联系过。\n", "家属：我记一下……姓{dr3:s}，电话呢？坐席：{any_phone}。\n", "坐席：伤口别沾水，咳的时候用手按着点，少量多次喝水。\n",
        "家属：我老姨{aunt}也想查查，她今年[?:七十三]，[w:成天]迷糊。\n", "坐席：血压[w:高]不高？家属：[l:一百六七]吧，邻居[?:老]{anyone:s}给量的。\n", "坐席：[w:温度]计家里有吗？家属：有，[l:三十六度五]。\n", "家属：别的没啥，就是饭量小，[w:米汤]能喝[l:半碗]。\n", "坐席：地址没变吧，还是{address}？家属：对。\n", "家属：报销的事儿问谁？坐席：医保办[?:小]{staffer:s}，分机{ext}。\n", "坐席：那先这样，有事您再打。家属：好嘞，麻烦你们了。\n",
    ),
    "call_end": ("（{time}结束，录音已存）{dr4}", "小结：恢复可，已预约{date:10..30}复诊。　{dr4}", "复诊提醒另发短信至{kin_phone}（{kin}）。{dr4}"),
    # messages
    "chat_page": ("〔互联网医院〕图文问诊　医生：{dr0}　{hospital}　{date}\n",),
    "group_page": ("微信群“{ward}医护患沟通群”截取　{date}\n",),
    "chat_body": (
        "患者（{name}）：大夫您好，上次您给我妈看的，她叫{mother}，{md:-30..-10}出的院。\n", "患者：她现在脚脖子肿，[d:拜新同]吃了[t:半个月]。\n", "{dr0}：肿是双侧还是单侧？按着有坑没有？\n", "患者：两边都有，晚上重，图发您了。\n", "{dr0}：可能是药的事，先改[d:代文][l:80mg]，[t:一天一次]，[t:三天]后告诉我。\n", "{dr0}：腿垫[w:高]点睡，菜淡一些，咸鱼先不吃。\n", "{dr0}：能来的话挂我{md:1..7}的号，来不了就在[g:当地卫生院]抽个血。\n", "患者：我们在{place}，来一趟不容易，{dr1:s}医生那边行吗？\n", "{dr0}：行，我跟{dr1}说一声。把检查号给我。\n", "患者：{image}，是在{other_hospital}拍的。\n",
        "患者：对了您微信能加一个不，我的是{wechat}。\n", "{dr0}：[w:方便]的话走平台，{url}，别加个人。\n", "患者：我爱人在外地，药寄到{address}，收件写{kin}，{kin_phone}。\n", "{dr0}：化验[l:肌酐{n:60-180}]，[e:吉尔伯特]这个不用治，别紧张。\n", "患者：嗯嗯，那[h:荷叶]、[h:山楂]泡水行不？{dr0}：少喝。\n", "〔系统〕本次问诊已由{dr0}于{time}结束。\n",
    ),
    "group_body": (
        "{dr3}护士：各位家属早，今天降温，探视改到下午[?:三点]，一床一人。\n", "[?:护士长]：请各位改备注，格式如“{bed}-{anyone}-子”。\n", "{bed}-{anyone}-女：收到\n", "患者家属-{aunt}：@{dr3}护士，{bed}的陪护证找到了，在窗台。\n", "{dr3}护士：收到，谢谢{aunt:s}[?:姐]。\n", "{bed}-{anyone}-妻：我家老头昨晚吐了[t:两回]，跟谁说？\n", "{dr1}医生：我马上过去看，先别喂水。\n", "{bed}-{anyone}-子：请问{dr0:s}主任今天查房不，想问问出院的事。\n", "{dr3}护士：{dr0:s}主任去{place}会诊，[t:明天]回来，有急事打{ext}。\n", "{bed}-{anyone}-女：谁有多的轮椅，借用[t:半小时]，送[p:放射科]。\n", "[?:护士长]：缴费、预约在公众号里，别发身份证和银行卡照片。\n", "患者家属-{aunt}：好的[t:刚才]交了，票号{invoice}。\n",
    ),
    # consents
    "agree_page": ("{hospital}　手术知情同意书\n姓名 {name}　性别 {sex}　年龄 {age}岁　{ward}　{bed}　住院号 {mrn}\n", "拒绝或放弃医学治疗告知书\n{hospital}　{name}　{mrn}\n"),
    "proxy_page": ("授权委托书（{hospital}）\n委托人：{name}　　身份证号：{id}\n",),
    "agree_body": (
        "诊断与方案：右膝骨关节炎（[e:K-L][s:{n:3-4}级]），拟{date:1..3}行全膝置换，术者{dr0}。\n", "可选的其他办法：继续吃药、打针、减重，或单髁置换，各有长短。\n", "可能的意外：感染、血栓、假体松动、[e:苏德克]骨萎缩，以及目前无法预料的情况。\n", "患方陈述：“{dr1:s}大夫都讲[w:明白]了，我们全家商量过，同意。”\n", "不同意输血，理由：个人信仰。{dr1}医师已说明[w:严重]后果。\n", "术中如有变化，由在场家属当面决定，来不及时由医生按救命原则处理。\n", "本人老母亲{old}岁，暂不告诉她；长女{daughter}到场见证。\n", "家属{kin}要求转回{town}，自备车{plate}，途中责任自负。\n", "出院后如有不适请联系{ward}{landline}。\n",
    ),
    "proxy_body": (
        "受托人：{son}　　证件已核　　关系：[?:父子/母子]　　电话：{kin_phone}\n", "委托事项：代为了解病情、签署各项文书，期限自{date}起至出院。\n", "受托人不在时由{daughter}代替，其住{place}，[t:两小时]内可到。\n", "委托人清楚以上内容，是自己的意思，没有人强迫。\n", "见证人：{staffer}（工号{other}）\n",
    ),
    "agree_end": ("\n患者签名：{name}　　家属：{son}　　医生：{dr1}\n{date} {time}", "\n签字人 {kin}　与患者关系 [?:侄]　见证 {dr3}　{date}"),
    "proxy_end": ("\n委托人（按印）：{name}　受托人：{son}　{date}\n谈话医师：{dr1}",),
    # many speak
    "rounds_page": ("疑难病例讨论　{date} {time}　{ward}示教室\n主持：{dr0}主任医师　记录：{dr4}　参加：{dr1}、{dr2}、{dr3}、规培生{staffer}\n病例：{name}，{sex}，{age}岁，住院号{mrn}\n", "MDT会议纪要（{hospital}）\n时间{date}　病例：{name}　{mrn}\n到会：[?:影像]{dr1}　[?:病理]{dr2}　[?:放疗]{dr3}　远程：{other_hospital}{staffer}[?:教授]\n"),
    "rounds_body": (
        "{dr4}：汇报病例。发热[t:{n:3-8}周]，{month:-90..-60}起病，先在{short_hospital}按肺炎治，无效。\n", "{dr1}：片子我看了，纵隔淋巴结[l:{n:12-30}mm]，双肺门对称，[e:洛夫格伦]要想到。\n", "{dr2}：穿刺是肉芽肿，无坏死，抗酸(－)，[e:朗汉斯]巨细胞可见。\n", "{dr3}副主任医师：结核不能全排除，[l:T-SPOT {n:20-90}]，当地是高发。\n", "{dr2}：同意{dr3:s}[?:老师]，可以再送[d:Xpert]。\n", "{dr1}：患者哥哥{brother}[t:去年]在我们这也查过类似的，病理号{image}，可以调出来对照。\n", "规培生：查了文献，[e:斯蒂尔]病评分[s:山口标准{n:3-6}条]。\n", "{dr0}：家里人谁能做主？{dr4}：女儿{daughter}，在{place}，通过电话。\n", "{dr4}：体重掉了[l:{n:3-9}kg]，夜里出汗，皮肤没有结节，肝脾不大。\n", "{dr0}：那就先[d:泼尼松][l:30mg]，[t:四周]后看，[w:单用]，不联抗痨。\n", "远程专家：我们[t:近五年]有[l:{n:6-20}例]，激素都有效，减量要慢。\n", "{dr3}：眼科筛查别忘，联系[p:眼科]{staffer}，{ext}。\n",
    ),
    "rounds_end": ("{dr0}总结：倾向结节病[s:Ⅱ期]，{md:1..4}前与家属谈。\n记录人：{dr4}", "结论：暂不放疗，[t:两个月]后复评。\n主持人签名：{dr0}", "（{time}结束）　整理：{dr4}　审阅：{dr0}　{date}"),
    # a child
    "child_page": ("{hospital}儿科门诊　{date}\n患儿{name}　[?:{n:2-9}]岁[?:{n:1-11}个月]　体重[l:{n:11-30}kg]　就诊卡{visit}　家长{mother}\n", "儿科急诊　{date} {time}　{name}　[?:{n:2-9}岁]　陪诊：父{father} {kin_phone}\n"),
    "child_body": (
        "代诉：发[w:高烧][t:{n:1-5}天]，最[w:高][l:39.{n:1-9}℃]，吃[d:美林][l:{n:4-8}ml]能退，[t:四五个小时]又起来。\n", "{mother}说同桌{anyone}也这样，[w:班里][l:{n:3-9}个]请假。\n", "昨在[g:私人诊所]打过一针，名字不详。\n", "不吐不拉，饭量少一半，睡着爱惊。\n", "咽红，[e:科氏]斑无，[e:帕氏]线可见，双肺清，心音有力，肚子软。\n", "手足无疹，[e:川崎]病[s:不够5条]，颈软，[e:克尼格]征(－)。\n", "指血：[l:WBC {n:4-19}.{n:0-9}]，[l:CRP {n:2-80}]；流感A(+)。\n", "药：[d:可威][l:30mg bid]×[t:5天]，[h:蒲地蓝]口服液，[d:易坦静]；[d:再林]暂不用。\n", "出生史：{year:-2500..-900}生于{other_hospital}，足月，[s:Apgar 10分]，疫苗按时。\n", "父亲[?:三十多岁]，在{firm}上班，有[w:花粉]过敏。\n",
        "开假条[t:{n:3-5}天]，园医{staffer}电话{any_phone}，家长自己交。\n",
    ),
    "child_end": ("不好随时来，夜里挂急诊。　{dr0}", "复诊{md:2..4}，还是{dr0:s}医生。\n{dr0}", "医生：{dr0}　护士：{dr3}"),
    # from and to the home for the aged
    "care_page": ("康养机构—医院衔接单\n送出：{station}　　接收：{hospital}　　{date}\n姓名：{name}　{sex}　{age}岁\n", "{station}　家庭医生上门服务记录　{date} {time}\n服务对象：{name}（{visit}）　团队：{dr0}、{dr3}\n"),
    "care_body": (
        "入住[t:{n:1-6}年]，失能[s:{n:2-4}级]，[w:平日]由[?:护理员]{staffer}照看。\n", "老人的妹夫{uncle}每周来，给带[w:黄桃]罐头，血糖因此[w:高]。\n", "左踝破溃[l:{n:2-5}cm×{n:1-4}cm]，渗液少，换[d:康惠尔]，[t:隔日一次]。\n", "[e:阿尔茨海默]病，[s:MMSE {n:6-22}分]，[w:常把]{dr3}认成孙女{daughter}。\n", "用药：[d:安理申][l:5mg]晚，[d:美金刚]，[d:乌灵胶囊]；[w:安眠药]已停。\n", "胃管{date:-30..-20}换，下次{md:1..9}，16号，批次{serial}。\n", "紧急联系人{son}，[?:现居日本]，{email}；国内找{kin}，{kin_phone}。\n", "跌倒史：{md:-40..-12}夜间如厕，未骨折，片存{short_hospital}。\n", "白天听收音机，认得屋里东西，叫名能应。\n", "大小便能说，夜里用尿垫，皮肤干净。\n", "预立意愿：不插管，文件号{other}，{daughter}持原件。\n", "[w:房间][l:{n:18-26}℃]，窗有护栏，[w:门口]有防滑垫。\n", "[w:石膏]已拆，能扶助行器走[l:{n:5-30}米]，[s:TUG {n:18-45}秒]。\n",
    ),
    "care_end": ("下次上门：{date:7..14}　　签名：{dr0}", "交：{staffer}　接：{dr3}　随车物品：轮椅、[w:毛毯]、医保卡（{insurance}）", "家属签字：{kin}　医生：{dr0}　护士：{dr3}"),
    # a nurse's first look, a herbal clinic, a day ward, a visit before the narcosis, a talk, a death, a health check
    "nurse_page": ("{hospital}　住院患者护理评估单（首次）\n{ward}　{bed}　{name}　{sex}　{age}岁　住院号{mrn}\n入院时间：{date} {time}　　方式：轮椅\n",),
    "nurse_lines": (
        "意识清，能正常交谈，听力差，戴镜。\n", "饮食：软，食欲一般，牙齿缺[l:{n:2-12}颗]。\n", "睡眠：入睡难，[d:安定]半片，[t:每晚]醒[l:{n:1-4}次]。\n", "大便[t:{n:2-4}天]一次，偏干；小便无异常。\n", "皮肤：完整，右足跟发红，[e:布雷登][s:{n:12-21}分]。\n", "跌倒：[e:莫尔斯][s:{n:20-80}分]，床头挂牌，已讲给{daughter}听。\n", "疼痛：[s:NRS {n:0-6}分]，位置腰部。\n", "自理：[s:Barthel {n:35-100}分]，需协助洗澡。\n", "[w:平时]信佛，忌牛肉，[w:常去]早市。\n", "过敏：[d:破伤风抗毒素]。\n", "心理：担心花钱，[w:应多]解释，[w:明日]请{dr0:s}主任再谈一次。\n", "陪护：{mate}{spouse}，夜间换{son}，{kin_phone}。\n", "贵重物品：手机、老花镜自管，戒指交家属带回{place}。\n", "管路：左前臂留置针（{date}，{dr4}）。\n", "介绍：作息、订餐、呼叫器、卫生间扶手、消防通道。\n",
    ),
    "nurse_end": ("责任护士：{dr3}　　复核：{dr4}", "评估人 {dr3}　{date} {time}", "患者/家属签名：{spouse}　　护士：{dr3}"),
    "herb_page": ("{hospital}　[?:中医科]门诊病历　{date}\n{name}　{sex}　{age}岁　{visit}\n", "{date}　{name}，{sex}，{age}岁，二诊　（{dr0}）\n"),
    "herb_lines": (
        "胃脘胀[t:{n:2-9}个月]，饭后重，嗳气则舒，口苦。\n", "手脚凉，后半夜易醒，多梦，大便先干后稀。\n", "自服[d:香砂养胃丸][t:两周]，稍好。\n", "胃镜在{short_hospital}做的，浅表性胃炎，[s:Hp(－)]。\n", "舌淡胖有齿痕，苔白滑；脉[w:沉弦]。\n", "[w:甘温]调中，佐以理气，[w:方]宗[?:李东垣]。\n", "针：[w:关元]、足三里、[w:太白]、[w:梁门]，留[t:{n:20-30}分钟]，温和灸。\n", "上次的药吃了，胀减[l:一半]，[w:白天]有精神。\n", "邻居{anyone}介绍来的，路远，要求多开几付。\n", "忌[w:江米]、黏糕、[w:石榴]、凉啤酒。\n", "平素急脾气，[w:常为]孙子上学的事和儿媳拌嘴。\n",
    ),
    "herb_recipe": ("处方：[h:党参]15 [h:白术]12 [h:茯苓]12 [h:陈皮]9 [h:木香]6 [h:砂仁]6后下 [h:高良姜]6 [h:乌药]9 [h:炙甘草]6　[t:7付]　水煎服", "方药：[h:黄芪]20g [h:桂枝]9g [h:白芍]18g [h:大枣]5枚 [h:延胡索]10g [h:连翘]9g [h:麦芽]15g，[t:十付]，代煎。", "[h:柴胡]10 [h:枳壳]10 [h:佛手]9 [h:香附]9 [h:郁金]9 [h:石菖蒲]6 [h:夜交藤]20　[t:5剂]"),
    "herb_end": ("\n医师 {dr0}　　调剂 {dr3}", "\n{dr0}　下次{md:6..15}", "\n快递到付：{address}，{phone}　　医师：{dr0}"),
    "drip_page": ("{hospital}肿瘤日间病房　{date}\n{name}　{sex}　{age}岁　{mrn}　第{n:2-8}周期\n",),
    "drip_lines": (
        "诊断：乙状结肠癌术后[s:ⅢB期]，主诊{dr0}。\n", "手术{month:-300..-100}在{other_hospital}，[e:杜克斯][s:C期]。\n", "上次化疗后恶心[t:3天]，能吃粥，没吐；手指遇凉发麻[t:一周]。\n", "今日[l:WBC {n:3-8}.{n:0-9}]，[l:PLT {n:90-280}]，转氨酶不高，可以用药。\n", "PICC右上臂，外露[l:{n:2-8}cm]，{dr3}换膜，[w:周围]无红。\n", "[d:乐沙定][l:{n:120-200}mg]，[d:希罗达]带回，[d:欧贝]提前推注。\n", "[t:两小时]滴完，无喉部不适，[l:BP {n:100-140}/{n:60-85}]。\n", "[s:ECOG {n:0-2}分]，体重[l:{n:48-80}kg]，较上次持平。\n", "戴手套，不碰铁器冷水；口含[w:温水]。\n", "试验药编号{other}，研究护士{staffer}回收空盒。\n", "复查CT约{md:8..16}，结果发{daughter}手机{kin_phone}。\n", "家在{place}，当天往返，{mate}陪。\n", "心态平和，[w:容易]累，能做家务。\n",
    ),
    "drip_end": ("下次：{date:20..22}　　护士：{dr3}　医师：{dr0}", "发热过[l:38.5℃]打{ext}。　{dr3}", "{dr2}／{dr0}　{date}"),
    "sleep_page": ("{hospital}麻醉科　　术前访视单\n{name}　{sex}　{age}岁　{ward}{bed}　拟{date:1}手术\n", "麻醉门诊　{date}　{name}　{sex}　{age}岁　卡号{visit}\n"),
    "sleep_lines": (
        "拟行：右肩关节镜，术者{dr1}。\n", "既往麻醉：{year:-4000..-900}在{other_hospital}，醒得慢，没发烧。\n", "张口[l:三指]，颈活动可，门牙一颗松，[e:马兰帕蒂][s:{n:1-3}级]。\n", "能上三层楼，不喘。[s:METs 4]，[e:改良伯格]量表[s:{n:1-4}分]。\n", "打鼾重，[s:STOP-Bang {n:1-6}分]，家里没有呼吸机。\n", "心电图：窦律，预激综合征已射频，此后没犯。\n", "吃[d:倍他乐克]，早晨照吃；[d:阿卡波糖]停。\n", "[t:术前8小时]禁食、[t:2小时]禁水。\n", "说明神经阻滞、喉痛、牙伤、知晓、转ICU的可能，表示[w:明白]。\n", "表兄{anyone}做手术“差点没醒”，细节不详。\n", "化验看过，凝血、血糖可以。胸片不用再拍。\n", "建议：[s:ASA {n:2-3}级]，插管全麻加肌间沟阻滞，备镇痛泵。\n",
    ),
    "sleep_end": ("访视医师：{dr3}　　患者签字：{name}", "{dr3}　{date} {time}", "访视 {dr3}　指导 {dr0}"),
    "mind_page": ("{hospital}心理门诊　{date}　第{n:2-9}次\n来访者：{name}　{sex}　{age}岁\n", "睡眠障碍门诊记录\n{name}，{age}岁，{job}，{date}\n"),
    "mind_lines": (
        "准时到，衣着整洁，开始低头，[t:十来分钟]后能看着我说话。\n", "[t:近{n:2-8}个月]睡不着，躺下就想{firm}的事，早上心慌。\n", "“我和{spouse}话少，说两句就吵，[w:干脆]分屋睡。”\n", "母亲{mother}早年得过抑郁，在{place}住过院。\n", "[w:平常]爱钓鱼，现在杆子落灰了。\n", "量表：[s:PHQ-9 {n:6-22}分]，[s:GAD-7 {n:5-18}分]，[e:匹兹堡][s:{n:8-18}分]。\n", "无轻生打算，无幻听，言语有条理。\n", "[d:来士普][l:10mg]吃了[t:三周]，口干，能忍；[d:思诺思]偶用。\n", "练习腹式呼吸，布置睡眠日记。\n", "同学{anyone}约他去爬山，答应试试。\n", "[w:易怒]比上次少，摔东西[l:一次]。\n", "签了危机联系人，{brother}，{kin_phone}。\n", "不想让单位知道，发票抬头不写科室。\n",
    ),
    "mind_end": ("咨询师 {dr0}　　督导 {dr1}", "下次 {date:7..14}　{dr0}", "医生：{dr0}（{hospital}）"),
    "last_page": ("死亡记录　　{hospital}\n{name}　{sex}　{age}岁　{mrn}　入院{date:-6..-2}　死亡{date} {time}\n", "死亡病例讨论　{date:3..6}　{ward}\n病例：{name}，{age}岁　主持：{dr0}　记录：{dr4}\n"),
    "last_lines": (
        "住在{station}，早饭时被发现叫不醒，口唇灰白，120送来。\n", "近来吃得少，摔过几次，都没拍片。\n", "头CT：右侧大量出血，中线移位[l:{n:8-18}mm]，[p:神经外科]{dr1}看后不主张手术。\n", "[s:GCS {n:3-6}分]，[e:陈-施]呼吸，右瞳散大，[e:库欣]反应明显。\n", "与{son}、{daughter}谈了两次，二人商量后放弃插管，签字。\n", "“老人生前说过，不受那个罪。”（{son}）\n", "{time}心率慢，[d:阿托品]未用，家属守在床边。\n", "{time}呼吸心跳停，心电图一条线，{dr2}宣布。\n", "尸检：家属不同意。遗物：手表、老年卡，{daughter}签收。\n", "{dr1}：出血这么快，抗凝药是不是没停？{dr2}：查了，[d:拜瑞妥]吃到前一天。\n", "{dr0:s}主任：[w:平车]转运时间长，以后院前要先打电话。\n", "家属去{place}办手续，证明编号{other}。\n",
    ),
    "last_end": ("医师：{dr2}　　上级：{dr0}", "记录 {dr4}　审阅 {dr0}", "整理：{dr2}／{dr4}"),
    "check_page": ("{hospital}健康管理中心　　体检总检报告\n{name}　{sex}　{age}岁　单位：{firm}　体检号{image}\n日期：{date}\n",),
    "check_lines": (
        "身高[l:{n:155-174}cm]，体重[l:{n:50-95}kg]，腰围[l:{n:70-105}cm]，[l:BP {n:105-150}/{n:65-95}]。\n", "眼科：双眼视力[l:{n:4-5}.{n:0-9}]，眼底[e:凯-韦][s:Ⅰ级]，眼压正常。\n", "耳鼻喉：鼻中隔偏曲，左耳[e:林纳]试验阳性。\n", "口腔：阻生齿，建议拔。\n", "颈动脉[l:内膜{n:0-1}.{n:6-9}mm]，斑块一枚。\n", "血脂：[l:LDL {n:2-5}.{n:1-9}]，[l:TG {n:1-4}.{n:1-9}]；尿酸[l:{n:280-560}]，[w:单项]偏高。\n", "幽门螺杆菌呼气[l:DOB {n:1-40}]。\n", "肝：轻度脂肪浸润。胆、胰、脾、肾未见异常。\n", "胸片：主动脉结突出。去年（{date:-400..-340}）同。\n", "心电图：[e:布鲁加达]样改变？请[p:心内科]{dr1:s}主任看。\n", "骨密度：[s:T值-{n:1-2}.{n:0-9}]，晒太阳，[d:钙尔奇]。\n", "重要结果已短信{phone}，本人回复“收到”。\n", "建议：减重，少酒，[t:三个月]后复查血脂，不适随诊。\n",
    ),
    "check_end": ("总检医师：{dr0}　　终审：{dr1}", "主检 {dr0}　{date:2..4}", "报告查询：{url}　客服{staffer}{ext}"),
}  # fmt: skip
