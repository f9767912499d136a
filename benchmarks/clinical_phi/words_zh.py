"""Chinese names, places and institutions of the benchmark, one set per style; all people are invented.

Characters of given names carry their pinyin, because reports print it. The lists are the benchmark's own.
"""

# The styles that keep to one form of date and one value of a kind in a note; their lists hold whole given names.
WHOLE = ("group", "held")
# One string per style: surnames with pinyin. Those two share only the most frequent ones with the others, and
# have those as often as they are met.
SURNAMES = {
    "tertiary": "盛sheng 王wang 滕teng 李li 邢xing 张zhang 骆luo 陈chen 牟mou 刘liu 谷gu 杨yang 柴chai 吴wu 廉lian 黄huang 封feng 周zhou 桂gui 徐xu 邬wu 朱zhu 应ying 林lin 宫gong 欧阳ouyang",
    "county": "苗miao 马ma 井jing 胡hu 火huo 郭guo 门men 何he 仝tong 罗luo 党dang 高gao 原yuan 宋song 郎lang 谢xie 寇kou 韩han 亓qi 唐tang 展zhan 冯feng 雒luo 董dong 祁qi 司马sima",
    "letters": "裘qiu 赵zhao 诸zhu 孙sun 阚kan 梁liang 麻ma 郑zheng 鲍bao 曹cao 楼lou 许xu 屠tu 邓deng 车che 彭peng 占zhan 曾zeng 鞠ju 蔡cai 花hua 潘pan 俎zu 袁yuan 上官shangguan 端木duanmu 令狐linghu",
    "group": "王wang 王wang 王wang 王wang 王wang 王wang 王wang 李li 李li 李li 李li 李li 李li 李li 张zhang 张zhang 张zhang 张zhang 张zhang 张zhang 刘liu 刘liu 刘liu 刘liu 刘liu 陈chen 陈chen 陈chen 杨yang 杨yang 杨yang 赵zhao 赵zhao 赵zhao 孙sun 孙sun 孙sun 于yu 于yu 周zhou 吴wu 徐xu 朱zhu 马ma 胡hu 郭guo 林lin 何he 高gao 宋song 姜jiang 姜jiang 丛cong 曲qu 曲qu 金jin 金jin 崔cui 朴piao 关guan 佟tong 那na 鄂e 沙sha 范fan 隋sui 栾luan 迟chi 修xiu 矫jiao 衣yi 初chu 单shan 付fu 贾jia 夏xia 石shi 田tian 任ren 方fang 秦qin 江jiang 史shi 侯hou 邵shao 孟meng 龙long 万wan 段duan 钱qian 汤tang 尹yin 黎li 易yi 常chang 武wu 乔qiao 贺he 赖lai 文wen 庞pang 樊fan 兰lan 殷yin 时shi 翁weng 荆jing 游you 窦dou 左zuo 鲁lu 柏bai 明ming 计ji 温wen 康kang 白bai 米mi 皇甫huangfu 夏侯xiahou",
    "held": "李li 李li 李li 李li 李li 李li 刘liu 刘liu 刘liu 刘liu 刘liu 陈chen 陈chen 陈chen 陈chen 黄huang 黄huang 黄huang 黄huang 周zhou 周zhou 周zhou 王wang 王wang 王wang 张zhang 张zhang 张zhang 罗luo 罗luo 罗luo 谢xie 谢xie 谢xie 邓deng 邓deng 邓deng 何he 何he 唐tang 唐tang 彭peng 彭peng 曾zeng 曾zeng 欧阳ouyang 欧阳ouyang 欧阳ouyang 廖liao 廖liao 廖liao 雷lei 雷lei 雷lei 肖xiao 肖xiao 肖xiao 谭tan 谭tan 蒋jiang 蒋jiang 首shou 首shou 资zi 资zi 阳yang 阳yang 匡kuang 旷kuang 邝kuang 奉feng 盘pan 盘pan 向xiang 全quan 成cheng 言yan 卿qing 仇qiu 粟su 佘she 凌ling 熊xiong 戴dai 甘gan 舒shu 晏yan 毛mao 宁ning 伍wu 邱qiu 吕lyu 姚yao 屈qu 涂tu 蒲pu 瞿qu 申shen 莫mo 蓝lan 颜yan 阮ruan 聂nie 岳yue 沈shen 卢lu 魏wei 薛xue 叶ye 汪wang 余yu 诸葛zhuge",
}
GIVEN = {
    "tertiary": {
        "m": "振zhen 邦bang 卫wei 东dong 伯bo 霖lin 启qi 航hang 建jian 勋xun 思si 源yuan 大da 勇yong 景jing 泽ze",
        "f": "秀xiu 芬fen 雅ya 琴qin 晓xiao 彤tong 桂gui 兰lan 梦meng 洁jie 若ruo 曦xi 丽li 敏min 素su 珍zhen",
    },
    "county": {
        "m": "长chang 庚geng 满man 仓cang 拴shuan 柱zhu 德de 厚hou 金jin 贵gui 根gen 生sheng 来lai 喜xi 永yong 顺shun",
        "f": "巧qiao 云yun 腊la 梅mei 改gai 莲lian 凤feng 英ying 春chun 香xiang 爱ai 花hua 玉yu 环huan 小xiao 娥e",
    },
    "letters": {
        "m": "亦yi 舟zhou 绍shao 棠tang 守shou 愚yu 鹤he 鸣ming 仲zhong 谦qian 辰chen 逸yi 文wen 昊hao 国guo 栋dong",
        "f": "念nian 慈ci 婉wan 清qing 毓yu 秋qiu 诗shi 涵han 采cai 薇wei 静jing 姝shu 安an 宁ning 月yue 娟juan",
    },
    "group": {
        "m": "志刚zhigang 玉成yucheng 洪波hongbo 连江lianjiang 福田futian 凤山fengshan 世杰shijie 延军yanjun 树林shulin 殿臣dianchen 子轩zixuan 浩宇haoyu 铁军tiejun 明哲mingzhe 宝库baoku 忠义zhongyi 春雷chunlei 学文xuewen 俊峰junfeng 一鸣yiming 海涛haitao 常青changqing 德福defu 永吉yongji 广义guangyi 国良guoliang 润泽runze 伟wei 磊lei 斌bin 岩yan 凯kai 宏hong",
        "f": "淑兰shulan 桂芝guizhi 丽华lihua 雪梅xuemei 玉珍yuzhen 艳红yanhong 晓燕xiaoyan 英姬yingji 佳怡jiayi 欣妍xinyan 凤霞fengxia 秋菊qiuju 慧敏huimin 亚男yanan 红梅hongmei 永芬yongfen 思琪siqi 冬雪dongxue 素华suhua 美玲meiling 金凤jinfeng 立新lixin 桂香guixiang 月娥yuee 春玲chunling 梓萱zixuan 丽娟lijuan 娜na 颖ying 丹dan 晶jing 岚lan 倩qian",
    },
    "held": {
        "m": "建湘jianxiang 光荣guangrong 祖发zufa 运来yunlai 石生shisheng 冬苟donggou 昌盛changsheng 友谊youyi 解放jiefang 四清siqing 小毛xiaomao 安邦anbang 孝义xiaoyi 和平heping 水生shuisheng 家骏jiajun 梓豪zihao 奕辰yichen 天佑tianyou 景行jingxing 皓轩haoxuan 才茂caimao 润生runsheng 竹青zhuqing 铁牛tieniu 万里wanli 新民xinmin 正南zhengnan 益群yiqun 显扬xianyang 辉hui 强qiang 俊jun 波bo 凡fan 锐rui",
        "f": "湘君xiangjun 满秀manxiu 腊英laying 冬莲donglian 翠娥cuie 菊元juyuan 细妹ximei 桃花taohua 运姣yunjiao 五珍wuzhen 银凤yinfeng 爱国aiguo 群英qunying 若溪ruoxi 雨桐yutong 梦瑶mengyao 诗琪shiqi 语嫣yuyan 可馨kexin 思远siyuan 芷若zhiruo 小满xiaoman 立夏lixia 春来chunlai 长英changying 福姣fujiao 素贞suzhen 平安pingan 白露bailu 芳fang 艳yan 霞xia 蓉rong 婷ting 琼qiong 燕yan",
    },
}
MINORITY = {
    "tertiary": ("艾尔肯·吐尔逊", "阿依古丽·买买提", "巴特尔"),
    "county": ("央金卓玛", "罗布次仁", "吉克阿木"),
    "letters": ("古丽娜尔·卡德尔", "格桑平措", "乌云其其格", "玉素甫·阿卜杜拉"),
    "group": ("宝音德力格尔", "萨仁图雅", "苏日娜", "帕提古丽·依明", "扎西多吉"),
    "held": ("阿卜杜热合曼·艾力", "热依汗古丽", "沙玛日呷", "卓嘎拉姆", "索朗次仁"),
}
# province (either way), town, district or county, streets
PLACES = {
    "tertiary": [
        ("山东省", "青岛市", "市南区", "宁夏路 延吉路 燕儿岛路"), ("四川省", "绵阳市", "涪城区", "临园路 跃进路 剑南路"),
        ("福建省", "泉州市", "丰泽区", "刺桐路 田安路 东湖街"), ("黑龙江省", "大庆市", "萨尔图区", "会战大街 纬二路 东风路"),
        ("重庆市", "", "江北区", "洋河路 建新东路 塔坪路"), ("河南省", "洛阳市", "涧西区", "西苑路 武汉路 天津路"),
    ],
    "county": [
        ("甘肃省", "会宁县", "郭城驿镇", "红堡子村 扎子塬村 八百户村"), ("山西省", "祁县", "古县镇", "王贤村 涧村 孙家河村"),
        ("广西", "宾阳县", "黎塘镇", "吴江村 欧阳村 司村"), ("陕西省", "旬阳市", "蜀河镇", "沙沟村 烂滩沟村 高桥村"),
        ("贵州省", "盘州市", "胜境街道", "沙陀社区 平川村 银杏社区"), ("河北省", "曲周县", "安寨镇", "前衙村 四夫村 白寨村"),
    ],
    "letters": [
        ("浙江省", "嵊州市", "剡湖街道", "官河路 北直街 仙湖路"), ("安徽省", "桐城市", "文昌街道", "盛唐路 同康路 和平路"),
        ("江西省", "景德镇市", "珠山区", "瓷都大道 广场南路 昌南街"), ("广东省", "佛山市", "禅城区", "祖庙路 汾江中路 福贤路"),
        ("上海市", "", "杨浦区", "控江路 鞍山路 政立路"), ("云南省", "大理市", "下关街道", "泰安路 人民南路 龙溪路"),
    ],
    "group": [
        ("辽宁省", "丹东市", "振兴区", "锦山大街 七经街 江城大街 青年大街"), ("辽宁省", "凤城市", "草河街道", "凤凰大街 邓铁梅路 城东路"),
        ("辽宁省", "东港市", "孤山镇", "四合村 谷屯村 兴隆村"), ("辽宁省", "宽甸满族自治县", "灌水镇", "柏林川村 高台堡村 双岭子村"),
        ("辽宁省", "庄河市", "城关街道", "新华路 世纪大街 黄海社区"), ("吉林省", "通化市", "东昌区", "滨江西路 建设大街 龙泉路"),
        ("内蒙古", "通辽市", "科尔沁区", "霍林河大街 明仁大街 红光社区"),
    ],
    "held": [
        ("湖南省", "郴州市", "北湖区", "香雪路 南岭大道 骆仙西路 人民西路"), ("湖南省", "资兴市", "唐洞街道", "阳安路 鲤鱼江路 晋宁路"),
        ("湖南省", "宜章县", "梅田镇", "浆水村 麻田村 上寮村"), ("湖南省", "永兴县", "柏林镇", "富里村 竹园坪村 高仓村"),
        ("湖南省", "衡阳市", "珠晖区", "东风南路 湖北路 衡州大道"), ("湖南省", "耒阳市", "蔡子池街道", "五里牌路 群英东路 水东江社区"),
        ("广东省", "乐昌市", "坪石镇", "金坪路 三星坪村 皈塘村"), ("湖南省", "江华瑶族自治县", "沱江镇", "阳华路 春晓路 寿域村"),
    ],
}  # fmt: skip
ESTATES = {
    "tertiary": ("鑫源花园", "海岸锦城", "天泰阳光苑", "电业局宿舍"),
    "county": ("幸福家园", "供销社家属院", "教育局小区"),
    "letters": ("听松苑", "剡溪名邸", "钟楼新村", "御景湾", "陶机厂宿舍"),
    "group": ("江畔明珠", "化纤家属楼", "福瑞华府", "望海新居", "铁路三区"),
    "held": ("罗仙小筑", "矿机厂宿舍", "五岭名都", "燕泉御庭", "木材公司家属楼"),
}
HOSPITALS = {
    "tertiary": ("青岛仁泰医院", "绵阳市第九人民医院", "大庆石化总医院", "泉州湾医科大学附属第一医院", "洛阳涧河医院", "重庆嘉陵医学中心"),
    "county": ("会宁县第三人民医院", "古县镇中心卫生院", "宾阳县妇幼保健院", "蜀河镇卫生院", "曲周县安康医院", "盘州市煤矿总医院"),
    "letters": ("嵊州市越剡中医院", "桐城文昌中西医结合医院", "景德镇瓷都康复医院", "佛山季华岐伯堂医院", "杨浦区控江社区医院", "大理苍洱骨伤科医院"),
    "group": ("丹东江城中心医院", "辽东理工大学附属医院", "凤城市第四人民医院", "庄河海晏医院", "东港孤山骨伤医院"),
    "held": ("郴州苏仙岭医院", "湘南矿务总医院", "衡阳珠晖康复医院", "耒阳蔡伦中西医医院", "宜章骑田岭人民医院", "乐昌坪石铁路医院"),
}  # fmt: skip
FIRMS = {
    "tertiary": ("青岛海晟船舶配件有限公司", "绵阳长虹路小学", "泉州闽星鞋业有限公司"),
    "county": ("会宁县祖厉河砖厂", "盘州市红果选煤厂", "祁县明亮玻璃器皿有限公司"),
    "letters": ("嵊州领帅服饰有限公司", "景德镇青木堂陶瓷厂", "佛山季华中学", "大理三塔印刷厂"),
    "group": ("丹东丝绸三厂", "凤城增压器配件厂", "孤山渔业公司", "庄河市实验小学", "辽东客运集团"),
    "held": (
        "白露锡业冶炼厂",
        "便江竹木制品厂",
        "耒水造纸有限责任公司",
        "骑田硅材料科技有限公司",
        "燕泉路第三小学",
        "坪石机务段",
    ),
}
WARDS = dict.fromkeys(("tertiary", "county", "letters"), ("二病区", "3病区", "B5病区", "东院三病区", "十一病区")) | {
    "group": ("南楼五病区", "7A病区", "外科楼九病区", "12病区", "二部四病区"),
    "held": ("康复一区", "综合楼六区", "B栋九楼病区", "老年五病区", "十四病室"),
}  # fmt: skip
# What the styles of whole notes have of their own beside the lists: hospitals as people shorten them, lanes, numbers, sites.
SHORT_HOSPITALS = dict(
    zip(HOSPITALS["group"], ("江城中心", "辽东附院", "凤城四院", "庄河海晏", "孤山骨伤"), strict=True)
) | dict(
    zip(
        HOSPITALS["held"],
        ("仙岭医院", "湘矿总院", "珠晖康复", "蔡伦医院", "骑田人医", "坪铁医院"),
        strict=True,
    )
)
STATIONS = {
    "group": ("帽盔山社区医院", "灌水镇中心卫生院", "鸭绿江口康养院", "福瑞华府日间照料站"),
    "held": ("燕泉路社区卫生中心", "梅田镇卫生院", "便江街道卫生服务站", "王仙岭颐养院"),
}
LANES = {"group": "巷"}
# Shapes of addresses below the district, where a style has its own: a street or an estate, # is a digit.
ROOMS = {
    "held": (
        "{street}#2号附#号", "{street}1#号#栋#03", "{estate}#栋1#02室", "{estate}#期B#栋2单元#01", "{street}#7号{estate}1#-#-#01", "{street}4#号", "{street}#巷1#号",
    )
}  # fmt: skip
NUMBERS = {
    "group": {
        "mrn": ("record-number", ("0000######", "24######", "########-1", "A#######")), "visit": ("record-number", ("20########", "M#######", "############")),
        "image": ("record-number", ("DR########", "C-######", "##########", "US-#####", "B20##-####")), "insurance": ("insurance-id", ("2106########", "@@#######", "########")),
        "other": ("other-id", ("####", "Q######", "20######-###", "#####")), "ext": ("phone", ("8###", "6####")),
        "landline": ("phone", ("0415-2######", "0415-3######", "(0415)6######", "0415-2######转8##")), "plate": ("plate", ("辽F#####", "辽F·@####", "辽FD#####", "辽BF####")),
    },
    "held": {
        "mrn": ("record-number", ("S#######", "2######", "ZYH0#####", "10########")), "visit": ("record-number", ("M######", "07########", "#########")),
        "image": ("record-number", ("DX######", "MR20##-####", "#######", "CT-#######", "P##-#####")), "insurance": ("insurance-id", ("4310########", "K########", "P0##########")),
        "other": ("other-id", ("#####", "LH-####", "20##-####", "####")), "case": ("other-id", ("LH2#-####", "4310##20######", "#######", "HN########")),
        "ext": ("phone", ("6##", "8###")), "landline": ("phone", ("0735-2######", "(0734)8######", "0735 7######", "0735-2######转8##")),
        "plate": ("plate", ("湘L#####", "湘L·@####", "湘LD#####", "湘D@@###", "粤F#####")),
    },
}  # fmt: skip
SITES = {
    "group": ("hlwyy.ldfy.com.cn", "film.jczx120.com", "sf.haiyanyy.cn"),
    "held": ("hf.zhkf.net.cn", "jk.sxlyy.org.cn", "t.cltx120.cn"),
}
MAIL = {
    "group": (("dandong", "xue", "ly", "jiang", "haibo"), ("qq.com", "163.com", "139.com", "ldfy.com.cn")),
    "held": (("suxian", "lei", "cz_", "yan.", "wenbin"), ("qq.com", "foxmail.com", "189.cn", "sxlyy.org.cn")),
}
JOBS = ("农民", "退休工人", "教师", "司机", "个体户", "会计", "快递员", "职员")
NATIONS = ("汉族", "回族", "土家族", "壮族", "彝族", "白族")

# Simplified and traditional characters, in pairs; what is not listed stays, as in records that mix both.
_PAIRS = (
    "患患 医醫 师師 诊診 断斷 疗療 术術 检檢 查查 体體 温溫 脉脈 压壓 气氣 饮飲 纳納 痛痛 诉訴 现現 伤傷 发發 热熱 咳咳 喘喘 "
    "胀脹 闷悶 腹腹 头頭 颈頸 双雙 侧側 肿腫 疮瘡 肾腎 肠腸 胆膽 脑腦 脏臟 静靜 动動 肤膚 颅顱 陈陳 张張 刘劉 杨楊 黄黃 吴吳 "
    "马馬 罗羅 谢謝 韩韓 冯馮 赵趙 孙孫 郑鄭 许許 邓鄧 袁袁 车車 诸諸 阚闞 苏蘇 东東 卫衛 启啟 勋勳 来來 贵貴 满滿 长長 顺順 "
    "云雲 莲蓮 凤鳳 爱愛 环環 兰蘭 丽麗 梦夢 洁潔 绍紹 鹤鶴 鸣鳴 谦謙 国國 栋棟 诗詩 宁寧 县縣 镇鎮 乡鄉 区區 号號 电電 话話 "
    "楼樓 单單 元元 岛島 广廣 庆慶 贤賢 汉漢 会會 议議 联聯 系係 证證 码碼 类類 药藥 术術 显顯 无無 时時 间間 岁歲 年年 余餘 "
    "后後 复復 为為 与與 从從 对對 应應 疗療 转轉 门門 问問 过過 还還 进進 运運 达達 远遠 连連 边邊 阳陽 阴陰 阶階 随隨 际際 "
    "难難 须須 预預 领領 题題 额額 风風 饭飯 驱驅 验驗 骨骨 齐齊 龄齡 书書 买買 争爭 亲親 仅僅 仓倉 优優 传傳 伟偉 侨僑 侦偵 "
    "写寫 农農 决決 况況 净淨 减減 几幾 击擊 划劃 创創 别別 刘劉 办辦 务務 劳勞 势勢 华華 协協 厂廠 历歷 厉厲 厕廁 参參 变變 "
    "台臺 叶葉 员員 听聽 呕嘔 哑啞 响響 园園 围圍 图圖 块塊 坏壞 坚堅 声聲 处處 备備 够夠 夹夾 妇婦 娄婁 学學 实實 审審 宫宮 "
    "宽寬 宾賓 导導 将將 尔爾 尝嘗 尽盡 层層 岁歲 带帶 帮幫 干乾 并並 库庫 废廢 异異 弃棄 弯彎 强強 归歸 录錄 径徑 忆憶 忧憂 "
    "怀懷 态態 恶惡 惊驚 惯慣 愿願 戏戲 护護 报報 担擔 拟擬 拥擁 择擇 挂掛 换換 据據 损損 摄攝 摆擺 敏敏 数數 旧舊 昼晝 晓曉 "
    "术術 杂雜 条條 极極 构構 标標 树樹 样樣 桥橋 楼樓 横橫 欢歡 残殘 毒毒 毕畢 汤湯 沟溝 没沒 泪淚 泽澤 浅淺 测測 济濟 涂塗 "
    "润潤 涩澀 渐漸 温溫 湾灣 湿濕 满滿 滞滯 灵靈 灾災 炎炎 点點 热熱 烟煙 爷爺 犹猶 狭狹 独獨 猪豬 现現 琐瑣 疗療 癫癲 皱皺 "
    "盐鹽 监監 盖蓋 盘盤 眍瞘 着著 矿礦 码碼 确確 离離 种種 积積 称稱 稳穩 窦竇 紧緊 红紅 级級 纤纖 约約 纪紀 线線 练練 组組 "
    "细細 终終 经經 结結 给給 络絡 绝絕 统統 继繼 绩績 续續 维維 绵綿 综綜 缓緩 缝縫 缩縮 网網 罚罰 职職 肃肅 胜勝 胶膠 腊臘 "
    "舌舌 艰艱 节節 芦蘆 苏蘇 苍蒼 药藥 荣榮 虑慮 虚虛 补補 袭襲 裤褲 见見 观觀 规規 视視 觉覺 触觸 计計 认認 讨討 让讓 记記 "
    "访訪 评評 识識 诊診 词詞 试試 询詢 详詳 语語 误誤 说說 请請 读讀 调調 质質 负負 责責 败敗 账賬 购購 费費 资資 赛賽 车車 "
    "轻輕 输輸 边邊 迟遲 适適 选選 逻邏 遗遺 邮郵 采採 释釋 针針 钟鐘 钙鈣 钠鈉 钾鉀 铁鐵 银銀 链鏈 锁鎖 错錯 键鍵 闭閉 闻聞 "
    "阀閥 阅閱 队隊 阿阿 陆陸 险險 隐隱 雾霧 静靜 页頁 项項 顶頂 顽頑 顾顧 颗顆 颜顏 飞飛 饱飽 驶駛 骤驟 鱼魚 黑黑 龙龍 "
)
TRADITIONAL = str.maketrans({pair[0]: pair[1] for pair in _PAIRS.split() if pair[0] != pair[1]})
HOMOPHONES = str.maketrans("诊疗腹胀复症既", "珍聊腑涨复征即")
