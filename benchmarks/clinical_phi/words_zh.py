"""Chinese names, places and institutions of the benchmark, one set per style; all people are invented.

Characters of given names carry their pinyin, because reports print it. The lists are the benchmark's own.
"""

# One string per style: surnames with pinyin. The held style shares only the most frequent ones with the others.
SURNAMES = {
    "tertiary": "盛sheng 王wang 滕teng 李li 邢xing 张zhang 骆luo 陈chen 牟mou 刘liu 谷gu 杨yang 柴chai 吴wu 廉lian 黄huang 封feng 周zhou 桂gui 徐xu 邬wu 朱zhu 应ying 林lin 宫gong 欧阳ouyang",
    "county": "苗miao 马ma 井jing 胡hu 火huo 郭guo 门men 何he 仝tong 罗luo 党dang 高gao 原yuan 宋song 郎lang 谢xie 寇kou 韩han 亓qi 唐tang 展zhan 冯feng 雒luo 董dong 祁qi 司马sima",
    "held": "裘qiu 赵zhao 诸zhu 孙sun 阚kan 梁liang 麻ma 郑zheng 鲍bao 曹cao 楼lou 许xu 屠tu 邓deng 车che 彭peng 占zhan 曾zeng 鞠ju 蔡cai 花hua 潘pan 俎zu 袁yuan 上官shangguan 端木duanmu 令狐linghu",
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
    "held": {
        "m": "亦yi 舟zhou 绍shao 棠tang 守shou 愚yu 鹤he 鸣ming 仲zhong 谦qian 辰chen 逸yi 文wen 昊hao 国guo 栋dong",
        "f": "念nian 慈ci 婉wan 清qing 毓yu 秋qiu 诗shi 涵han 采cai 薇wei 静jing 姝shu 安an 宁ning 月yue 娟juan",
    },
}
MINORITY = {
    "tertiary": ("艾尔肯·吐尔逊", "阿依古丽·买买提", "巴特尔"),
    "county": ("央金卓玛", "罗布次仁", "吉克阿木"),
    "held": ("古丽娜尔·卡德尔", "格桑平措", "乌云其其格", "玉素甫·阿卜杜拉"),
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
    "held": [
        ("浙江省", "嵊州市", "剡湖街道", "官河路 北直街 仙湖路"), ("安徽省", "桐城市", "文昌街道", "盛唐路 同康路 和平路"),
        ("江西省", "景德镇市", "珠山区", "瓷都大道 广场南路 昌南街"), ("广东省", "佛山市", "禅城区", "祖庙路 汾江中路 福贤路"),
        ("上海市", "", "杨浦区", "控江路 鞍山路 政立路"), ("云南省", "大理市", "下关街道", "泰安路 人民南路 龙溪路"),
    ],
}  # fmt: skip
ESTATES = {
    "tertiary": ("鑫源花园", "海岸锦城", "天泰阳光苑", "电业局宿舍"),
    "county": ("幸福家园", "供销社家属院", "教育局小区"),
    "held": ("听松苑", "剡溪名邸", "钟楼新村", "御景湾", "陶机厂宿舍"),
}
HOSPITALS = {
    "tertiary": ("青岛仁泰医院", "绵阳市第九人民医院", "大庆石化总医院", "泉州湾医科大学附属第一医院", "洛阳涧河医院", "重庆嘉陵医学中心"),
    "county": ("会宁县第三人民医院", "古县镇中心卫生院", "宾阳县妇幼保健院", "蜀河镇卫生院", "曲周县安康医院", "盘州市煤矿总医院"),
    "held": ("嵊州市越剡中医院", "桐城文昌中西医结合医院", "景德镇瓷都康复医院", "佛山季华岐伯堂医院", "杨浦区控江社区医院", "大理苍洱骨伤科医院"),
}  # fmt: skip
FIRMS = {
    "tertiary": ("青岛海晟船舶配件有限公司", "绵阳长虹路小学", "泉州闽星鞋业有限公司"),
    "county": ("会宁县祖厉河砖厂", "盘州市红果选煤厂", "祁县明亮玻璃器皿有限公司"),
    "held": ("嵊州领帅服饰有限公司", "景德镇青木堂陶瓷厂", "佛山季华中学", "大理三塔印刷厂"),
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
