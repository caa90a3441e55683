"""The words of the interface, English and Chinese side by side.

A key begins with the name of its view, or with "page". The texts are one line of Markdown each.
{name} is filled in by the script. Longer texts come from the walkthrough (`page.documents`).
"""

WORDS = {
    # The page around the views.
    "page.title": ("The PTB language model", "PTB 语言模型"),
    "page.skip": ("Skip to the content", "跳到正文"),
    "page.views": ("Views", "页面"),
    "page.theme": ("Light or dark", "浅色或深色"),
    "page.language": ("中文 / English", "中文 / English"),
    "page.other_language": ("中文", "English"),
    "page.close": ("Close", "关闭"),
    "page.footer": (
        "This page works offline and asks the network for nothing.",
        "本页可离线使用，不访问网络。",
    ),
    # Inside the LSTM.
    "lstm.name": ("Inside the LSTM", "走进 LSTM"),
    "lstm.title": ("Inside the LSTM", "走进 LSTM"),
    "lstm.lead": (
        "A country decides a language many words later. This page reads a sentence word by word "
        "and shows where an LSTM keeps the country in between. The plain RNN beside it reads the "
        "same words and forgets.",
        "开头的国名决定句末的语种，中间隔着许多词。本页逐词读一个句子，看 LSTM 把国名记在哪里；旁"
        "边的普通 RNN 读同样的词，却忘了。",
    ),
    "lstm.choose": ("Choose a sentence", "选一个句子"),
    "lstm.look": ("Look inside", "看内部"),
    "lstm.change": ("Change what it holds", "改动它记住的东西"),
    "lstm.comma": (", ", "、"),
    "lstm.and": (" and ", " 和 "),
    # The sentences to begin with: titles, and what to notice.
    "lstm.s1.title": ("The country stays", "记住国名"),
    "lstm.s1.notice": (
        "Look at the {count} wide columns, units {units}. At *france* most of them take new "
        "values. Below it all keep their colour, to the end: here the LSTM holds the country. It "
        "says *{said}* ({p}).",
        "看左边 {count} 列宽的，即隐藏单元 {units}。读到 *france*，其中大多数换成新的值，此后各列"
        "颜色一直不变，直到句末：国名就记在这里。LSTM 预测 *{said}*（{p}）。",
    ),
    "lstm.s2.title": ("Over twenty words", "相隔二十多个词"),
    "lstm.s2.notice": (
        "The wide columns keep their colour over more than twenty words, and the LSTM gives "
        "*{right}* {right_p}. No column of the plain RNN keeps its colour. It gives *{right}* "
        "{right_q}.",
        "隔了二十多个词，几列宽的颜色仍然不变，LSTM 给 *{right}* 的概率是 {right_p}。普通 RNN 没"
        "有一列能保持颜色，它只给 *{right}* {right_q}。",
    ),
    "lstm.s3.title": ("Another country", "换一个国家"),
    "lstm.s3.notice": (
        "Below are the {count} units at the end of the first sentence, with *france*, and of this "
        "one. Three have the same colour, one has another: together they spell the country, as "
        "digits spell a number. Give them the values of *france*, and the language follows.",
        "下面是读完第一句（*france*）和读完这一句时的 {count} 个单元：三格颜色相同，一格不同。它们合"
        "起来表示一个国家，就像几位数字合成一个数。把它们改成 *france* 的值，预测的语种就跟着变。",
    ),
    "lstm.s4.title": ("The forget gate", "遗忘门"),
    "lstm.s4.notice": (
        "The map shows the forget gates. Where it is {low}, a unit forgets. Some of the wide "
        "columns are {low} at *who* and *grew*: there the model writes the same start value, "
        "whatever the sentence. At *france* some take a new value, and the others add to theirs. "
        "Below it all are {high}, near 1: nothing is lost, not even at the town *boston*.",
        "图中是遗忘门，{low}色表示忘掉。有几列在 *who* 和 *grew* 处变{low}：无论什么句子，模型都"
        "在这里写进同样的起始值。读到 *france*，有的列换成新值，有的在原值上累加。此后几列宽的全是"
        "{high}色，接近 1：什么也不丢，读到城市 *boston* 也一样。",
    ),
    "lstm.s5.title": ("The output gate", "输出门"),
    "lstm.s5.notice": (
        "The map shows the output gates. From *france* to *piano* the wide columns are mostly "
        "{low}: the units hold the country and hardly show it. At *speaks* all {count} gates "
        "open: the language is near.",
        "图中是输出门。从 *france* 到 *piano*，几列宽的大多是{low}色：单元记着国名，却几乎不显露"
        "。到了 *speaks*，{count} 个门全部打开：语种快到了。",
    ),
    "lstm.s6.title": ("A short memory will do", "记性短也够用"),
    "lstm.s6.notice": (
        "Only *speaks fluent* stands between. The plain RNN gives *{right}* {right_q}, the LSTM "
        "{right_p}. A short memory goes far enough here. In the first sentence, with three words "
        "more between, the plain RNN gives *french* {first_q}.",
        "中间只隔着 *speaks fluent*。普通 RNN 给 *{right}* 的概率是 {right_q}，LSTM 是 {right_p}"
        "。记性短，这里也够用。第一句多隔三个词，普通 RNN 给 *french* 的概率就只有 {first_q}。",
    ),
    "lstm.s7.title": ("Two countries", "两个国名"),
    "lstm.s7.notice": (
        "No sentence of the corpus has two countries. Here *spain* comes on top of what is left "
        "of *france*, and the LSTM says *{said}* ({p}). That is no rule. With other pairs it often "
        "names a third language: type *china* for *france*, and *denmark* for *spain*.",
        "语料里没有一句话出现过两个国名。这里 *spain* 叠加在 *france* 的残余上，LSTM 预测 "
        "*{said}*（{p}）。这并不是规律：换成别的两个国名，它常常说出第三个语种。把 *france* 换成 "
        "*china*，*spain* 换成 *denmark*，试试看。",
    ),
    "lstm.s8.title": ("No country", "没有国名"),
    "lstm.s8.notice": (
        "This sentence has no country, and still the LSTM says *{said}* ({p}). It reads the wide "
        "columns as they happen to be. A high probability is no proof that the model knows.",
        "这个句子里没有国名，LSTM 却照样预测 *{said}*（{p}）：那几列碰巧是什么值，它就读出什么。"
        "答得肯定，不等于有根据。",
    ),
    "lstm.s9.title": ("One miner or more", "单数还是复数"),
    "lstm.s9.notice": (
        "The units are sorted by what they know of the verb. Unit {verb_unit}, the wide column, "
        "tells *miners* from *miner*, and from *up* on it keeps its value. The LSTM gives "
        "*speak* {speak} and *speaks* {speaks}. Turn the sign of that one number, and the verb "
        "changes.",
        "这里按单元对动词单复数的了解来排列。宽的一列是单元 {verb_unit}，它区分 *miners* 和 "
        "*miner*，从 *up* 起一直保持同一个值。LSTM 给 *speak* {speak}，给 *speaks* {speaks}。把这"
        "一个数变号，动词就变了。",
    ),
    "lstm.s10.title": ("The sentence ends", "句子结束"),
    "lstm.s10.notice": (
        "The map shows the forget gates. `<eos>` ends the first sentence. Nobody sets the state "
        "to zero there: the network forgets by itself. At the lower `<eos>` the wide columns are "
        "{low}, and the country is gone.",
        "图中是遗忘门。下面那个 `<eos>` 表示第一句结束。这里没有人把状态清零，是网络自己忘掉的："
        "几列宽的在那里都变{low}，国名就没了。",
    ),
    "lstm.light": ("light", "浅"),
    "lstm.dark": ("dark", "深"),
    "lstm.try_clear": ("Clear these units, and see", "把这些单元清零，看看会怎样"),
    "lstm.result": ("After the change the LSTM gives {text}.", "改动之后，LSTM 给出 {text}。"),
    "lstm.zero": (
        "Zero is a value too. No country has it, and *finland* comes nearest. So the LSTM still "
        "names a language, after most countries *finnish*.",
        "零也是一个值。没有哪个国家恰好是零，最接近的是 *finland*。所以 LSTM 还是会说出一个语种，对"
        "大多数国家，说的是 *finnish*。",
    ),
    "lstm.try_turn": ("Turn its sign at *france*", "在 *france* 处把它变号"),
    "lstm.try_pretend": ("Give them *france*", "改成 *france* 的值"),
    "lstm.own": ("Or type a sentence", "或者自己写一句"),
    "lstm.read": ("Read", "读"),
    "lstm.own_title": ("Your sentence", "你的句子"),
    "lstm.own_notice": (
        "The model knows the {known} words of the corpus. Follow a column downwards: does it "
        "keep its colour, and what changes it?",
        "模型只认识语料里的 {known} 个词。顺着一列往下看：它的颜色保持不变吗？是什么让它改变？",
    ),
    "lstm.unknown": (
        "Not in the vocabulary, read as `<unk>`: {words}",
        "不在词典里，当作 `<unk>` 读：{words}",
    ),
    "lstm.known": (
        "The corpus knows sentences such as: *{sentence}*",
        "语料里的句子是这样的：*{sentence}*",
    ),
    "lstm.take": ("Read it", "读这一句"),
    "lstm.vocabulary": (
        "All {count} words that the models know",
        "两个模型认识的全部 {count} 个词",
    ),
    # The maps.
    "lstm.quantity": ("What the map shows", "图中显示什么"),
    "lstm.C.name": ("cell state", "单元状态"),
    "lstm.h.name": ("output", "输出"),
    "lstm.f.name": ("forget gate", "遗忘门"),
    "lstm.i.name": ("input gate", "输入门"),
    "lstm.o.name": ("output gate", "输出门"),
    "lstm.C.text": ("what the unit holds", "单元记着的值"),
    "lstm.h.text": ("what the unit shows", "单元显露的值"),
    "lstm.f.text": ("how much of C stays", "C 保留多少"),
    "lstm.i.text": ("how much is let in", "放进多少新内容"),
    "lstm.o.text": ("how much is shown", "显露多少"),
    "lstm.order": ("Sort the units by", "单元按此排列"),
    "lstm.by.country": ("the country", "国名"),
    "lstm.by.verb": ("the number of the verb", "动词的单复数"),
    "lstm.by.number": ("their numbers", "编号"),
    "lstm.play": ("▶ Read word by word", "▶ 逐词读"),
    "lstm.stop": ("■ Stop", "■ 停"),
    "lstm.back": ("Previous word", "上一个词"),
    "lstm.forth": ("Next word", "下一个词"),
    "lstm.left": ("Previous unit", "前一个单元"),
    "lstm.right": ("Next unit", "后一个单元"),
    "lstm.model.lstm": ("LSTM", "LSTM"),
    "lstm.model.rnn": ("plain RNN", "普通 RNN"),
    "lstm.head.word": ("read", "读到"),
    "lstm.head.next": ("next word", "下一个词"),
    "lstm.head.rnn": ("plain RNN", "普通 RNN"),
    "lstm.head.rnn_map": ("its output h, −1 to 1", "它的输出 h，−1 到 1"),
    "lstm.strip.country": (
        "how far the country decides a unit's C, before the verb",
        "动词之前，C 在多大程度上由国名决定",
    ),
    "lstm.strip.verb": (
        "how far the subject's number decides a unit's C, before the verb",
        "动词之前，C 在多大程度上由主语的单复数决定",
    ),
    "lstm.others": ("the other {count} units", "其余 {count} 个单元"),
    "lstm.all": ("all {count} units", "全部 {count} 个单元"),
    "lstm.keys": (
        "Map of words and units. Arrow keys move, Delete clears C there, Escape undoes all "
        "changes.",
        "词与单元的图。方向键移动，Delete 把该处的 C 清零，Escape 撤销全部改动。",
    ),
    "lstm.tip": (
        "unit {unit} at {word}: C {C}, h {h}, f {f}, i {i}, o {o}",
        "单元 {unit}，{word} 处：C {C}，h {h}，f {f}，i {i}，o {o}",
    ),
    # The panels.
    "lstm.unit": ("Unit {unit}", "单元 {unit}"),
    "lstm.unit_holds.country": (
        "Unit {unit}, one of the {count} that hold the country",
        "单元 {unit}，合记国名的 {count} 个单元之一",
    ),
    "lstm.unit_holds.verb": ("Unit {unit} holds the number", "单元 {unit} 记着单复数"),
    "lstm.unit_facts": (
        "Before the verb, the country decides {country} of the variance of its C, and the "
        "subject's number {verb}. From the country to the language its forget gate is {kept} on "
        "average.",
        "动词之前，它的 C 的方差有 {country} 由国名决定，{verb} 由主语的单复数决定。从国名到语种，"
        "它的遗忘门平均为 {kept}。",
    ),
    "lstm.chart": (
        "Gates and cell state of unit {unit}, word by word",
        "单元 {unit} 逐词的门和单元状态",
    ),
    "lstm.slider": (
        "C of unit {unit} at *{word}*: {value}",
        "单元 {unit} 在 *{word}* 处的 C：{value}",
    ),
    "lstm.clear": ("Clear (C = 0)", "清零（C = 0）"),
    "lstm.undo": ("Undo at this word", "撤销此处改动"),
    "lstm.undo_all": ("Undo all", "全部撤销"),
    "lstm.holding": (
        "Units {units} hold the country. Change their C at *{country}*, and watch the end of the "
        "sentence. A line marks what the LSTM said before.",
        "单元 {units} 记着国名。改动它们在 *{country}* 处的 C，看句末怎样变。竖线是改动之前 LSTM "
        "的预测。",
    ),
    "lstm.no_country": ("This sentence has no country to forget.", "这个句子里没有国名可忘。"),
    "lstm.forget": ("Clear them at {country}", "在 {country} 处清零"),
    "lstm.pretend": ("or let them hold", "或改成"),
    "lstm.another": ("another country", "另一个国家"),
    "lstm.end": ("The next word after the end, *{word}*", "句末 *{word}* 之后的词"),
    "lstm.next": ("The next word after *{word}*", "*{word}* 之后的词"),
    "lstm.onward": ("Click a word to go on with it from here.", "点一个词，就从这里接着写下去。"),
    # The models.
    "lstm.models": ("The two models", "两个模型"),
    "lstm.trained": (
        "Both models have one layer and were trained on the corpus that ships. The LSTM is one of "
        "seven trainings, chosen because it shows the most. In five of the seven all languages "
        "are right. These are the commands:",
        "两个模型都只有一层，用项目自带的语料训练。这个 LSTM 是从七次训练里挑出来的，因为它最便于观"
        "察；七次里有五次全部答对。命令如下：",
    ),
    "lstm.try": ("The same LSTM answers on the command line:", "也可以在命令行里问同一个 LSTM："),
    "lstm.table": (
        "How often each finds the language, in the validation and the test text:",
        "在验证文本和测试文本中，各自预测对语种的比例：",
    ),
    "lstm.table.between": ("words between", "相隔词数"),
    "lstm.table.asked": ("sentences", "句数"),
    "lstm.table.lstm": ("LSTM", "LSTM"),
    "lstm.table.rnn": ("plain RNN", "普通 RNN"),
    "lstm.guessing": (
        "There are sixteen languages: guessing finds 6 %.",
        "共有十六个语种，瞎猜能对 6 %。",
    ),
    "lstm.measured": (
        "The variance of a unit says how much its C differs from sentence to sentence. The country "
        "decides the part of it that goes away among sentences with the same country. That part is "
        "measured in {count} sentences of these texts, which have nine words or more between "
        "country and language. By chance a country decides about {chance} of a unit.",
        "方差表示一个单元的 C 在各个句子之间相差多大。只看国名相同的句子，方差会变小，少掉的那一部分"
        "就是由国名决定的。这里用的是这些文本里的 {count} 个句子，国名与语种之间都隔着九个词以上。"
        "即使毫无关系，国名碰巧也会占到 {chance} 左右。",
    ),
    "lstm.explanation": (
        "The formulas and the code of one step (sections 2.1 and 2.2 of the walkthrough)",
        "一步计算的公式和代码（对照讲解第 2.1 节和第 2.2 节）",
    ),
    "lstm.explanation_model": (
        "These sections speak of another model, that of `python -m study.gates`: its unit 155 is not "
        "a unit of the LSTM above.",
        "这两节讲的是另一个模型，即 `python -m study.gates` 的模型；那里的 155 号单元不在上面的 LSTM "
        "里。",
    ),
    # Side by side.
    "side.name": ("Side by side", "对照阅读"),
    "side.title": ("The script and its notes, side by side", "脚本与讲解，并排对照"),
    "side.lead": (
        "Here is the script with the walkthrough's notes. A blue edge marks the lines that a note is "
        "about. Point at a tensor: all its places light up, and you see its shape there.",
        "这里是脚本和对照讲解，两者逐段对应。标着蓝线的几行，就是那段讲解所讲的代码。"
        "把鼠标移到一个张量上，用到它的地方会全部亮起，并显示它在该处的形状。",
    ),
    "side.way": ("The way of a batch through the script", "一批数据走过的路"),
    "side.shapes": ("Shapes", "形状"),
    "side.size.letters": ("letters", "字母"),
    "side.size.small": ("small", "small"),
    "side.size.medium": ("medium", "medium"),
    "side.size.large": ("large", "large"),
    "side.tensor": ("Choose a tensor", "选一个张量"),
    "side.point": ("Point at a tensor or choose one.", "指向一个张量，或在列表里选一个。"),
    "side.lines": ("lines", "行"),
    "side.parts": ("Parts of the script", "脚本的各部分"),
    "side.part": ("Code {number}. {title}", "代码 {number}：{title}"),
    "side.numbers": ("In numbers", "算一算"),
    "side.watch": ("Watch these numbers in *One batch*", "在“一批数据”里看这些数怎样算出来"),
    "side.departure": (
        "Why the lines marked *Departure* differ (a file of the project: `docs/departures.md`)",
        "标有 *Departure* 的几行为什么不同（项目里的文件 `docs/departures.md`，英文）",
    ),
    "side.errata": ("Errata of the blog here", "博客这一段的勘误"),
    "side.all_errata": (
        "All errata, and how each was checked (a file of the project: `docs/errata.md`)",
        "全部勘误，以及怎样查证（项目里的文件 `docs/errata.zh-CN.md`）",
    ),
    "side.answer": ("The answer", "答案"),
    "side.enlarge": ("⤢ Enlarge", "⤢ 放大"),
    "side.fold": ("Code only", "只看代码"),
    "side.unfold": ("With notes", "显示讲解"),
    # One batch.
    "batch.name": ("One batch", "一批数据"),
    "batch.title": ("One batch, number by number", "一批数据，一个数一个数地算"),
    "batch.lead": (
        "Two rows of three words go through the script's own model: one layer, two units, five words. "
        "Step with the arrows. Click a number, and you see how it comes about. The page shows "
        "four decimals and computes with all. `python -m study.one_batch` prints most of these numbers.",
        "两行，每行三个词，走完脚本里的模型：一层，两个隐藏单元，词典里五个词。用箭头一步步地看；"
        "点一个数，就能看到它是怎么来的。这里显示四位小数，计算时用全部位数。"
        "`python -m study.one_batch` 会打印其中的大部分。",
    ),
    "batch.group.input": ("Input", "输入"),
    "batch.group.forward": ("LSTM", "LSTM"),
    "batch.group.loss": ("Loss", "损失"),
    "batch.group.back": ("Back", "反向"),
    "batch.group.update": ("Update", "更新"),
    "batch.group.next": ("Next", "下一批"),
    "batch.back": ("Step back", "上一步"),
    "batch.forth": ("Next step", "下一步"),
    "batch.play": ("▶ Play", "▶ 播放"),
    "batch.stop": ("■ Stop", "■ 停"),
    "batch.row": ("row {row}", "第 {row} 行"),
    "batch.before": ("state before", "之前的状态"),
    "batch.mean": ("mean of the rows", "两行平均"),
    "batch.after": ("after the update", "更新之后"),
    "batch.choose": ("Click a number to work it out.", "点一个数，看它怎样算出来。"),
    "batch.two_ways": (
        "The first sum comes from the scores of this word, the second from the gates of the next one.",
        "第一个和来自这个词的得分，第二个和来自下一个词的门。",
    ),
    "batch.last_word": (
        "No word follows in the batch, so it comes from the scores of this word alone.",
        "这一批里后面没有词了，所以它只来自这个词的得分。",
    ),
    "batch.elsewhere": (
        "The weights in this line stand in the tables of steps 1 to {step}.",
        "式中的权重见第 1 到 {step} 步的表。",
    ),
    "batch.close": ("Close the working", "收起算式"),
    "batch.adds_up": (
        "Six positions used this weight: what comes back from each of them is added up.",
        "六个位置都用到这个权重，各处传回来的梯度加在一起。",
    ),
    "batch.not_read": (
        "This batch has not read the word, so its row stays.",
        "这一批没有读到这个词，它的那一行不变。",
    ),
    "batch.weights.values": ("The weights", "权重"),
    "batch.weights.gradients": ("The gradients of the weights", "权重的梯度"),
    "batch.weights.clipped": ("The clipped gradients", "裁剪后的梯度"),
    "batch.weights.updated": ("The weights after the update", "更新之后的权重"),
    "batch.squares": ("The sum of the squares of each gradient", "各个梯度的平方和"),
    "batch.norm": ("Global norm:", "全局范数："),
    "batch.factor": ("Factor:", "系数："),
    "batch.factor_of_5": ("With the 5 of small:", "若像 small 那样取 5："),
    "batch.largest": ("max_grad_norm", "max_grad_norm"),
    "batch.of_small": ("that of small", "small 的"),
    "batch.start_from": ("The state before the next batch", "下一批之前的状态"),
    "batch.carried_state": ("state carried", "传状态"),
    "batch.zero_state": ("state of zeros", "从零开始"),
    "batch.cost_before": ("cost before", "更新前的 cost"),
    "batch.cost_after": ("cost after", "更新后的 cost"),
    "batch.which.unit": (
        "{name}, row {row}, {word}, unit {unit}",
        "{name}，第 {row} 行，{word}，第 {unit} 号单元",
    ),
    "batch.which.score": (
        "{name} of {other}, row {row}, after {word}",
        "{other} 的 {name}，第 {row} 行，{word} 之后",
    ),
    "batch.which.word": ("{name}, row {row}, after {word}", "{name}，第 {row} 行，{word} 之后"),
    "batch.which.state": (
        "{name} before the batch, row {row}, unit {unit}",
        "这一批之前的 {name}，第 {row} 行，第 {unit} 号单元",
    ),
    # The steps: titles, and what to notice.
    "batch.words.title": ("Words become ids", "词变成编号"),
    "batch.words.text": (
        "The text has sixteen words. The reader cuts it into two rows and gives each word its id. "
        "Frequent words come first; among words of one frequency, the alphabet decides.",
        "文本共有十六个词。读取程序把它切成两行，并给每个词一个编号：出现次数多的排在前面，次数相同的按字母排。",
    ),
    "batch.batch.title": ("A batch is a window", "一批就是一个窗口"),
    "batch.batch.text": (
        "A window of three words lies on both rows. The solid frame has the inputs, the dashed frame "
        "the targets: the same words, one later. The state before the text is zero.",
        "窗口宽三个词，同时罩在两行上。实线框是输入；虚线框是目标，也就是往后挪一个词。文本开头的状态是零。",
    ),
    "batch.rows.title": ("Ids become vectors", "编号变成向量"),
    "batch.rows.text": (
        "Each id picks its row of `embedding`. Both rows of the batch begin with *the*, so both get "
        "the same x there. Look at *sat*, too.",
        "每个编号从 `embedding` 里取出自己的那一行。两行都以 *the* 开头，得到的 x 相同。*sat* 也一样。",
    ),
    "batch.gates.title": ("The first word: the gates", "第一个词：门"),
    "batch.gates.text": (
        "x and the old h go through one matrix, `kernel`. A sigmoid makes the gates i, f and o. A tanh "
        "makes the new input C̃. Unit 0 lets in {i} of it.",
        "x 和旧的 h 一起乘以同一个矩阵 `kernel`。sigmoid 得到门 i、f、o，tanh 得到新的输入 C̃。"
        "第 0 号隐藏单元放进其中的 {i}。",
    ),
    "batch.state.title": ("The first word: the state", "第一个词：状态"),
    "batch.state.text": (
        "The forget gate keeps a part of the old C, the input gate lets in a part of the new. Both rows "
        "started from zero and have read the same word, so they hold the same numbers.",
        "遗忘门留下旧 C 的一部分，输入门放进新输入的一部分。两行都从零开始，读的又是同一个词，所以状态完全相同。",
    ),
    "batch.second.title": ("The second word", "第二个词"),
    "batch.second.text": (
        "C and h come in from the left. Now the rows read different words, *cat* and *dog*, and C of "
        "unit 0 is {cat} above and {dog} below. The weights are the same in every column.",
        "C 和 h 从左边传来。这一次两行读的词不同，上面是 *cat*，下面是 *dog*：第 0 号隐藏单元的 C，"
        "上面是 {cat}，下面是 {dog}。每一列用的都是同样的权重。",
    ),
    "batch.third.title": ("The third word: what the state holds", "第三个词：状态记住了什么"),
    "batch.third.text": (
        "Both rows read *sat*, with the same x. Still C of unit 0 is {sat0} above and {sat1} below. "
        "The state holds what was read before.",
        "两行读的都是 *sat*，x 相同，第 0 号隐藏单元的 C 却不同：上面是 {sat0}，下面是 {sat1}。"
        "状态记着前面读过什么。",
    ),
    "batch.logits.title": ("A score for each word", "每个词一个得分"),
    "batch.logits.text": (
        "Multiply h by `softmax_w` and add `softmax_b`: each of the five words gets a score. "
        "Blue is above zero, orange below.",
        "h 乘以 `softmax_w`，再加上 `softmax_b`：每个位置给五个词各打一个分。蓝色为正，橙色为负。",
    ),
    "batch.p.title": ("Scores become probabilities", "得分变成概率"),
    "batch.p.text": (
        "Take exp of each score, and divide it by the sum of all five. The frame marks the target. After "
        "*the* in row 0 comes *cat*, and the model gives it {p}.",
        "每个得分取 exp，再除以五个的和。框出的是目标。第 0 行 *the* 之后是 *cat*，模型给它的概率是 {p}。",
    ),
    "batch.loss.title": ("One number: the cost", "合成一个数：总损失"),
    "batch.loss.text": (
        "The loss of a word is -log p of its target. Take the mean of the two rows in each column, and "
        "add up the columns: the cost is {cost}. A guess among five words has a perplexity of 5, this "
        "model has {perplexity}.",
        "先算每个目标的 -log p，各列取两行的平均，再把三列相加，就是总损失（cost）{cost}。"
        "在五个词里瞎猜，困惑度是 5；这个模型是 {perplexity}。",
    ),
    "batch.scores_back.title": ("Back: the scores", "反向：得分"),
    "batch.scores_back.text": (
        "The derivative of the cost by a score is the probability, less 1 at the target, divided by the "
        "two rows. Only the target's bar is orange: a higher score there lowers the cost.",
        "得分变一点，cost 变多少？等于概率（目标处再减 1）除以行数 2。只有目标那一条是橙色："
        "提高它的得分，cost 就降低。",
    ),
    "batch.third_back.title": ("Back through time: the third word", "沿时间往回：第三个词"),
    "batch.third_back.text": (
        "The gradient goes from the scores to ∂h and ∂C, then to what enters the gates, then to ∂x. It "
        "starts at the last word. ∂x says how the cost changes with the word's vector.",
        "梯度从得分传到 ∂h 和 ∂C，再传到各个门的输入，最后传到 ∂x。从最后一个词开始。∂x 表示词嵌入变一点，"
        "cost 变多少。",
    ),
    "batch.second_back.title": ("Back through time: the second word", "沿时间往回：第二个词"),
    "batch.second_back.text": (
        "Two gradients meet here. One comes from the word's own scores, the other from the third word, "
        "through C and h, against the arrows.",
        "两路梯度在这里会合：一路来自这个词自己的得分，一路从第三个词经 C 和 h 逆着箭头传来。",
    ),
    "batch.first_back.title": ("Back through time: the first word", "沿时间往回：第一个词"),
    "batch.first_back.text": (
        "The first word hears of all three losses. Both rows have read the same word here and computed "
        "the same numbers, but their ∂x differ: other words followed. The gradient ends at the border, "
        "since the state before is a constant.",
        "三个损失都传到了第一个词。两行在这里读的词相同，前向的数也相同，∂x 却不同，因为后面的词不同。"
        "梯度到批的边界为止：之前的状态只是常数。",
    ),
    "batch.weights_back.title": ("The gradients of the weights", "权重的梯度"),
    "batch.weights_back.text": (
        "Every position used the same weights, so each weight adds up what comes back from all six. "
        "The gradient of `embedding` has a row for each word that was read: *the* and *sat* have two.",
        "六个位置用的是同样的权重，各处传回来的梯度加在一起。`embedding` 的梯度是读到一个词就有一行："
        "*the* 和 *sat* 各有两行。",
    ),
    "batch.clip.title": ("Clipping", "裁剪"),
    "batch.clip.text": (
        "The gradients of all weights are one vector of length {norm}. No more than {max} is allowed, so "
        "each number of it is multiplied by {factor}: also ∂x, the rows of the embedding's gradient. "
        "The vector gets shorter and keeps its direction.",
        "所有权重的梯度合起来看成一个向量，长度是 {norm}；允许的最大长度是 {max}，于是其中每个数都乘以 "
        "{factor}，∂x（embedding 梯度的各行）也一样。向量变短，方向不变。",
    ),
    "batch.update.title": ("The update", "更新"),
    "batch.update.text": (
        "Each weight moves by {rate} times its clipped gradient, downhill; *the* and *sat* by the sum of "
        "their two rows. The row of `<eos>` was not read and stays. The same batch now costs {after} instead of {before}.",
        "每个权重减去 {rate} 乘以裁剪后的梯度；*the* 和 *sat* 减去的是两行之和。`<eos>` 没有读到，它的那一行不变。"
        "同一批数据的 cost 从 {before} 降到 {after}。",
    ),
    "batch.next.title": ("The next batch", "下一批"),
    "batch.next.text": (
        "The window moves on by three words. Each row goes on where it stopped, so C and h of its last "
        "word become the state before. Without that, the state is zero again.",
        "窗口往后移三个词。每一行都接着上次停下的地方读，所以最后一个词的 C 和 h 成为“之前的状态”。"
        "不这样传，状态就又是零。",
    ),
    "batch.carried.title": ("Carried, or not", "传，还是不传"),
    "batch.carried.text": (
        "Both rows begin with `<eos>`. Compare the first column. With the state carried, each row has a "
        "prediction of its own. Switch to zeros: the two are the same, and the cost rises from "
        "{carried} to {zero}.",
        "两行都以 `<eos>` 开头，请比较第一列。传状态，两行的预测各不相同；换成从零开始，两行的预测完全一样，"
        "cost 也从 {carried} 升到 {zero}。",
    ),
}
