"""Chinese style "held": papers round the bed and outside it, of a region in the south; the style that nobody tunes on.

Written after the tagger's rules and corpus were done, without sight of them. The sentences of a pool stand in
the order in which a paper tells them, so that any choice of them reads as one paper.
"""

DOCUMENTS = (
    ("hotline_page", "hotline_talk*8-11", "hotline_end"),
    ("convoy_page", "convoy_lines*7-10", "convoy_end"),
    ("regain_page", "regain_body*7-10", "regain_end"),
    ("tongue_page", "tongue_days*6-9", "tongue_end"),
    ("trace_page", "trace_who*4-6", "trace_path*6-9", "trace_end"),
    ("mishap_page", "mishap_lines*7-10", "mishap_end"),
    ("gripe_page", "gripe_lines*7-10", "gripe_end"),
    ("birth_page", "birth_lines*8-11", "birth_end"),
    ("filter_page", "filter_lines*8-11", "filter_end"),
    ("dust_page", "dust_who*4-6", "dust_lines*6-9", "dust_end"),
    ("grade_page", "grade_who*4-7", "grade_lines*5-8", "grade_end"),
    ("trial_page", "trial_lines*8-11", "trial_end"),
    ("copy_page", "copy_lines*7-10", "copy_end"),
    ("ticket_page", "ticket_lines*7-10", "ticket_end"),
    ("tooth_page", "tooth_lines*7-10", "tooth_end"),
    ("jab_page", "jab_who*4-6", "jab_lines*6-9", "jab_end"),
    ("plea_page", "plea_lines*7-10", "plea_end"),
    ("thanks_page", "thanks_lines*6-9", "thanks_end"),
    ("crew_page", "crew_lines*9-12"),
    ("sms_page", "sms_lines*6-9"),
    ("alarm_page", "alarm_rows*7-10", "alarm_end"),
    ("slate_page", "slate_rows*7-10", "slate_end"),
    ("diet_page", "diet_lines*8-11", "diet_end"),
    ("cradle_page", "cradle_who*3-5", "cradle_lines*7-10", "cradle_end"),
    ("frank_page", "frank_lines*8-11", "frank_end"),
    ("policy_page", "policy_lines*8-11", "policy_end"),
    ("beam_page", "beam_lines*8-11", "beam_end"),
)  # fmt: skip
# Papers of women alone.
WOMEN = ("birth_page", "cradle_page")
# Ages of the patient where a paper is that of the young, the grown or the old; elsewhere 18 to 89.
AGES = {
    "regain_page": (50, 89),
    "tongue_page": (50, 89),
    "birth_page": (22, 39),
    "cradle_page": (22, 39),
    "dust_page": (46, 78),
    "grade_page": (30, 78),
    "trial_page": (40, 75),
    "tooth_page": (35, 80),
    "jab_page": (3, 9),
    "policy_page": (30, 60),
    "plea_page": (44, 70),
    "thanks_page": (55, 85),
    "hotline_page": (55, 88),
    "filter_page": (40, 85),
    "frank_page": (60, 89),
    "beam_page": (40, 85),
}
POOLS = {
    # a call for an ambulance, as the exchange writes it down
    "hotline_page": ("院前急救指挥中心　呼救受理记录\n工单：{case}　受理：{date} {time}　调度员：{dr4}　来电：{any_phone}\n", "【急救热线】{date} {time}起　席位[?:2]　接线{dr4}　派出{short_hospital}分站\n"),
    "hotline_talk": (
        "调度：急救中心，您在什么位置？来电：{address}，快点！\n", "来电：我屋里老人{name}倒在灶屋里了，叫不应，[w:全身]是汗。\n", "调度：多大年纪？来电：{age}岁，一直有[w:高血糖]。\n", "调度：有没有呼吸？手放到[w:胸口]看起伏。来电：有，[t:几秒]一下，打鼾样。\n", "调度：请把人放平，头[w:偏向]一边，[w:别]喂水，别掐[w:人中]。\n", "来电：我哥{brother}在按，他以前在{firm}学过。\n", "调度：车牌{plate}，跟车医生{dr0}，[t:{n:7-16}分钟]到，手机{ext}别占线。\n",
        "来电：路口有棵[w:柏树]，车走到{station}往左，我叫满崽{son}去接。\n", "调度：平时吃什么药？来电：[d:格列美脲]，还有[d:利血平]，今天[w:晚上]没吃饭。\n", "调度：病历在哪家医院？来电：{other_hospital}，找{dr1:s}医生看的。\n", "调度：我这边定位到{place}，对不对？来电：对对，靠[w:河边]。\n", "来电（二次，{time}，{kin_phone}）：又抽了一下，[w:口角]有沫。\n", "调度：已通知{hospital}急诊留床，嘱带身份证和社保卡。\n", "备注：同址另一呼救者为邻居{anyone}，并[w:单]处理。\n",
    ),
    "hotline_end": ("到场{time}　低血糖昏迷，[l:血糖{n:1-2}.{n:0-9}]，推糖后[w:应声]。车组：{dr0}／{dr3}", "结案：送达{hospital}，抢救室{dr2}签收，[w:全程][t:{n:25-60}分钟]。", "回访（{md:1..3}，{dr4}）：{spouse}说人已清醒，表示感谢。"),
    # from one hospital to another by road
    "convoy_page": ("跨院转运交接单\n转出：{other_hospital}　转入：{hospital}　日期：{date}\n病员：{name}　{sex}　{age}岁　原住院号{mrn}\n", "危重转运核查表　（{hospital}急诊医学部）\n{name}，{sex}，{age}岁；押车医师{dr0}，护士{dr3}；车号{plate}\n"),
    "convoy_lines": (
        "出发前：家属{son}、{inlaw}在场，[w:明了]途中风险，{time}离开{place}。\n", "诊断：重症胰腺炎，[e:兰森][s:{n:3-7}项]，[s:APACHE Ⅱ {n:10-26}分]；[w:阳性]体征见原件。\n", "气道：经口插管，[l:距门齿{n:20-24}cm]，气囊压[l:{n:24-30}cmH2O]，[w:石蜡]油已涂。\n", "用药：[d:思他宁][l:{n:3-6}mg/h]，[d:力月西]微泵，泵体编码{serial}。\n", "随车资料：CT光盘（{image}）、化验单[l:{n:6-20}张]、血型卡。\n", "途经{town}服务区，氧瓶换[l:1只]，[w:全程]血压[l:{n:88-130}/{n:50-80}]。\n", "{time}躁动一次，推[d:丙泊酚][l:{n:20-50}mg]，电告{dr1}副主任医师（{any_phone}）。\n", "[e:卡伦]征可疑，腹膜后[w:江水样]渗出未测。\n", "管路：胃管、尿管、右[w:颈内]静脉，[w:双方]核对无脱出。\n", "皮肤：骶部淡红，[s:诺顿{n:8-16}分]，原科室{staffer}已拍照。\n", "贵重：金[w:戒指]一枚交{daughter}（身份证{id}）。\n", "接收：ICU{dr2}，{ward}，[t:{n:10-25}分钟]完成交班。\n", "欠费情况由[g:转出方]结算，票号{invoice}。\n",
    ),
    "convoy_end": ("交出：{dr0}　{dr3}　　接入：{dr2}　　{date} {time}", "原主管{dr1}回访电话：{landline}\n押运签名 {dr0}", "司机 {staffer}　回场里程[l:{n:40-210}公里]"),
    # a stroke unit meets over goals
    "regain_page": ("康复评价会（第{n:1-4}次）　{hospital}　{date}\n患者：{name}　{sex}　{age}岁　{ward}　{bed}　编号{mrn}\n组长：{dr0}　PT：{dr1}　OT：{dr2}　ST：{dr3}　护理：{dr4}\n", "{hospital}　功能评定小结\n{name}（{age}岁，{sex}）　入科{date:-25..-12}　本次{date}\n召集人：{dr0}\n"),
    "regain_body": (
        "病因：{month:-70..-40}脑干出血，先在{other_hospital}保守，[t:{n:12-30}天]后转来。\n", "PT {dr1}：坐位平衡[s:{n:1-3}级]，[s:伯格{n:8-40}分]，[w:向前]重心移动差，患侧踝阵挛(＋)。\n", "{dr1:s}老师补充：[e:布伦斯特伦]上肢[s:Ⅱ期]，手[s:Ⅰ期]；[s:改良阿什沃斯1＋级]。\n", "OT {dr2}：左手能压纸，穿衣借助[l:{n:30-60}%]，[w:毛巾]拧不干；[w:成人]尿裤[t:一天{n:2-5}片]。\n", "ST {dr3}：[w:言语]短，[e:弗伦奇]量表[s:c级]；唇力弱，[w:易]漏[w:米粉]。\n", "护理{dr4}：夜里翻身靠{spouse}，她[t:上周]腰扭了，换{inlaw}来。\n", "家属{son}：老人以前在{firm}当班长，要面子，[w:宁可]不吃也不让喂。\n", "心理{staffer}：抑郁筛查[s:GDS-15 {n:4-12}分]，愿意参加[w:合唱]小组。\n", "药物：[d:巴氯芬][l:{n:10-30}mg]分次，[d:舍曲林]早服；[d:妙纳]停。\n", "目标（[t:四周]）：监护下平地[l:{n:10-40}米]，独立[w:梳洗]；踝足[w:支具]由{anyone}师傅取模。\n", "并发：肩痛[s:VAS {n:2-7}分]，[e:比格利亚尼]分型待片；深静脉超声{md:-6..-2}阴性。\n", "工伤认定在办，{town}人社来函（{other}），联系人{kin}，{kin_phone}。\n", "环境：住[?:四楼]，{address}，[w:单元]门口有[l:{n:3-9}级]台阶，社工约{md:3..9}家访。\n",
    ),
    "regain_end": ("总结 {dr0}：再住[t:{n:2-5}周]，{md:10..20}复评。　记录 {staffer}", "签到：{dr0}、{dr1}、{dr2}、{dr3}、{dr4}；家属：{son}", "下次由{dr2:s}治疗师主持。　{date}"),
    # a therapist's diary
    "tongue_page": ("言语吞咽治疗日志　　治疗师：{dr0}　　对象：{name}（{bed}）　病历{mrn}\n", "{hospital}　ST记录本　{name}　{sex}　{age}岁　主管{dr1}　家属电话{kin_phone}\n"),
    "tongue_days": (
        "{md:-14}　首评。能点头，呼名“{name:g}”有反应，[s:WAB {n:20-60}]；[e:韦尼克]区受累，[w:言多]而空。{dr0}\n", "{md:-12}　看图：[w:雷达]说成[w:雨伞]，[w:熊猫]能认。录音由{daughter}带回家听。\n", "{md:-11}　K点刺激[t:{n:5-12}分钟]，[w:冷]棉签，咽反射迟，[s:藤岛{n:3-6}级]。{dr1:s}主任同意造影。\n", "{md:-9}　造影（{image}，放射{dr2}）：稠液[l:{n:3-10}ml]少量渗漏，[e:罗森贝克][s:{n:2-6}级]。\n", "{md:-8}　[d:凝固粉]加到[w:蜂蜜]样，{spouse}学会[w:侧方]吞咽。\n", "{md:-6}　因[l:38.{n:0-6}℃]停训，{ward}夜班{dr3}说可能[w:着凉]。\n", "{md:-5}　恢复，数[w:一到十]连贯；问家在哪，答“{place}”。\n", "{md:-4}　孙女{anyone}视频，喊出“[w:乖崽]”，全组高兴。\n", "{md:-3}　电刺激[l:{n:5-12}mA]，仪器{serial}，皮肤无红。实习生{staffer}操作，{dr0:s}老师在旁。\n", "{md:-2}　家长会：{son}问能否去{short_hospital}做磁刺激，答需[t:{n:2-3}周]后。\n", "{md:-1}　能自报电话{phone}，错[l:1位]；[s:BDAE {n:2-4}级]。\n", "{date}　换软食：[w:蒸蛋]、[w:肉末]、[w:豆花]，[t:{n:20-40}分钟]吃完，无呛。\n",
    ),
    "tongue_end": ("阶段结束，训练册寄{address}。{dr0}", "交接给{dr3}，{md:1..3}起。　{dr0}", "督导：{dr1}　　治疗：{dr0}　　{date}"),
    # contact tracing
    "trace_page": ("传染病个案流行病学调查　编码{case}\n报告单位：{hospital}　报告人：{dr0}　调查：{dr3}、{dr4}　{date}\n", "疑似聚集性疫情初步核实　（{station}　{date}）\n首发个案：{name}，{sex}，{age}岁\n"),
    "trace_who": ("一、基本：{name}，{sex}，{nation}，{born}生\n", "公民身份号：{id}　　手机：{phone}\n", "常住：{address}\n", "户籍：{province}{home}，[t:{n:2-9}年前]迁来\n", "职业：{job}；工作点：{firm}\n", "同住：{spouse}（配偶）、{son}、{inlaw}、岳母{old}岁\n", "境外旅居：[?:越南]，护照{passport}，{date:-20..-15}返\n", "监护人微信：{wechat}\n"),
    "trace_path": (
        "二、经过：{md:-9}自觉[w:全身]痛、畏寒，[l:T 39.{n:0-9}℃]，自购[d:连花清瘟]。\n", "{md:-8} {time}骑[w:单车]到[g:街边诊所]输液，坐诊者姓名不详，[t:约{n:40-90}分钟]。\n", "{md:-7} 乘{anyone}的车（{plate}）去{place}喝喜酒，[w:同桌][l:{n:7-10}人]。\n", "{md:-6} {short_hospital}发热门诊，医生{dr1}接诊，[e:外斐]反应[l:1:{n:80-320}]，采血[l:2管]。\n", "{md:-5} 白天在{firm}食堂，[w:邻座]工友{anyone}（{any_phone}）咳嗽。\n", "{md:-4} 家中，母鸡死[l:{n:2-6}只]，由叔父{uncle}[w:掩埋]。\n", "{md:-3} {time}拨急救电话，转{other_hospital}隔离室，标本{other}送检。\n", "{md:-2} 结果：恙虫病抗体阳性，[w:阴性]对照成立；[w:焦痂]位于左[w:腋下][l:{n:4-10}mm]。\n", "密切接触判定[l:{n:3-18}人]，名单由网格员{staffer}掌握，QQ群{qq}。\n", "环境：屋后[w:草丛]、[w:谷堆]，[w:雷雨]后积水，[t:{n:10-30}日]内消杀[l:{n:2-4}次]。\n", "用药：[d:强力霉素][l:0.1g bid]，退热[t:{n:20-40}小时]内。\n", "疫苗：[w:首剂]时间不详，[w:资料]未带，[w:凭]口述。\n", "复核电话{time}打给{kin}，其称{name:s}某[w:向来]体健，仅{year:-4000..-2000}住过{other_hospital}。\n",
    ),
    "trace_end": ("调查者：{dr3}　审核：{dr0}　上报{time}", "初步结论：散发。{station}　{dr4}　{date}", "三、签名 被调查人 {name}　调查人 {dr3}、{dr4}"),
    # a report of what went wrong on a ward
    "mishap_page": ("护理安全（不良）事件上报　编号{case}\n科室：{ward}　上报人：{dr3}　发生：{date} {time}　当事人：{name}，{bed}，{mrn}\n", "{hospital}　给药差错分析　{date}\n主持：[?:护士长]{dr0}　到会：{dr3}、{dr4}、{staffer}\n涉及：{name}　{sex}　{age}岁\n"),
    "mishap_lines": (
        "事由：治疗班{dr4}将{anyone}的[d:头孢他啶]误挂给{name}，滴入[l:约{n:5-40}ml]时由家属{daughter}发现。\n", "两人床位相邻，[w:同姓]，腕带未扫；扫码枪{serial}没电。\n", "即刻停药换管，{time}报值班{dr1}医师；[l:BP {n:100-140}/{n:60-88}]，无[w:皮疹]。\n", "[d:地塞米松][l:5mg]入壶，观察[t:{n:2-6}小时]，{dr1:s}医生三次床旁看。\n", "患者原有青光眼，[d:阿托品]类慎，[w:余]无过敏。\n", "另：{md:-3..-1}该室病人{anyone}从[w:坐便]滑下，[e:莫氏]评分[s:{n:40-75}分]，[w:毛衣]湿，未伤。\n", "约谈：{dr4}工龄[t:{n:1-3}年]，连上[t:{n:2-4}个]夜班，事后[w:言语]自责。\n", "家属情绪：女婿{sonlaw}要求书面说明，{time}由{dr0}接待，[w:首肯]继续住院。\n", "鱼骨图：人—经验少；机—[w:枪]旧；法—[w:双人]核对流于形式；环—[w:灯]暗。\n", "改进：腕带换[w:荧光]，{staffer}负责每周抽[l:{n:10-30}份]，[t:三个月]后看。\n", "上级[p:护理部]{dr2}批示：非惩罚，{md:2..8}全院讲一次。\n", "分级：[s:Ⅲ级]；伤害[s:SAC {n:2-4}]；同类[t:半年内]第{n:2-4}起。\n", "随访：{md:1..2}病人{name}转{short_hospital}，走前握手言[w:和]。\n",
    ),
    "mishap_end": ("填报：{dr3}　科室：{dr0}　质控：{dr2}　{date:1}", "整改落实人 {dr4}　督查 {dr2}", "附：监控截图已存，查阅找保卫{staffer}（{ext}）"),
    # a complaint
    "gripe_page": ("来访（电）投诉登记　{hospital}　{date} {time}\n反映人：{kin}　与病人关系：[?:外甥]　电话：{kin_phone}　病人：{name}（{mrn}）\n", "医患办　接待笔录　　接待：{dr4}　　地点：[?:行政楼201]　　{date}\n来访：{daughter}、{sonlaw}　　涉及科室：{ward}\n"),
    "gripe_lines": (
        "反映一：{date:-20..-10}亲戚{name}做肠镜，约{time}，等到[?:下午四点]，[w:全家]没吃饭。\n", "反映二：{dr1}医生说话冲，“[w:明天]再来”，片子看都没看。\n", "反映三：检查单写成“{anyone}”，[t:二十多天]后才改。\n", "反映四：[d:和爽]喝完吐，护士{dr3}只拿来[w:毛毯]。\n", "向{dr1:s}医生核实：当日[l:{n:60-110}个]号，中途去抢救，确实[w:急躁]，愿道歉。\n", "护士{dr3}：记得这位病人，从{place}来，陪的是儿子{son}，测过[l:P {n:90-120}]。\n", "调监控（[?:南门]三号探头，地址{ip}），{time}至{time}，与陈述[w:大体]一致。\n", "查病历：息肉[l:{n:4-12}mm]，病理{image}，[e:维也纳]分类[s:3类]，[w:成文]无误。\n", "病人去年在{other_hospital}切过一次，由{dr2:s}教授主刀，[w:资料]已借。\n", "诉求：退挂号费[l:{n:20-60}元]，[w:公开]道歉，免费复查。\n", "答复：退至原卡{bank}；复查由{dr2}负责，{md:5..15}来。\n", "来访人离开时留下邮箱{email}，并说[w:单凭]口头不行。\n", "来访人情绪[w:平复]，饮[w:温开水]一杯，{time}离院。\n", "另有匿名信提到{staffer}收[w:红包]，信封邮戳{town}，已转纪检。\n",
    ),
    "gripe_end": ("反映人签名：{kin}　接待：{dr4}　{date}", "办结{date:7..15}：双方签和解书，{dr0}主任在场。", "回访{md:8..12}：电话{kin_phone}，{daughter}说满意。{dr4}"),
    # a birth
    "birth_page": ("产房　产程观察与新生儿交接\n产妇：{name}　{age}岁　{bed}　住院号{mrn}　门诊卡{visit}\n丈夫：{spouse}　{kin_phone}　{hospital}　{date}\n", "{hospital}　分娩登记\n{name}　{age}岁　住{address}　证件{id}　{date} {time}\n"),
    "birth_lines": (
        "末次月经{date:-285..-275}，G{n:1-4}P{n:0-2}，产检在{station}，册号{other}。\n", "{time}宫口[l:{n:2-4}cm]，[e:毕晓普][s:{n:6-11}分]，导乐{staffer}陪。\n", "{time}破膜，羊水清，胎心[l:{n:120-160}次]；CTG[s:Ⅰ类]，[w:全程]监护。\n", "{time}要求镇痛，麻醉{dr3}穿刺，[l:L{n:2-3}]间隙，[d:耐乐品]起量。\n", "{time}开全，[e:勒奥波德]四步触：[w:枕左]前，{dr0}到场。\n", "{time}娩一[w:男婴]，[l:{n:2600-4100}g]，身长[l:{n:47-52}cm]，[s:阿普加{n:8-9}-10-10]，助产{dr4}。\n", "脐带绕颈[l:一周]，胎盘完整，出血[l:{n:150-480}ml]，会阴[s:Ⅰ度]，[d:欣母沛]未用。\n", "双腕带：“{name}之子”，双人念对：{dr4}／{staffer}。\n", "早接触[t:{n:30-90}分钟]，[w:成功]含接；外婆{granny}在门外，祖父{old}岁由{kin}扶来。\n", "出生医学证明由{spouse}办，拟名{son}，编号{licence}。\n", "胎膜早破史：{year:-1800..-700}在{other_hospital}引产过一次，[w:原因]不详。\n", "[d:乙肝疫苗]首针{time}，批号{serial}，右臂；[d:维生素K1][l:1mg]。\n", "产后[t:2小时]宫底脐下[l:{n:1-2}指]，自解小便，[w:甘蔗]水半杯。\n", "送回{ward}，交{dr2}，带去婴儿车与[w:红糖]一罐。\n", "产妇微信{wechat}已入母乳群。\n",
    ),
    "birth_end": ("接产：{dr4}　记录：{staffer}　医师：{dr0}", "母婴同室签收 {dr2}　{time}", "交班人 {dr4}→{dr2}　{date}"),
    # haemodialysis
    "filter_page": ("血液净化记录单　{hospital}　{date}　第{n:100-980}次\n{name}　{sex}　{age}岁　透析号{other}　机号{n:1-40}　上机{dr3}\n", "透析室　{date}　上午班　组长{dr0}\n{name}／{mrn}／医保{insurance}\n"),
    "filter_lines": (
        "透前体重[l:{n:45-80}.{n:0-9}kg]，较上次＋[l:{n:1-4}.{n:0-9}]，嫌[w:粥]喝多了。\n", "内瘘：左[w:腕部]，{year:-2500..-600}{other_hospital}{dr1}所建，杂音好，扣眼法。\n", "透析器{serial}，抗凝[d:速碧林][l:{n:3000-5000}IU]，血流[l:{n:200-280}]，[l:Na {n:135-142}]。\n", "{time} [l:BP {n:95-160}/{n:55-90}]，[w:胸闷]一过，调[w:温度][l:36℃]。\n", "{time} 隔壁机{anyone}发冷，与本例无关；两人常一起从{place}拼车（{plate}）。\n", "{time} 右腿抽[w:筋]，推[d:高糖][l:40ml]，{dr3}揉[t:{n:3-8}分钟]缓解。\n", "月度：[l:Hb {n:80-125}]，[l:P {n:1-2}.{n:1-9}]，[l:Kt/V 1.{n:10-50}]，[e:西格马]指数不用算。\n", "{dr0:s}主任查房：磷高，少吃[w:腊味]，[d:福斯利诺]嚼碎；干体重加[l:0.{n:2-8}]。\n", "下机{time}，超滤[l:{n:1500-3500}ml]，压迫[t:{n:10-20}分钟]，{spouse}接走。\n", "移植登记：配型号{case}，{short_hospital}等候[t:{n:8-40}个月]，亲属{brother}愿捐，ABO[w:相同]。\n", "低保[w:资料]由{daughter}交到{station}，{md:-8..-2}批。\n", "[w:腕管]症状夜里重，拟请[p:手外科]。\n", "节日调班：{md:3..6}那班改到{md:7..9}，已微信{wechat}通知。\n", "路上用的轮椅写着“{name}”，放[w:楼道]左侧。\n",
    ),
    "filter_end": ("下机{dr4}　医师{dr0}", "核对：{dr3}／{dr4}　{date}", "下次{md:2..3}，仍是{dr3:s}护士这组。"),
    # a miner's lungs
    "dust_page": ("职业健康　诊断受理材料摘要\n申请人：{name}　{sex}　{age}岁　用人单位：{firm}　受理：{hospital}　{date}\n", "尘肺病复查登记　{hospital}　{date}\n{name}　{born}　证号{case}\n"),
    "dust_who": ("身份证：{id}　　旧证：{id15}\n", "住址：{address}　　电话：{phone}\n", "单位代码：{uscc}　　联系人：{staffer}，{landline}\n", "工伤保险个人号：{insurance}\n", "代理人：{son}，邮箱{email}\n", "退役证件：{officer}\n", "同案工友：{anyone}、{anyone}\n", "民族：{nation}，[w:初中]文化\n"),
    "dust_lines": (
        "工龄：{month:-12000..-9000}至{month:-3000..-900}在{firm}打风钻，[l:{n:8-22}年]，[w:首年]无口罩。\n", "粉尘测定：石英[l:{n:30-72}%]，原始[w:资料]缺[l:{n:2-6}份]，由{anyone}证言补。\n", "胸片（{image}）：[s:总体密集度2级]，[e:凯普兰]样大影未成形，[w:全肺]区[l:{n:4-6}个]。\n", "读片：{dr0}、{dr1}、{dr2}三人独立，[w:阳性]一致。\n", "肺功能：[l:FVC {n:50-85}%]，[w:向心]性受限；6分钟走[l:{n:220-460}米]。\n", "{year:-1500..-500}在{other_hospital}灌洗右肺，麻醉{dr3}，灌洗液[w:黑浊]。\n", "合并：[e:谢格伦]查过不像；痰涂片（{md:-20..-8}）[l:3次]阴。\n", "用药：[d:汉防己甲素]，[t:吃{n:2-5}个月停一阵]；[d:吉舒]雾化。\n", "用人方代表{staffer}质疑工龄，调到{place}社保[w:清单]后无异议。\n", "本人陈述：“[w:成天]咳，爬两层楼[w:歇]三回。”\n", "既往矿难{month:-6000..-4000}伤及左足，住{short_hospital}[t:{n:20-60}天]。\n", "{mate}{spouse}同患矽肺，卷号{other}，已结。\n",
    ),
    "dust_end": ("诊断：矽肺[s:贰期]。诊断医师：{dr0}、{dr1}、{dr2}　{date}", "如不服，[t:30日]内向{town}市级鉴定组申请。　经办{dr4}", "送达：{son}签收，{date:3..9}"),
    # degrees of disability
    "grade_page": ("残疾评定申请与功能检查　{hospital}　{date}\n{name}　{sex}　{age}岁\n", "劳动能力初次鉴定　病情介绍\n被鉴定人：{name}　委托：{firm}　{date}\n"),
    "grade_who": ("证件：{id}　　籍贯：{province}{home}\n", "寄送：{address}　　邮编{pc}\n", "手机：{phone}　　紧急：{kin}（{kin_phone}）\n", "开户卡：{bank}　　户名：{name}\n", "监护人：{father}　　证件：{permit}（港澳）\n", "台胞证：{taiwan}\n", "旧残疾证：{case}\n", "出生：{born}\n", "收件邮箱：{email}\n"),
    "grade_lines": (
        "受伤：{date:-500..-200} {time}，在{place}工地，[w:石块]坠落砸中腰背，{anyone}背下山。\n", "手术：{other_hospital}，{md:-480..-300}，[e:哈林顿]棒未取，术者{dr3}。\n", "现状：双下肢肌力[s:{n:1-3}级]，[e:弗兰克尔][s:C级]，轮椅，[w:成套]支具。\n", "感觉：[e:布朗-塞卡]样分离不典型，[w:阳关]穴平面以下减退。\n", "小便：自家导尿[t:每{n:4-6}小时]，[w:甘油]润滑，感染[t:一年{n:2-5}回]。\n", "生活：[s:改良Barthel {n:20-70}分]；吃饭靠母亲{mother}，她{old}岁的娘也在。\n", "肌电（{image}，{dr4}）：[w:宁可]信为不全损伤，[l:波幅{n:10-50}%]。\n", "言谈清楚，[w:易]流泪，[s:SDS {n:48-72}分]。\n", "康复{month:-200..-100}在{short_hospital}，[t:{n:30-90}天]，治疗师{staffer}。\n", "辅具：轮椅出厂号{serial}，[w:坐垫]气囊；[d:得适用]晚服。\n", "鉴定录像{other}，上传{url}。\n",
    ),
    "grade_end": ("评定人：{dr0}、{dr1}　复核：{dr2}", "结论：肢体[s:二级]。承办{dr4}，{date:5..15}送达", "专家 {dr0}（执业证{licence}）　{date}"),
    # a trial
    "trial_page": ("临床研究　原始记录　方案{other}　中心：{hospital}\n受试者：{name}（筛选号{case}）　访视V{n:2-8}　{date}\n", "受试者日记卡核查　{date}　研究护士{dr3}\n{name:p}　{sex}　{age}岁　随机号{other}\n"),
    "trial_lines": (
        "知情：{date:-60..-40} {time}由{dr0}（PI）与{dr1}在[w:谈话]间讲，{spouse}旁听，签两份。\n", "窗口：本次应{md:-3..-1}来，[t:延后{n:1-3}天]，因送孙子去{place}。\n", "问诊：皮肤干，[w:首次]腹泻{md:-12..-6}，[s:CTCAE {n:1-2}级]，吃[d:易蒙停][l:{n:2-6}粒]。\n", "合并药：[d:雅施达]、[d:卡博平]；{dr4:s}医生在{other_hospital}开了[d:新福菌素]，已登记。\n", "查：[l:BP {n:110-150}/{n:65-92}]，[l:体重{n:48-80}.{n:0-9}kg]，[e:雷格]比值未做，心电图[l:QTc {n:390-460}ms]。\n", "采血{time}（{dr3}），离心管标{image}，[w:干冰]寄{town}，运单{invoice}。\n", "CT由独立阅片{staffer}判SD，[s:RECIST {n:20-60}mm]，[e:崔氏]标准未用。\n", "回收空板[l:{n:3-9}块]，剩[l:{n:0-6}片]，药瓶{serial}。\n", "交通补贴[l:{n:100-300}元]打到{bank}，{kin}代签。\n", "SAE：{date:-30..-15}因跌倒住{short_hospital}[t:{n:3-6}天]，与药[w:无关]，{time}报组长{dr0}。\n", "问卷：[s:EORTC {n:40-85}分]，第{n:3-9}题念给本人听。\n", "{dr1:s}博士电话（{any_phone}）答复：可继续用药。\n", "更正：{md:-2..-1}误把{anyone}的值抄入，划线签名{dr3}。\n", "下次访视{date:18..24}，短信提醒发{phone}。\n",
    ),
    "trial_end": ("研究者：{dr0}　{date}", "监查员{staffer}{md:4..9}已看。　{dr3}", "记录{dr3}，复核{dr1}"),
    # copies and seals of records
    "copy_page": ("病案复印／封存登记　{hospital}病案科　{date}\n病案号：{mrn}　病人：{name}\n", "{hospital}　病案室交接　{date} {time}\n经手：{dr4}　调阅：{kin}\n"),
    "copy_lines": (
        "申请人：{daughter}，关系：女，证件{id}，电话{kin_phone}。\n", "委托：{name}亲笔，见证{anyone}；律师{staffer}，执业证{licence}。\n", "用途：[w:商业]保险、[w:异地]报销、司法鉴定。\n", "范围：{date:-200..-150}至{date:-140..-120}那次，[l:{n:30-160}页]，不含会诊讨论。\n", "当次主治{dr0}，质控{dr1}，首页写“[e:费尔蒂]综合征”。\n", "缺项：{md:-130..-125}输血同意书没签，{dr1:s}医师补说明。\n", "旧名“{anyone}”系上户时误写，有{town}派出所[w:证明]。\n", "封存：纸袋骑缝签{kin}、{dr4}，编号{case}，[w:全份]一式两袋，[t:{n:3-6}个月]内不启。\n", "电子版拷到U盘（{serial}），密码另发{email}。\n", "寄：{address}，收{sonlaw}，{any_phone}，快递{invoice}。\n", "借阅：{dr2}因课题借[l:{n:4-30}份]，{date:-90..-60}起，[w:逾期]未还。\n", "同日{other_hospital}来函索[w:资料]，抬头{dr3}教授，回函号{other}。\n", "收费[l:{n:12-90}元]，[w:成像]光盘另计，影像号{image}。\n", "更正：末页把“[d:波依定]”写成“[d:波立维]”，{dr0}已盖章。\n",
    ),
    "copy_end": ("领取人：{daughter}　发件：{dr4}　{date}", "复核 {staffer}　{time}", "窗口{dr4}，问询{landline}"),
    # a ticket to the computer room
    "ticket_page": ("信息科　报修工单{case}　{date} {time}\n报修：{ward}　{dr3}（工号{other}）　分机{ext}　终端{ip}\n", "运维群转工单　来源：{dr2}　受理：{staffer}　{date}\n"),
    "ticket_lines": (
        "现象：给{name}（{mrn}）开[d:美罗培南]时弹出“[w:禁用]”，病人并无过敏。\n", "截图里{bed}{anyone}的皮试[w:阳性]串到了{name}名下。\n", "重启无效，{dr0:s}主任在等，[w:急用]。\n", "条码机{serial}打出的腕带缺“{name:g}”两字，[w:全角]空格所致？\n", "医保上传报错：卡号{insurance}与身份证{id}不符，窗口{dr4}反映。\n", "查：{name}在{station}建过档，手机{any_phone}是旧的，出生写成{born}。\n", "合并主索引：{visit}→{mrn}，由{staffer}操作，{time}完成。\n", "[e:格拉斯哥]评分控件只认[s:{n:3-15}分]，空着不能存，建议[w:首选]为空。\n", "检验回传慢[t:{n:20-90}分钟]，[l:K {n:3-6}.{n:0-9}]出来时人已转{short_hospital}。\n", "远程桌面：{ip}，[w:单次]口令由{dr3}口报。\n", "厂家工程师{anyone}（QQ {qq}）{md:1..3}到，住{place}。\n", "影像调阅链接{url}打不开，检查号{image}。\n", "接口把“[h:石斛]”写成乱码，把“[h:全蝎]”拆成两[w:味]，{dr1}药师反映。\n", "临时办法：[w:手写]单，{dr2}签字后补录。\n",
    ),
    "ticket_end": ("处理完毕，用户{dr3}确认，[t:{n:30-180}分钟]。{staffer}", "转厂家；备份存{ip}。值班{staffer}", "关闭：{date:1}，满意。"),
    # implants of the mouth
    "tooth_page": ("口腔种植　就诊记录　{hospital}　{date}\n{name}　{sex}　{age}岁　卡{visit}　介绍人：{anyone}\n", "牙科复诊　{date} {time}　{name}　{phone}\n医生{dr0}　护士{dr3}\n"),
    "tooth_lines": (
        "主因：左下大牙掉[t:{n:1-5}年]，嚼[w:炒豆]不行，在[g:镇上牙铺]镶过活动的。\n", "全身：支架术后（{other_hospital}，{month:-800..-300}，{dr4}），吃[d:泰嘉]，不停。\n", "查：36缺失，骨宽[l:{n:5-8}mm]，[e:米勒][s:Ⅱ类]退缩；对殆伸长。\n", "CBCT（{image}）：下牙槽管距[l:{n:9-15}mm]，[e:莱克霍姆]骨质[s:{n:2-3}类]，技师{staffer}。\n", "方案两套，本人选进口体，{spouse}付[w:定金]，票{invoice}。\n", "{md:-90..-70}植入，扭矩[l:{n:25-45}N]，植体序列{serial}，[w:成形]基台。\n", "术中[d:必兰麻][l:1.7ml]；[w:首夜]肿，冰敷，[d:希刻劳][t:3天]。\n", "{date:-10..-5}取模，义齿厂在{town}，加工单{other}，联系{anyone}。\n", "今日戴牙，咬合纸[l:{n:20-60}μm]，[w:颜色]A3，[w:邻牙]接触紧。\n", "牙周：[e:佩吉]指数[s:{n:1-3}]，洁治，用[w:单束]刷；烟[l:{n:5-20}支]未戒。\n", "女儿{daughter}也约{md:5..12}正畸，由{dr1:s}医生看，[e:安格尔][s:Ⅱ类]。\n", "发票寄{firm}工会，抬头税号{uscc}。\n", "回访微信{wechat}，每[t:{n:3-6}月]一次。\n",
    ),
    "tooth_end": ("{dr0}　{date}", "下次{md:80..100}　护士{dr3}", "医师{dr0}／技工对接{staffer}"),
    # after a vaccine
    "jab_page": ("疑似接种后反应　个案表{case}　{station}　{date}\n受种者：{name}　{sex}　{age}岁\n", "预防接种　留观处置　{date} {time}\n{name}（接种证{other}）　家长{mother}　{phone}\n"),
    "jab_who": ("出生：{born}　　证件：{id}\n", "母：{mother}　{kin_phone}　　父：{father}\n", "现址：{address}\n", "就读：{firm}附属幼儿班，老师{staffer}\n", "出生医院：{other_hospital}\n", "民族：{nation}　　户籍：{home}\n", "奶奶{granny}带，家访由{dr4}\n"),
    "jab_lines": (
        "接种：{date} {time}，[d:百白破]第{n:2-4}剂，批号{serial}，左上臂，接种员{dr3}。\n", "[t:{n:5-20}分钟]后面白，[w:全身]软，放平，[l:P {n:90-140}]，[w:口唇]不紫。\n", "{dr0}医生到，[d:肾上腺素][l:0.{n:1-2}ml]备而未打，[w:温毛巾]敷。\n", "{md:-1..0}夜[l:38.{n:0-9}℃]，局部红[l:{n:15-40}mm]，给[d:泰诺林]。\n", "同批接种[l:{n:12-40}人]，另{anyone}低热，[w:余下]无事。\n", "既往：[e:川崎]样发疹没有过；{year:-700..-300}在{short_hospital}看过[w:湿疹]。\n", "{mother:s}女士说路上空腹，晕车，从{place}骑[w:摩托]来。\n", "转{hospital}儿科，{dr1}看：考虑[w:晕针]，查血[l:WBC {n:5-12}.{n:0-9}]。\n", "专家组{dr2}、{staffer}{md:5..10}会诊，[s:关联度：{n:1-3}类]。\n", "冷链：冰箱{serial}，[l:{n:2-8}℃]，[w:全月]无断电。\n", "家长{father}问补偿，告知电话{landline}。\n", "随访{md:2..4}：上学，能吃[w:米豆腐]。{dr4}\n",
    ),
    "jab_end": ("填表：{dr3}　审核：{dr0}　网报{time}", "监护人 {mother}　医生 {dr0}", "存档：{station}，{dr4}，{date:3}"),
    # asking for money, in the patient's own words
    "plea_page": ("大病救助申请（本人自述）\n申请人：{name}　证件：{id}　电话：{phone}\n", "众筹求助文案（审核稿）　发起人：{daughter}，患者：{name}，{age}岁\n"),
    "plea_lines": (
        "我叫{name}，今年{age}岁，家住{address}，是[w:低保]户。\n", "{month:-400..-210}我在{firm}上夜班时晕倒，工友{anyone}把我送到{short_hospital}。\n", "医生讲是白血病，要去大医院，[w:全家]哭成一团。\n", "{date:-200..-120}住进{other_hospital}，管床的{dr1:s}医生和{dr3}护士待我像亲人。\n", "化疗[l:{n:3-6}次]，[d:阿糖胞苷]、[d:伊马替尼]，一盒[l:{n:800-3900}元]。\n", "{mate}{spouse}在工地扎钢筋，[w:成年]不敢歇；婆婆{old}岁，[w:双眼]看不见。\n", "崽{son}读[w:初三]，成绩好，班主任{staffer}也捐了款。\n", "配型配上了我妹{sister}，她在[?:马来西亚]打工，护照{passport}，请假回来。\n", "移植定金[l:{n:10-30}万]，借了舅舅{uncle}和村里{anyone}的。\n", "收款：{bank}，户名{spouse}；[w:凭证]拍照在{url}。\n", "核实：村主任{kin}，{kin_phone}；{station}公章见附件。\n", "医生{dr0}出了证明（编号{other}），[e:奥尔]小体[w:阳性]，[s:高危]。\n", "[w:首先]谢谢好心人，[w:向]大家鞠躬，[w:平安]是福。\n", "微信{wechat}，也可以找我女婿{sonlaw}。\n",
    ),
    "plea_end": ("申请人：{name}（手印）　{date}", "审核：{dr4}　初审通过　{date:2..5}", "代笔：{daughter}　{home}　{date}"),
    # letters of thanks
    "thanks_page": ("感谢信\n{hospital}领导：\n", "致{ward}全体医护的一封信\n"),
    "thanks_lines": (
        "我是{bed}病人{name}的女儿{daughter}，{md:-20..-5}出的院。\n", "那天我家老人从{place}山上摔下来，[w:毛竹]扎进腿里，[w:全身]是血。\n", "{dr0}主任连夜从家里赶来，鞋都穿反了，手术做了[t:{n:4-9}个钟头]。\n", "{dr1}医生脾气急，可是[w:言出]必行，每天[?:六点半]就到床边。\n", "护士{dr3}妹子，[t:才来{n:1-3}年]，剪指甲、喂[w:甜酒]冲蛋，比我这做女的强。\n", "还有推车的[?:小]{staffer:s}师傅，扫地的{anyone:s}[?:阿姨]，都好。\n", "我妈{mother}讲，{dr0:s}主任像她[w:亲老弟]。\n", "隔壁床{anyone}大哥也让我带句话：他脚能[w:点地]了。\n", "中间转去{short_hospital}做高压氧[l:{n:8-20}次]，又接回来，没耽误。\n", "钱不够那几天，{dr2}[?:护士长]先帮领了[d:白蛋白]，[w:首付]缓了[t:{n:3-7}天]。\n", "锦旗寄到总务科{staffer}，回信地址：{address}。\n", "爷爷{old}岁了，[w:成日]念“好医生”，问[e:克氏]针几时取。\n", "现在能走[l:{n:50-400}米]，吃[d:盖三淳]，[s:疼痛{n:1-3}分]，[w:宁静]多了。\n",
    ),
    "thanks_end": ("家属：{daughter}、{son}\n{date}", "病人{name}及全家敬上　{md}\n电话{phone}", "（来信登记{other}，党办{dr4}阅，复印送{dr0}）"),
    # colleagues among themselves
    "crew_page": ("“{short_hospital}—{ward}联络群”导出　{date}\n", "工作群记录（{hospital}普外二组）　{md}\n"),
    "crew_lines": (
        "{dr1}：{bed}{anyone:s}大姐引流[w:全红]，谁在？\n", "{dr2}：我在台上，[?:小]{dr3:s}先去压着。\n", "{dr0}：{name}的CT传一下，{image}。\n", "{dr2}：@{dr0} 主任，胰头那块又大了[l:{n:2-8}mm]，[e:库瓦西耶]征有了。\n", "{dr4}：医保催{name}的[w:首页]，编码写[e:奥迪]括约肌那个，住院号{mrn}。\n", "{dr1}：外请{staffer}教授{md:1..4}来，[w:高铁]票谁订？身份证发你了 {id}\n", "{dr3}：语音转文字：我刚给{kin}打过电话{kin_phone}，她说要等她老弟从{place}回来再签字。\n", "{dr0}：{kin:s}家那边客气点，[w:易]误会。\n", "{dr4}：夜班{dr2}换{dr1}，[w:单]周起。\n", "{dr2}：{bed}想转{other_hospital}，那边{staffer}回[w:明确]没床。\n", "{dr1}：[d:思美泰]没货了，换[d:天晴甘美]，[l:ALT {n:80-400}]。\n", "{dr3}：谁的饭卡，背面写“{anyone:g}”，放[w:护士]站了。\n", "{dr4}：[s:Child B]，[s:ECOG {n:1-2}]，[t:三天内]报多学科。\n", "{dr0}：晚上我回{town}，手机{any_phone}，急事打这个，[w:别]发微信。\n", "{dr2}：收到。[w:石膏]间灯坏了，已报{staffer}（{ext}）。\n", "{dr1}：[?:老]{anyone:s}明天出院，让他儿子{anyone}[?:九点]来。\n",
    ),
    # machines write to patients
    "sms_page": ("短信平台发送明细　{hospital}　{date}\n", "公众号消息推送记录（{date}）\n"),
    "sms_lines": (
        "[{time}→{phone}] {name}您好，您预约的{dr0}主任号源已锁定，{date:1..6}，取号密码{other}。\n", "[{time}→{phone}] 尊敬的{name:s}女士/先生：胃肠镜前[t:{n:6-8}小时]禁食，[d:舒泰清]{md:1..3}晚服。\n", "[{time}→{kin_phone}] {kin}家长：{anyone}小朋友的[l:血铅{n:20-90}μg/L]结果已出，请到[g:就近社区]复查。\n", "[{time}→{any_phone}] 【{short_hospital}】{anyone}：您的片子{image}已上传，{url}，[t:{n:15-90}天]有效。\n", "[{time}→{phone}] 缴费成功：{name}，住院号{mrn}，[l:{n:500-9000}元]，尾号[?:3021]卡，流水{invoice}。\n", "[{time}→{kin_phone}] {bed}{name}家属：今日{time}由{dr1}谈话，请带证件。\n", "[{time}→{any_phone}] {anyone}您好，[w:首针][d:智飞龙科马]已过[t:两月]，请到{station}打[w:加强]针。\n", "[{time}→{phone}] 体检中心：{name}先生/女士，[e:福氏]指数偏高，[w:全套]报告见{url}。\n", "[{time}→{any_phone}] 血站：{anyone}，您{date:-40..-10}献的[l:400ml]已用于{other_hospital}一名患者，[w:向]您致敬。\n", "[{time}→{phone}] 家庭医生{dr3}提醒：[d:安博诺]该续了，地址{address}，[w:明日]送。\n", "[{time}→{any_phone}] 退号通知：{dr2:s}医生{md:1..3}停诊，可改挂{dr4}，[w:单号]优先。\n", "[{time}→{phone}] 满意度：您对{ward}护士{staffer}的服务满意吗？[s:回复1–5分]\n", "[{time}→{any_phone}] 停车提醒：{plate}，您已停[t:{n:2-9}小时]，[w:成功]扣费[l:{n:5-40}元]。\n",
    ),
    # a book of alarms, many patients
    "alarm_page": ("检验危急值登记册　{hospital}　{date}　值班：{dr3}、{dr4}\n时间｜病人｜号码｜项目｜通知｜接听\n", "电话报告本　{ward}　第{n:3-90}页　{date}\n"),
    "alarm_rows": (
        "{time}｜{anyone}｜{image}｜[l:K {n:6-7}.{n:0-9}]｜{dr3}｜肾内{staffer}，复述无误\n", "{time}｜{anyone}，{bed}｜[l:Glu {n:25-40}.{n:0-9}]｜{dr4}｜{staffer:s}医生，[w:即刻]处理，给[d:优泌林]\n", "{time}｜{name}（门诊）｜{visit}｜[l:PLT {n:3-18}]｜{dr3}｜本人手机{phone}，[w:家在]{place}，答“就来”\n", "{time}｜{anyone}｜血培养[e:鲍曼]不动｜{dr4}｜{staffer}，[d:舒普深]敏感\n", "{time}｜{anyone}｜[l:肌钙{n:2-20}.{n:0-9}]｜{dr3}｜无人接，[t:{n:5-10}分钟]后{staffer}接\n", "{time}｜{anyone}（{station}送）｜[l:Hb {n:28-50}]｜{dr4}｜村医{staffer}，{any_phone}\n", "{time}｜{bed}{anyone}｜[l:PT {n:60-120}秒]｜{dr3}｜[w:全科]查房，{staffer}转告{dr0}\n", "{time}｜{anyone}｜脑脊液见[w:新型]隐球菌，[w:墨汁][w:阳性]｜{dr4}｜{dr1}，[w:首报]\n", "{time}｜{name}复查｜[l:PLT {n:5-25}]｜{dr4}｜{dr2}，收住{ward}，[s:出血Ⅱ级]\n", "{time}｜{anyone}｜溶血，[w:退回]重抽｜{dr3}｜护士{staffer}\n", "{time}｜{anyone}，孕｜[l:Na {n:108-119}]｜{dr4}｜家属{kin}在{town}，{kin_phone}；另告{dr1}\n", "{time}｜{anyone}｜{image}｜胸片张力气胸｜影像{dr2}｜{staffer}，[e:蒙纳尔多]点穿刺\n",
    ),
    "alarm_end": ("小结：{n:7-16}项，漏报0。交{staffer}　{date:1}", "质控{dr0}抽查：[t:{n:3-8}分钟]内通知率[l:{n:95-99}%]", "夜班{dr4}签　晨{dr3}签"),
    # lists of operations and duties
    "slate_page": ("手术排程　{hospital}　{date:1}　制表{dr4}\n", "{ward}值班与术前一览　{date}\n"),
    "slate_rows": (
        "1间　{anyone}　{mrn}　[w:单侧]甲状腺切除　{dr0}／{dr1}　麻醉{staffer}　[d:泰能]备\n", "1间接台　{anyone}　{bed}　[e:米库利奇]整形　{dr0}　器械{staffer}\n", "2间　{name}　{sex}　{age}岁　右髋翻修　{dr1}／{dr2}　假体{serial}，厂家{anyone}跟台\n", "2间接台　{anyone}　[e:巴斯蒂尼]修补　{dr2:s}医生带教{staffer}\n", "3间　{anyone}　孕[t:{n:37-40}周]，[w:双胎]　{dr3}　新生儿科{staffer}到场\n", "日间　{anyone}，{any_phone}　[w:白内]障　外请{other_hospital}{staffer}教授\n", "急诊预留　{short_hospital}转{anyone}，[e:福尼尔]坏疽，[s:ASA {n:3-4}级]\n", "停台：{anyone}，[l:INR {n:2-4}.{n:0-9}]，{dr4}已告家属{kin}\n", "备血：{name}[l:{n:2-4}U]，输血科{staffer}，{time}到\n", "一线{dr2}、二线{dr1}、三线{dr0}（{any_phone}）；[w:双休]同\n", "规培{staffer}、{staffer}；进修{staffer}（来自{place}）\n", "{md:2..3}起{dr3}休，门诊由{dr4:s}代；[w:向]导诊台报备\n", "术前谈话：{bed}{anyone}，{time}，儿子{anyone}到；[s:卡氏{n:60-90}]\n", "带药：[d:舒芬]、[d:罗库]按量，[w:余药]交{staffer}\n",
    ),
    "slate_end": ("审核：{dr0}　{date} {time}", "变更请打{ext}，{dr4}", "麻醉主任{staffer}阅"),
    # food
    "diet_page": ("营养会诊　{hospital}　{date}　申请：{ward}{dr1}\n{name}　{sex}　{age}岁　{bed}　{mrn}\n", "营养门诊　{date}　{name}　{phone}　营养师{dr0}\n"),
    "diet_lines": (
        "缘由：食管癌放疗后吞咽难[t:{n:3-12}周]，轻[l:{n:4-14}kg]，[s:PG-SGA {n:6-18}分]。\n", "身高[l:{n:150-178}cm]，体重[l:{n:36-60}kg]，上臂围[l:{n:18-26}cm]，[l:前白蛋白{n:80-190}]。\n", "[t:24小时]回顾（{spouse}口述）：[w:米汤]、[w:莲藕]粉、蛋[l:1个]，[w:全天]约[l:{n:500-900}kcal]。\n", "之前在{other_hospital}由{dr3}置空肠管，{date:-40..-20}，管号{serial}。\n", "好辣，[w:剁椒]戒不掉，{daughter}偷偷送[w:腊鱼]。\n", "算：[e:米夫林]式[l:{n:1100-1500}kcal]，蛋白[l:{n:55-90}g]，[w:首日]半量。\n", "方：[d:能全力]泵[l:{n:30-80}ml/h]，夜加[d:瑞能]；[w:阳春]面可少许。\n", "风险：再喂养，[l:P 0.{n:4-8}]，先[d:维生素B1]；护士{dr4}记尿。\n", "{job}，单位{firm}，医保{insurance}，奶粉自费。\n", "家里{address}，[w:冰箱]小，教{inlaw}分装。\n", "[e:施他林]法则不谈；握力[l:{n:10-30}kg]，小腿围[l:{n:24-34}cm]。\n", "[h:山药]、[h:莲子]、[h:芡实]煮粥，[w:甘薯]少；[h:石榴皮]不要。\n", "与{dr2:s}药师核对：[d:奥克]不能碾，改[d:耐信]。\n", "微信打卡{wechat}，饮食照每[t:{n:2-3}天]发，{dr0}看。\n", "其父{old}岁亦噎食，家在{place}，有[w:熏肉]习惯。\n",
    ),
    "diet_end": ("营养师：{dr0}　主管：{dr1}　{date}", "复评{md:5..9}　{dr0}", "食堂{staffer}照方，忌口牌挂{bed}。"),
    # the mother and child at home
    "cradle_page": ("产后访视　{station}　{date}\n产妇：{name}　{age}岁　访视员：{dr3}\n", "新生儿家访（第{n:1-3}次）　{date} {time}　{dr3}、{dr4}\n母：{name}　电话{phone}\n"),
    "cradle_who": ("住：{address}\n", "丈夫：{spouse}　{kin_phone}　{firm}\n", "证件：{id}　　母册：{other}\n", "分娩：{hospital}，{date:-14..-7}，住院号{mrn}\n", "婴儿：{son}，[w:剖出]，[l:{n:2500-4000}g]\n", "月嫂：{anyone}，{any_phone}\n"),
    "cradle_lines": (
        "敲门，外婆{granny}开，屋里生[w:炭火]，劝开[w:窗缝]。\n", "恶露[w:淡红]，切口干，[l:T 36.{n:4-9}℃]，[s:EPDS {n:3-16}分]，[w:易哭][t:{n:2-5}天]。\n", "{name:g}说夜里喂[l:{n:4-7}回]，乳头裂，[d:羊脂膏]涂；[w:向]侧躺改。\n", "婴儿黄，[l:TcB {n:7-16}.{n:0-9}]，[e:克莱默][s:{n:2-4}区]，拥抱反射好，[e:莫罗]对称。\n", "脐[w:干]，[w:首次]胎便[t:{n:8-20}小时]，尿[l:{n:6-9}次]。\n", "[e:奥托兰尼]征阴，[e:巴洛]征阴，皮纹匀，约{md:20..30}髋超声（{short_hospital}）。\n", "足底血卡编{case}，采血人{staffer}；甲低可疑，{hospital}{dr0}来电。\n", "大宝{daughter}（[?:三岁]）争宠，爸爸{spouse}带去{place}玩。\n", "家婆要喂[h:黄连]水，{dr3}劝；[d:茵栀黄]停。\n", "太婆{old}岁同屋，咳[t:{n:2-4}周]，叫去查痰。\n", "[w:成串]摇铃吊太低；[w:毛绒]玩具搬走，[w:全棉]包被可。\n", "避孕、[w:盆底]操讲了，书一本，扫码{url}。\n", "户口未上，拟名改{anyone}，父母[w:意见]不一。\n",
    ),
    "cradle_end": ("访视{dr3}　家属{spouse}　{date}", "下访{md:7..14}　{dr4}", "转诊单已开，找{hospital}{dr0}（{landline}）"),
    # talk about the end of treatment
    "frank_page": ("医患沟通谈话　{hospital}　{ward}　{date} {time}\n病人：{name}　{age}岁　{bed}　在场：{dr0}、{dr1}、{dr3}；{son}、{daughter}、{sonlaw}\n", "预立医疗照护计划　面谈实录　{date}\n主谈：{dr0}　记录：{dr3}　病人：{name}（{mrn}）\n"),
    "frank_lines": (
        "{dr0}：今天想跟各位讲讲{name:s}老的病情，[w:资料]都在这里。\n", "{son}：我们从{place}赶来，我[w:单位]只准[t:{n:2-4}天]假。\n", "{dr1}：肿瘤{month:-500..-240}在{other_hospital}开的刀，这回肝上又有[l:{n:3-9}个]，[s:PPS {n:30-50}%]。\n", "{daughter}：那[d:乐伐替尼]还吃不吃？{dr1:s}医生：[w:首先]看肝能不能扛。\n", "{sonlaw}：外面有人讲[d:片仔癀]……{dr0}：不反对，[w:别]当饭吃。\n", "{dr3}：病人昨夜[t:三次]要下床，说看见老娘{mother}了，她{old}岁走的。\n", "{dr0}：插管、按压、进ICU，家里要有个[w:明白]话。\n", "{name}（本人，{time}清醒）：[w:全]不要，让我回{home}，屋后有[w:橘园]。\n", "{son}：听爸的。{daughter}：我[w:舍不得]……（哭，[t:{n:2-6}分钟]）\n", "{dr0}：可以请安宁组{staffer}来，[d:奥施康定][l:{n:10-40}mg]加上去。\n", "代理人定{daughter}，证件{id}，{kin_phone}；备选{uncle}。\n", "[e:切恩-斯托克斯]呼吸出现时打{ext}，{short_hospital}可上门。\n", "村医{anyone}会换[w:芬太]贴，电话{any_phone}。\n", "救护车{plate}送，{md:1..2}早走，路费[l:{n:300-900}元]。\n", "没提的：二弟{brother}在[?:加拿大]，微信{wechat}同步。\n",
    ),
    "frank_end": ("以上属实。{son}　{daughter}　　医生{dr0}　　{date}", "记录{dr3}　录音编号{case}", "病人按印：{name}　见证：{staffer}"),
    # an insurer calls
    "policy_page": ("核保面访问卷　保单{insurance}　{date}　面访员{dr4}\n被保人：{name}　{sex}　{age}岁　证件{id}\n", "重疾理赔调查笔录　案号{case}　调查：{dr4}、{staffer}　{date}\n受访：{spouse}（系{name}之配偶）\n"),
    "policy_lines": (
        "问：{name}先生/女士住哪？答：{address}，[t:{n:3-12}年]了。\n", "问：单位？答：{firm}，[w:单休]，主管{anyone}。\n", "答：投保前[t:{n:1-3}年]只在{short_hospital}割过[w:痔]，{dr2:s}医生做的。\n", "走访{hospital}病案：{date:-700..-500}门诊（{visit}）记“结节[l:{n:3-8}mm]”，[s:TI-RADS {n:2-3}]，接诊{dr0}。\n", "病理{image}：乳头状癌，[e:许特莱]细胞样变，[w:砂粒]体[w:阳性]，报告{dr1}。\n", "医生{dr0}笔录：当时告知复查，[w:言明]可良可恶，本人未来。\n", "社保消费：{place}药店买[d:优甲乐]系其母亲{mother}用。\n", "邻居{anyone}称其[w:向来]跑步，[w:全马][l:{n:2-6}场]。\n", "业务员{staffer}（{any_phone}）未问[w:既往]，签名系其代笔。\n", "既往{other_hospital}体检号{other}，{dr3}总检“[w:建议]复查”。\n", "受益人：{son}，{daughter}，各[l:50%]；行驶证{plate}同一人名下。\n", "赔付账户{bank}；邮箱{email}；QQ {qq}。\n", "亲历家族：大姐{sister}乳癌，手术[t:{n:2-6}年]，[s:Ⅱ期]。\n", "外籍配偶永居证{permit}，曾用名{anyone}。\n", "查询IP {ip}登录过医院{url}，[w:单据]下载[l:{n:2-9}次]。\n",
    ),
    "policy_end": ("受访人阅后签：{spouse}　{date} {time}", "结论：建议正常赔付。{dr4}", "复核{staffer}　公司代码{uscc}"),
    # radiation
    "beam_page": ("放疗计划与核查　{hospital}　{date}\n{name}　{sex}　{age}岁　放疗号{other}　机房[?:2]　主管{dr0}\n", "定位与首次照射记录　{date} {time}　{name}（{mrn}）　物理{dr2}　技师{dr3}\n"),
    "beam_lines": (
        "诊断：鼻咽癌[s:T{n:1-3}N{n:0-2}M0]，[e:莫拉氏]结节无；外院（{other_hospital}{dr1}）活检{image}。\n", "固定：头颈[w:肩膜]，面罩写“{name}”，膜编{case}；[w:全口]义齿取下。\n", "定位CT{md:-14..-9}，[l:层厚3mm]，[w:向上]至颅顶，造影[d:优维显][l:{n:60-90}ml]。\n", "处方：[l:{n:66-70}Gy]/[l:{n:30-33}次]，腮腺[l:平均＜26Gy]，脑干[l:＜54Gy]，{dr2}优化。\n", "QA：[s:γ {n:95-99}%]，电离室{serial}，{staffer}测。\n", "首照{date:-7..-4} {time}，三人到场：{dr0}、{dr2}、{dr3}，摆位差[l:{n:1-3}mm]。\n", "第{n:4-9}次后口干，[w:味同]嚼蜡，[s:RTOG {n:1-2}级]，含[d:康复新液]。\n", "同步[d:奈达铂][l:{n:80-120}mg]（{md:-3..-2}，{ward}，{dr4}）。\n", "{md:-2..-1}机器停[t:{n:3-8}小时]，补[w:双]次，病人{name:s}在走廊等，{spouse}陪。\n", "[e:莱尔米特]征问过没有；听力左[l:{n:30-60}dB]，[w:成对]耳鸣。\n", "同机房{anyone}与本例[w:同名]不同字，核相片、核生日{born}。\n", "住宾馆：{place}，[w:全程][t:七周]，妹{sister}轮流送饭。\n", "[h:麦门冬]、[h:石斛]、[h:玄参]代茶，忌[w:槟榔]。\n", "复核：{short_hospital}牙科{staffer}先拔[l:{n:1-4}颗]，[t:{n:10-14}天]愈。\n", "费用卡{bank}，跨省备案{insurance}。\n",
    ),
    "beam_end": ("主管{dr0}　物理{dr2}　技师{dr3}　{date}", "剩[l:{n:10-24}次]，{md:1..3}续。{dr3}", "计划批准：{dr0}，{time}"),
}  # fmt: skip
