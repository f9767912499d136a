"""What the values of a .docx that say how it looks are made of: measures, words of Word's own format, fonts, styles.

Promise: nothing here can be somebody's name, date or number. `confide.records.docx` lets an attribute keep a value only if it is
put together of these. From ECMA-376 Part 1, its enumerations and latent styles.
"""

# ruff: noqa: SIM905 -- the long lists of words read better as one string

MEASURED = frozenset(
    "a abstractNumId after afterLines alnAt amt ang angle b bIns baseline before beforeLines blurRad bottom"
    " bottomFromText bright chapStyle charSpace charset colFirst colLast contourW contrast count countBy cx cy d"
    " defTabSz defUIPriority dir dist distB distL distR distT distance dpi dx dy dz endA endPos extrusionH fadeDir"
    " firstLine firstLineChars fontScale fontSz footer fov g gutter h hR hSpace hanging hangingChars header hue id idx"
    " ilvl indent kern kx ky l lIns lat left leftChars leftFromText legacyIndent legacySpace len lim line linePitch"
    " lines lnSpcReduction lon lum lvl marB marL marR marT miterlimit n num numCol numId numPicBulletId opacity percent"
    " pitchFamily pos r rIns rad relativeHeight rev right rightChars rightFromText rot rotation sat sp space spc spcCol"
    " stA stAng stPos start startAt startChars strokeweight swAng sx sy sz t tIns tblpX tblpY thresh top topFromText"
    " track tx ty uiPriority vSpace w wR weight width x y z zoom hrpct cropbottom cropleft cropright croptop gain"
    " blacklevel gamma".split()
)
MEASURED_VALUES = frozenset(
    "abstractNumId alpha alphaMod alphaOff argSz blue blueMod blueOff buSzPct buSzPts cGp cGpRule cSp"
    " compatSetting consecutiveHyphenLimit count defaultTabStop displayHorizontalDrawingGridEvery displayVerticalDrawingGridEvery"
    " drawingGridHorizontalSpacing drawingGridVerticalSpacing fitText green greenMod greenOff gridAfter gridBefore"
    " gridSpan hps hpsBaseText hpsRaise hue hueMod hueOff hyphenationZone id ilvl interSp intraSp kern lMargin lum"
    " lumMod lumOff lvlPicBulletId lvlRestart numFmt numId numStart outlineLvl position postSp preSp rMargin rSp rSpRule"
    " red redMod redOff sat satMod satOff shade spacing spcPct spcPts start startOverride sz szCs"
    " tblStyleColBandSize tblStyleRowBandSize tint trHeight uiPriority w wrapIndent".split()
)
CSS = frozenset(
    "position margin-left margin-top margin-right margin-bottom margin left top width height z-index rotation flip"
    " visibility mso-position-horizontal mso-position-vertical mso-position-horizontal-relative"
    " mso-position-vertical-relative mso-width-percent mso-height-percent mso-width-relative mso-height-relative"
    " mso-wrap-style mso-wrap-distance-left mso-wrap-distance-top mso-wrap-distance-right mso-wrap-distance-bottom"
    " v-text-anchor mso-fit-shape-to-text layout-flow mso-layout-flow-alt font-size".split()
)
SETTINGS_OF_WORD = frozenset(
    "http://schemas.microsoft.com/office/word compatibilityMode overrideTableStyleFontSizeAndJustification enableOpenTypeFeatures doNotFlipMirrorIndents"
    " differentiateMultirowTableHeaders useWord2013TrackBottomHyphenation allowSpaceOfSameStyleInTable"
    " allowHyphenationAtTrackBottom".split()
)
SCRIPTS = frozenset(
    "Jpan Hang Hans Hant Arab Hebr Thai Ethi Beng Gujr Khmr Knda Guru Cans Cher Yiii Tibt Thaa Deva Telu Taml Syrc Orya"
    " Mlym Laoo Sinh Mong Viet Uigh Geor Armn Bugi Bopo Java Lisu Mymr Nkoo Olck Osma Phag Sora Tale Talu Tfng".split()
)
FONTS = frozenset(
    "agency fb,aharoni,angsana new,aptos,aptos display,aptos narrow,arial,arial black,arial narrow,arial unicode ms,"
    "baskerville,bahnschrift,batang,bodoni mt,book antiqua,bookman old style,browallia new,calibri,calibri light,cambria,"
    "cambria math,candara,carlito,caladea,century,century gothic,century schoolbook,comic sans ms,consolas,constantia,"
    "corbel,cordia new,courier,courier new,daunpenh,david,dengxian,dengxian light,dejavu sans,dejavu serif,"
    "dejavu sans mono,dokchampa,dotum,ebrima,estrangelo edessa,euphemia,fangsong,fangsong_gb2312,franklin gothic book,"
    "franklin gothic medium,futura,garamond,gautami,georgia,gill sans,gill sans mt,gulim,helvetica,helvetica neue,impact,"
    "iskoola pota,kaiti,kaiti_gb2312,kalinga,kartika,latha,leelawadee,liberation mono,liberation sans,liberation serif,"
    "lucida console,lucida sans,lucida sans unicode,malgun gothic,mangal,meiryo,microsoft himalaya,microsoft jhenghei,"
    "microsoft sans serif,microsoft uighur,microsoft yahei,microsoft yahei ui,microsoft yi baiti,mingliu,mongolian baiti,"
    "moolboran,ms gothic,ms mincho,ms pgothic,ms pmincho,ms sans serif,mv boli,noto sans,noto sans cjk sc,noto serif,"
    "noto serif cjk sc,nsimsun,nyala,opensymbol,open sans,palatino,palatino linotype,plantagenet cherokee,pmingliu,raavi,"
    "roboto,segoe ui,segoe ui emoji,segoe ui light,segoe ui symbol,shruti,simhei,simsun,source han sans,source han serif,"
    "sylfaen,symbol,tahoma,times,times new roman,trebuchet ms,tunga,verdana,vrinda,webdings,wingdings,wingdings 2,"
    "wingdings 3,yu gothic,yu gothic light,yu mincho,宋体,新宋体,黑体,楷体,楷体_gb2312,仿宋,仿宋_gb2312,微软雅黑,等线,"
    "等线 light,华文中宋,华文仿宋,华文宋体,华文楷体,华文细黑,华文黑体,方正小标宋简体,方正仿宋简体,隶书,幼圆,新細明體,"
    "細明體,標楷體,微軟正黑體,ＭＳ 明朝,ＭＳ ゴシック,ＭＳ Ｐ明朝,ＭＳ Ｐゴシック,游明朝,游ゴシック,游ゴシック light,メイリオ,"
    "맑은 고딕,바탕,굴림,돋움".casefold().split(",")
)
STYLE_WORDS = frozenset(
    "normal heading toc index title subtitle caption header footer page number line footnote endnote comment annotation"
    " reference text subject table of figures authorities toa list bullet continue body first indent default paragraph"
    " font macro envelope address return closing signature message salutation date note block hyperlink followed strong"
    " emphasis intense subtle quote book no spacing plain document map e mail email html acronym cite code definition"
    " keyboard preformatted sample typewriter variable web outline simple classic colorful columns grid contemporary"
    " elegant professional effects theme balloon placeholder light medium dark shading accent revision bibliography char"
    " top bottom of form z and a i article section mention smart hashtag unresolved link 3d".split()
)
# The words that the values of Word's enumerations are made of, as `thin`, `thick` and `gap` in `thinThickSmallGap`.
WORDS = frozenset(
    "abjad above absolute accent action active after aiueo align all alpha alphabetic alternate always and angle"
    " ansi ants any app aqua arabic arc arch around arrow art ascii asia at auto autofit axis b back background"
    " backward baht balanced band bar base baseline before begin beginning below beneath bent beside best between"
    " bevel bg bi bidi bk bl black blank blink block blue bolt border bot both bottom bounding br brace bracket"
    " brick bright bt btn bullet bullseye button call callout can canvas caption card cardinal cascade cell"
    " center centered changes char character chars chart check chevron chicago chilly chinese chord chosung chs"
    " cht circle circular classic clean clear clip cloud clr col collapse collate colon color cols column comma"
    " comments compatible compress confetti connector consonants cont content contextual continuation continue"
    " continuous contrast contrasting convex cool corner counting cross cs ctr cube curly curve curved custom"
    " cyan cycle d dark darken dash dashdot dashed date db dbl dec decagon decimal decision deco decorative def"
    " default deflate delay diag diamond digital dirty discretional disk display dist distribute divide divot dk"
    " dmnd dn do doc document dodecagon dollar donut dot dotted double down drop drum dxa ea each east edge edit"
    " elbow ellipse ellipsis em email embed emboss en enclosed end engrave equal even exact extract extreme f"
    " face facing fade false first fit fixed flat flood flow fol folded followed forms forward fraktur frame"
    " freezing front fuchsia full fullstop funnel ganada gap gear glow gradient gram gray grayscale green grid"
    " group h hairline half hard harsh heart heavy hebrew help heptagon heroic hex hexagon hidden hide high"
    " highlight hindi historical hlink home horizontal horz hot hqprint hybrid hyperlink hyphen i icon ideograph"
    " ignore in inactive indent inflate info information inherit inline input inset inside internal inv inverse"
    " inverted iroha irregular isometric isosceles japanese jpn junction just kana kashida kor korean l landscape"
    " large largest last lc least left legacy legal less letter letters level lg light lighten lightning lights"
    " lime lin line linear lines link locked long longdash longdashdot low lower lr lt ltr lvl m magenta magnetic"
    " major manual margin maroon master match math matte med medium menu merge metal middle minor minus miter"
    " moderately modern mongolian monospace moon morning most movie mult multidocument multilevel multiply nar"
    " narrow navy ne never new next nil no non none norm normal not notched nothing notice num number numbering"
    " numbers nw oblique octagon odd off offline offpage olive on once one online only open operation optimize or"
    " ordinal orgchart orthographic outline output outset outside oval over overflow overlap ovr p page pages"
    " pair paragraph parallel parallelogram paren pattern pct pentagon period perspective pg ph pie plaid plain"
    " plaque plastic plate plus portrait pour powder predefined preparation preserve prev previous print process"
    " pt punched punctuation purple quad r radial read rect red relative relaxed repeat rest restart return"
    " reverse ribbon riblet right ring rl rnd roman room round row rows rt rtl russian same scale screen script"
    " scroll sdt se seal sect section segments separate separator shadow shape shdw shimmer shingle short"
    " shortdash sib sides sigma silver simplified single skw slant slope sm small smiley smoking snap sng snip"
    " soft softmetal solid sort sound sp space sparkle spell sphere sq square stacked standard star start static"
    " stealth stop storage straight strict strike stripe striped stroked sub subscript summing sun sunrise sunset"
    " sup superscript sw swiss swoosh sys t tab table tabs taiwanese tape tb teal teardrop ten terminator text"
    " thai thick thin thousand three through tight tile time tl to top tr tracked traditional transitional"
    " translucent trapezoid tree trellis tri triangle triple true two tx uc und under underscore undrawn unlocked"
    " unscaled up upper user uturn v variable venn vert vertical vietnamese view visible vowels warm wave wavy wd"
    " weave web wedge white whole wide width window wire wireframe word words workspace wrapping x xy y yellow z"
    " zag zero zig zodiac".split()
)
