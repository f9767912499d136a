"""Chinese style "held": TCM and community letters, reports and dictated talk; the style that nobody tunes on."""

DOCUMENTS = (
    ("letter_head", "letter*4-7", "tcm*2-4", "letter_end"),
    ("report_head", "report*4-7", "report_end"),
    ("talk_head", "talk*6-10", "talk_end"),
    ("tcm_head", "tcm*4-7", "recipe", "talk*1-2", "letter_end"),
    ("home_head", "visit_lines*5-9", "letter_end"),
    ("claim_head", "claim*5-9", "letter_end"),
)
POOLS = {
    "letter_head": ("{other_hospital} {dr3}教授：\n    您好！兹介绍我科病人{name}（{sex}，{age}岁）前来会诊。", "致 {other_hospital}[?:骨伤科]{dr3}主任\n事由：{name}同志转诊", "尊敬的{dr3}大夫：\n感谢您{md:-20..-5}对{name}女士/先生的诊察。"),
    "letter": (
        "该患{date:-60..-20}于我处首诊，当时面色萎黄，少气懒言。", "其夫人{kin}告知，患者于{month:-800..-200}赴{town}疗养期间发病，曾在{other_hospital}观察[t:两昼夜]。", "影像光盘随信附上（流水号{image}），亦可由{url}调阅。",
        "疑为[e:雷诺]现象，[e:阿伦]试验阳性，[e:舍格伦]综合征待排。", "既往由{dr2}医师以[h:雷公藤]制剂治疗[t:{n:2-5}个疗程]，[w:终因]肝酶[l:ALT {n:60-300}]停药。", "如需联络，可拨{kin_phone}找{kin}，或致函{email}。",
        "病人系{firm}职工，参保号{insurance}。", "本院[p:风湿科]会诊意见：同意上述诊断，[s:DAS28 {n:2-6}.{n:1-9}]。", "{name}本人要求保密，请勿告知其女{kin2}。", "{dr1}曾建议其到[g:省级医院]就医，因故未成行。", "患者旅居[?:加拿大][t:{n:3-9}年]，{md:-50..-30}持护照{passport}入境。",
    ),
    "letter_end": ("\n此致\n敬礼\n{hospital} {dr0}\n{date}", "\n{dr0} 谨上\n{date}\n联系方式 {any_phone}", "\n顺颂 冬安\n{hospital}[?:针灸科] {dr0} {date}", "\n—— {dr0}（{hospital}）"),
    "report_head": ("{hospital}超声/放射报告\n申请：{dr2}　 受检者：{name}　 {sex}　 {age}岁　 编号：{image}\n", "{hospital}病理图文报告 No {image}\n送检：{other_hospital}／{dr3}　 病人：{name}({pinyin})\n"),
    "report": (
        "检查时间{date} {time}。\n", "所见：肝脏大小形态可，[w:包膜]光整，门静脉[l:内径{n:10-14}mm]。\n", "对照{date:-400..-90}{other_hospital}旧片，结节[l:由{n:4-8}mm增至{n:9-15}mm]。\n", "[w:双乳][s:BI-RADS {n:2-4}类]，右乳[l:9点]位低回声，[e:库珀]韧带牵拉。\n", "甲状腺[s:TI-RADS {n:2-4}级]，[w:边界]清。\n",
        "大体：灰白组织一块，[l:{n:2-9}×{n:1-5}×{n:1-3}cm]，[e:巴雷特]食管改变可疑。\n", "镜下：见[e:里-斯]细胞，[e:朗格汉斯]细胞散在，[s:Gleason 3+4=7分]。\n", "[e:许莫]氏结节L{n:1-4}，[e:Tarlov]囊肿，[s:Kellgren-Lawrence {n:1-4}级]。\n", "已电话通知{dr2}（危急值，{time}，{any_phone}）。\n", "送检条码{other}，切片[l:{n:2-8}张]，蜡块[l:A1-A{n:2-9}]。\n", "设备：[d:碘海醇]增强，主机序列号{serial}。\n", "家属{kin}领取报告，登记手机{kin_phone}，身份证尾号已核（{id}）。\n",
    ),
    "report_end": ("报告：{dr0}　审核：{dr1}　{date}", "诊断医师　{dr0}\n复核医师　{dr1}\n报告日期　{date}"),
    "talk_head": ("【电话随访录音整理】{date} 坐席{dr4}\n", "【诊间语音转写】{hospital} {dr0}门诊 {date}\n", "【线上问诊】医生：{dr0}（{hospital}）\n"),
    "talk": (
        "问：是{name}家里吗？答：我是他爱人{kin}，他刚睡下。\n", "答：[w:柳絮]一飞就喘，[w:江米]也不敢吃。\n", "答：他[w:连续]喝了[t:五天]的[w:米]汤。\n", "医生：[w:单纯]的[w:毛]囊炎，[w:谈]不上大病。\n", "答：药一直在吃，那个[d:代文]和[d:诺和龙]，早晨[l:一片]。\n", "问：现在住哪里？答：搬了，{address}。\n", "答：你记我手机吧，{phone}，微信同号，要不加{wechat}。\n", "问：哪天出的院？答：{date:-30..-10}，{dr2}医生签的字。\n", "答：[w:那时候]疼得厉害，[t:一晚上]醒[l:三四回]，现在好多了。\n",
        "答：{dr3:s}主任说要再等[t:两三个月]，{md:20..60}去拆。\n", "答：我公公今年{old}了，耳朵背，您大声点。\n", "问：血压多少？答：[l:一百四、八十五]，[w:方才]量的。\n", "答：她同事{kin2}介绍来的，说你们看[e:贝尔]面瘫好。\n", "答：我们是{town}人，来这边[w:马上]就[t:半年]了。\n", "医生：[w:明白]，[w:温热]的敷一下，[h:艾叶]、[h:红花]泡脚[t:15分钟]。\n", "答：单位是{firm}，报销要{hospital}盖章的发票，号{invoice}。\n", "答：[w:任何]不舒服我都找小{dr1:s}护士……[w:应该]没事。\n", "问：身份证念一下？答：{id}。\n", "医生：别去[g:小诊所]打针了，等{dr2}下周[?:三]回来。\n", "答：他[w:平常]爱喝[h:黄芪]水，[w:安定]片戒了。\n",
    ),
    "talk_end": ("（通话[t:{n:3-20}分钟]，录音编号{other}）", "【完】整理人 {dr4}", "［记录］{dr4}，{date}"),
    "tcm_head": ("{hospital}　[?:内科]病历\n{name}　{sex}　{age}岁　{nation}　{job}　{date}初诊\n", "{date}　{name}　{sex}　{age}　诊次：二　病历号{mrn}\n"),
    "tcm": (
        "[w:梅花]针叩刺，[w:贺]氏火针，[w:金]针拨障史。", "[w:何时]起病记不清，[w:尤其]怕冷，[w:顾虑]重重。", "食[w:石榴]、[w:李子]、[w:牛奶]后[w:胡言]乱语。", "刻下：纳呆，便溏，舌淡苔[w:白腻]，脉[w:弦滑]。", "证属肝郁脾虚，治拟疏肝健脾，仿[?:张仲景]法，[d:逍遥散]加减。", "胁下胀满[t:{n:2-6}月]，善太息，[w:易怒]，口苦。", "取[w:关元]、足三里、[w:太冲]、[w:白环俞]，留针[t:30分钟]。", "上方服[t:十四剂]，汗止，[w:能安卧]。", "曾于{date:-90..-40}由{dr1}先生诊治，用[d:金匮肾气丸]。", "西医诊断：[e:强直]性脊柱炎，[e:舍格伦]综合征；[s:VAS {n:3-9}分]。", "患者乃{town}人，经友{kin2}引荐。", "[e:扁鹊]灸架温灸，[w:高年]体弱者慎用。",
        "先贤[?:叶天士]有云，久病入络，故加[h:地龙]、[h:全蝎]。",
    ),
    "recipe": ("\n处方：[h:党参]15g [h:茯苓]12g [h:白芷]10g [h:苏叶]6g [h:石韦]10g [h:徐长卿]12g [h:刘寄奴]10g，[t:7付]，审方{dr2}，调配{dr3}。", "\n方药：[h:马齿苋]30g [h:何首乌]10g [h:路路通]10g [h:王不留行]12g [h:牛膝]9g [h:贝母]9g [h:江米]适量。药房{dr4}。", "\n[h:车前草]20 [h:夏枯草]15 [h:龙葵]15 [h:杜仲]12 [h:乌药]9 [h:白及]6 煎服法：[t:日二次]。取药人{kin} {kin_phone}。"),
    "home_head": ("家庭病床巡诊记录　{hospital}\n对象：{name}　门牌：{address}\n", "{hospital}居家护理\n{name}（{id}）　{date}\n"),
    "visit_lines": (
        "{date} {time}与护士{dr3}同往，家中{kin}接待。\n", "入户后测血压[l:{n:110-170}/{n:60-100}]，[s:Barthel指数{n:10-80}]，压疮[s:Ⅱ期]。\n", "更换[e:福莱]尿管，[l:16Fr]，批号{serial}。\n", "门口停车{plate}，登记于社区门岗。\n", "长者{old}岁，[w:高龄]独居，紧急联系人{kin2}：{kin_phone}。\n", "社区网格员{dr4}到场，其电话{any_phone}。\n", "[d:氨氯地平]余[l:{n:3-20}片]，[d:速效救心丸]已过期。\n", "拟{date:5..15}复诊，如发热则送{other_hospital}。\n", "护理员[?:阿姨]由{firm}派遣，态度和蔼。\n", "室温[l:{n:18-28}℃]，[w:阳台]通风好，[w:宁静]。\n", "服务协议编号{other}，居民健康卡{insurance}。\n", "远程血压计设备号{serial}，网关{ip}。\n", "[e:帕金森]叠加综合征，[s:Hoehn-Yahr {n:1-4}期]，步态慌张。\n", "生于{born}，籍贯{province}{home}，{job}退休。\n",
    ),
    "claim_head": ("意外伤害医疗理赔病情说明\n被保险人：{name}　 证件号：{id}\n", "工伤认定病历摘要\n单位：{firm}　 职工：{name}\n"),
    "claim": (
        "保单号{insurance}，报案电话{any_phone}。\n", "事故时间{date:-60..-30} {time}，地点{address}。\n", "首诊{hospital}，接诊医师{dr0}，住院号{mrn}，[t:共住{n:5-20}天]。\n", "伤残[s:十级]，[s:Lysholm {n:40-90}分]，[e:科雷氏]骨折畸形愈合。\n", "赔款户名{name}，卡号{bank}。\n", "受托人{kin}，证件{passport}，邮箱{email}。\n", "肇事车{plate}，驾驶人{kin2}，手机{kin_phone}。\n", "军人证件：{officer}。\n", "港澳通行证{permit}，台湾居民来往大陆通行证{taiwan}。\n", "[g:定点医院]目录内用药：[d:云南白药]、[d:依托考昔]、[d:恒古骨伤愈合剂]。\n", "机构统一社会信用代码{uscc}。\n", "QQ{qq}，网上材料{url}。\n", "鉴定人{dr1}，执业证书编码{licence}。\n", "误工[t:{n:30-120}日]，护理[t:{n:15-60}日]，营养期同。\n", "门诊票据{invoice}，就诊卡{visit}。\n",
    ),
    "pinyin": ("{name:p}",),
}  # fmt: skip
