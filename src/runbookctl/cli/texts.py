"""The words of the program in English and Chinese, and how times, durations and numbers are written.

Pure. Codes, field names, evidence, commands and JSON are never translated. The language is never taken from the
locale, so that pasted texts agree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from runbookctl.model import Time

_EN = {
    "causes": "CAUSE", "clear": "CLEAR", "unknown": "UNKNOWN",
    "proof": "Proof", "explains": "Explains", "explains_one": "Explains: {code}  {subject}",
    "suggested": "Suggested", "run": "Run", "next": "Next",
    "could": "Not known, could change the verdict", "cannot": "Not known, cannot change the verdict",
    "not_given": "Not given, could change the verdict", "node_counted": ": 1 node", "nodes_counted": ": {n} nodes",
    "hint": " (--all lists them)", "none_judged": "No runbook found anything of its own in what was given: {what}.",
    "finding_true": "true: {names}", "finding_unknown": "unknown: {names}", "finding_false": "false: {names}",
    "headline_nodes": "{causes} on {hit} of {n} nodes; {clear} clear; {unknown} unknown",
    "headline": "{causes}: {codes}", "one_cause": "1 cause", "many_causes": "{n} causes",
    "clear_given": "Nothing wrong in what was given: {what}.", "clear_run": "{runbook} finds nothing wrong on {what}.",
    "judged": "{n} findings of {runbooks} were judged, none is true.",
    "judged_one": "1 finding of {runbooks} was judged, it is not true.",
    "none_recognised": "Nothing in what was given was recognised.",
    "unreadable": "Not enough was readable to judge {what}.", "not_enough": "Not enough was given to judge {what}.",
    "undecided": "What was read does not decide about {what}.",
    "could_be": "Could be {codes}.", "could_rule_out": "Could rule out {codes}.", "stop": ".",
    "title_why": "{title}: {why}.", "why_not_known": "not known", "why_not_given": "not given",
    "why_not_about": "what was read is not about it", "why_not_asked": "not asked", "for": "On {subjects}.",
    "also_cannot": "{names} (--all tells why)", "other_codes": "{n} other causes",
    "not_judged": "{n} runbooks found nothing of theirs in this text and were not judged (--all)",
    "not_judged_one": "1 runbook found nothing of its own in this text and was not judged (--all)",
    "not_judged_all": "Not judged, nothing of theirs in this text: {names}",
    "more_proof": "{n} more lines of proof (--all lists them)",
    "aside": "Nor were others given: {names} (--all tells why)",
    "more_commands": "{n} commands (--all prints them)",
    "risk": "risk {risk}", "approval": "{n} approval", "approvals": "{n} approvals", "by_person": "by a person",
    "risk_none": "none", "risk_low": "low", "risk_medium": "medium", "risk_high": "high",
    "steps_read": "{read} of {all} steps read", "steps_cut": ", {n} cut short", "pieces": "{n} pieces",
    "piece": "1 piece", "not_stored": "not stored", "sep": ", ", "and": " or ", "parts": ", ",
    "what_was_given": "what was given", "of": "the {form} of {subject}", "the": "the {form}",
    "cut_short": "cut short", "not_recognised": "not recognised", "empty": "empty", "missing_count": "{n} missing",
    "nodes_read": "{n} nodes", "items_read": "{n} of {all} read", "items_running": "{n} of {all}",
    "read_at": "read {time}", "none_true": "none", "on_nodes": "on {n} nodes",
    "stored_steps": "{done} of {all} steps are stored.",
    "plan_nothing": "What would be asked; nothing was sent.", "plan_waits": "after: {steps}",
    "plan_per_item": "once for each item that has the symptom", "plan_more": "and the same {n} times more{on}",
    "pm_filled": "filled from the record", "pm_drafted": "drafted, to confirm", "pm_person": "for a person to write",
    "redactions": "{n} secrets replaced", "left_out": "{lines} lines, {bytes} bytes left out",
    "sb_inputs": "Inputs", "sb_steps": "Steps", "sb_findings": "Findings", "sb_causes": "Causes",
    "sb_remediations": "Remediations",
}  # fmt: skip

_ZH = {
    "causes": "根因", "clear": "未见异常", "unknown": "无法判定",
    "proof": "证据", "explains": "由此引起", "explains_one": "由此引起：{code}  {subject}",
    "suggested": "建议处置", "run": "运行", "next": "下一步",
    "could": "未知，可能改变结论", "cannot": "未知，不影响结论",
    "not_given": "未提供，可能改变结论", "node_counted": "：1 个节点", "nodes_counted": "：{n} 个节点",
    "hint": "（--all 列出）", "none_judged": "没有 runbook 在所提供的内容中找到相关内容：{what}。",
    "finding_true": "成立：{names}", "finding_unknown": "未知：{names}", "finding_false": "不成立：{names}",
    "headline_nodes": "{n} 个节点中 {hit} 个有{causes}；{clear} 个未见异常；{unknown} 个无法判定",
    "headline": "{causes}：{codes}", "one_cause": " 1 个根因", "many_causes": " {n} 个根因",
    "clear_given": "所提供的内容未见异常：{what}。", "clear_run": "{runbook} 在 {what} 上未见异常。",
    "judged": "已判断 {runbooks} 的 {n} 项发现，均不成立。", "judged_one": "已判断 {runbooks} 的 1 项发现，不成立。",
    "none_recognised": "所提供的内容均无法识别。",
    "unreadable": "可读取的内容不足以判断 {what}。", "not_enough": "所提供的内容不足以判断 {what}。",
    "undecided": "已读取的内容不能对 {what} 下结论。",
    "could_be": "可能是 {codes}。", "could_rule_out": "可能排除 {codes}。", "stop": "。",
    "title_why": "{title}：{why}。", "why_not_known": "未知", "why_not_given": "未提供",
    "why_not_about": "已读取的内容与其无关", "why_not_asked": "未询问", "for": "涉及 {subjects}。",
    "also_cannot": "{names}（--all 说明原因）", "other_codes": "其他 {n} 种根因",
    "not_judged": "{n} 个 runbook 在此文本中没有相关内容，未作判断（--all）",
    "not_judged_one": "1 个 runbook 在此文本中没有相关内容，未作判断（--all）",
    "not_judged_all": "未作判断，文本中没有相关内容：{names}",
    "more_proof": "另有 {n} 行证据（--all 列出）",
    "aside": "此外未提供：{names}（--all 说明原因）",
    "more_commands": "{n} 条命令（--all 列出）",
    "risk": "风险 {risk}", "approval": "需 {n} 人审批", "approvals": "需 {n} 人审批", "by_person": "由人执行",
    "risk_none": "无", "risk_low": "低", "risk_medium": "中", "risk_high": "高",
    "steps_read": "{all} 步读取 {read} 步", "steps_cut": "，其中 {n} 步被截断", "pieces": "{n} 份材料",
    "piece": "1 份材料", "not_stored": "未保存", "sep": "、", "and": "、", "parts": "，",
    "what_was_given": "所提供的内容", "of": "{subject} 的 {form}", "the": "{form}",
    "cut_short": "被截断", "not_recognised": "无法识别", "empty": "空", "missing_count": "缺 {n}",
    "nodes_read": "{n} 个节点", "items_read": "{all} 项读取 {n} 项", "items_running": "{n} / {all}",
    "read_at": "读取于 {time}", "none_true": "无", "on_nodes": "，{n} 个节点",
    "stored_steps": "{all} 步中已保存 {done} 步。",
    "plan_nothing": "以下为将要执行的询问，未发送任何请求。", "plan_waits": "在此之后：{steps}",
    "plan_per_item": "对每个有症状的对象各一次", "plan_more": "另有 {n} 次相同的询问{on}",
    "pm_filled": "由记录填写", "pm_drafted": "草稿，待确认", "pm_person": "需由人填写",
    "redactions": "已替换 {n} 处机密", "left_out": "省略 {lines} 行，{bytes} 字节",
    "sb_inputs": "输入", "sb_steps": "步骤", "sb_findings": "发现", "sb_causes": "根因", "sb_remediations": "处置",
}  # fmt: skip

LANGUAGES = {"en": _EN, "zh": _ZH}


def say(lang: str, key: str, **values: object) -> str:
    """Return the text `key` in a language, its holes filled."""
    return LANGUAGES[lang][key].format(**values)


def listed(lang: str, names: Sequence[str]) -> str:
    """Join names: `a, b or c` in English, `a、b、c` in Chinese."""
    if len(names) < 2:
        return "".join(names)
    return LANGUAGES[lang]["sep"].join(names[:-1]) + LANGUAGES[lang]["and"] + names[-1]


def joined(lang: str, names: Sequence[str]) -> str:
    """Join names with the language's comma."""
    return LANGUAGES[lang]["sep"].join(names)


def stamp(time: Time) -> str:
    """Write a time with its date: `2026-11-22 02:47:35Z`."""
    return time.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def clock(time: Time) -> str:
    """Write a time of the run's day: `02:47:35Z`."""
    return time.astimezone(dt.UTC).strftime("%H:%M:%SZ")


def duration(seconds: float, *, digits: int = 2) -> str:
    """Write seconds as a person types them: `0.08s`, `14.6s`, `2m05s`, `1h07m`, `3d4h`.

    Below 10 seconds with `digits` decimals.
    """
    if round(seconds, digits) < 10:
        return f"{seconds:.{digits}f}s"
    if round(seconds, 1) < 60:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    minutes = whole // 60
    if minutes < 24 * 60:
        return f"{minutes // 60}h{minutes % 60:02d}m"
    return f"{minutes // 1440}d{minutes % 1440 // 60}h"


def number(count: int) -> str:
    """Write a count: `4,812`."""
    return f"{count:,}"
