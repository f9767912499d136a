"""Write `docs/exit-codes.md`: what each exit code means, and every sentence that a refusal may say.

Run it after a sentence has changed: `python scripts/exit_codes.py`. The sentences are those of `confide.words`, in
both languages; the class of each is read from the source. A test says when the page is stale.
"""

import ast
import tomllib
from functools import cache
from pathlib import Path

import confide
from confide import errors

SOURCE = Path(confide.__file__).parent
PAGE = Path(__file__).parents[1] / "docs" / "exit-codes.md"
CLASSES = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.ConfideError)
}
HEAD = """# Exit codes and what refusals say / 退出码与拒绝时的说明

Written by `scripts/exit_codes.py`; do not edit. 本页由程序生成，请勿修改。

| code | | what to do | 该怎么办 |
| --- | --- | --- | --- |
| 0 | done | – | – |
| 1 | a mistake of confide | report it with the code that is printed; nothing of a patient is in it | 请连同所示代码报告；其中不含患者信息 |
| 2 | bad input | mend the file, setting or command that the sentence names | 修正所指的文件、设置或命令 |
| 3 | over budget | ask for less; nothing was spent on what was refused | 减少请求；被拒绝的部分未花费预算 |
| 4 | a gate refused | read the inside edition; nothing is in `outgoing` | 请阅读内部版档案；`outgoing` 中没有内容 |
| 5 | integrity | stop releasing; compare with backup and checkpoint | 停止发布；与备份和检查点核对 |
| 6 | access | another passphrase, key or role is needed | 需要另一口令、密钥或角色 |
| 130 | interrupted | the same command goes on from there | 再次运行同一命令即可继续 |

Every refusal is two lines on the error stream, `confide: error: …` and `confide: hint: …`, or one JSON document with `code`, `sentence`, `hint` and `exit_code` where `--json` was given.
No sentence holds a cell, a note, a name, an id or a key; `{…}` stands for a number, a file, a column or a setting.
"""


def raised() -> dict[str, int]:
    """Return code -> exit code, for every code that the source names.

    A code stands in the call that makes the error; or a function makes an error of a code in a variable: then the
    codes that stand in this function, or in a call of it, are meant.
    """
    found = {kind.code: kind.exit_code for kind in CLASSES.values()}
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py"))]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    for call in calls:
        if call.func.id in CLASSES:
            found |= dict.fromkeys(codes_in(call.args[:1]), CLASSES[call.func.id].exit_code)
    makers = {
        function.name: exits for function in functions if len(exits := exits_of_variables(function)) == 1
    }
    for node in [*functions, *calls]:
        name = node.name if isinstance(node, ast.FunctionDef) else node.func.id
        for code in codes_in([node]) if name in makers else ():
            found.setdefault(code, *makers[name])
    return found


def exits_of_variables(function: ast.FunctionDef) -> set[int]:
    """Return the exit codes of the errors that a function makes of a code in a variable."""
    calls = [
        node for node in ast.walk(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    ours = [
        call for call in calls if call.func.id in CLASSES and call.args and isinstance(call.args[0], ast.Name)
    ]
    return {CLASSES[call.func.id].exit_code for call in ours}


def codes_in(nodes: list[ast.AST]) -> list[str]:
    """Return the codes that are written inside; an f-string stands for all codes that begin like it."""
    inner = [each for node in nodes for each in ast.walk(node) if isinstance(each, ast.Constant)]
    texts = [each.value for each in inner if isinstance(each.value, str) and "." in each.value]
    known = sentences("en")
    return [
        code
        for text in texts
        for code in known
        if code == text or (text[-1] in "-." and code.startswith(text))
    ]


@cache
def sentences(language: str) -> dict[str, dict[str, str]]:
    """Return code -> table, for every table of words that is an error."""
    found = {}
    for path in sorted((SOURCE / "words" / language).glob("*.toml")):
        for key, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if isinstance(table, dict) and "sentence" in table:
                found[f"{path.stem}.{key}"] = table
    return found


def page() -> str:
    """Return the text of `docs/exit-codes.md`."""
    exits, english, chinese = raised(), sentences("en"), sentences("zh")
    lines = [HEAD]
    rooms = dict.fromkeys(code.partition(".")[0] for code in english)
    for room in rooms:
        lines += [
            f"## {room}",
            "",
            "| exit | code | sentence and hint | 说明与提示 |",
            "| --- | --- | --- | --- |",
        ]
        for code in english:
            if code.partition(".")[0] == room:
                both = [f"{told[code]['sentence']}<br>*{told[code]['hint']}*" for told in (english, chinese)]
                cells = [str(exits[code]), f"`{code}`", *(text.replace("|", "\\|") for text in both)]
                lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
