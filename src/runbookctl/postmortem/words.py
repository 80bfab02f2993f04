"""The sentences of a document in English and Chinese. Values only; codes, commands and evidence are never translated.

Terms: design notes, postmortem structure, section 8; Chinese verdicts as the command line prints them.
"""

from __future__ import annotations

from runbookctl.postmortem.sections import Language

_EN = {
    # words
    "unknown": "unknown", "no_data": "no data: {why}", "yes": "yes", "no": "no", "none": "none",
    "sep": ", ", "semi": "; ",
    "and_more": "and {n} more", "measured": "measured", "estimated": "estimated", "draft": "draft",
    "second": "second", "minute": "minute", "day": "day", "high": "high", "medium": "medium", "low": "low",
    "signal": "signal", "decision": "decision", "action": "action", "communication": "communication",
    "state change": "state change", "observation": "observation", "note": "note",
    "causes": "CAUSE", "clear": "CLEAR", "verdict_unknown": "UNKNOWN",
    "read": "read", "cut short": "cut short", "missing": "missing", "missing_why": "missing: {why}",
    "skipped": "not asked",
    "kernel": "kernel", "node": "node", "api": "API server", "workload": "workload", "person": "person",
    "live": "read live", "bundle": "from a bundle", "pasted": "pasted", "recording": "from a recording",
    "mode_personal": "personal: the actor's own credentials", "mode_broker": "broker: the service's credentials",
    "asserted": "the name is asserted, not verified", "chat-verified": "the name is verified by the chat service",
    "signed": "signed",
    "risk_none": "none", "risk_low": "low", "risk_medium": "medium", "risk_high": "high",
    # document
    "title": "{run}: {title} (draft)", "drill_title": "DRILL {run}: {title} (draft)",
    "analyze": "what was given was analysed", "drill": "DRILL",
    "drill_says": "This is an exercise. It is counted in no statistics.",
    # milestones and measures
    "m_trigger": "trigger", "m_impact_start": "start of impact", "m_detected": "detected", "m_declared": "declared",
    "m_acknowledged": "acknowledged", "m_diagnosed": "diagnosed", "m_mitigation_started": "mitigation started",
    "m_mitigated": "mitigated", "m_resolved": "resolved", "m_closed": "closed",
    "why_trigger": "the evidence that was read does not say what set it off",
    "why_impact_start": "no proof of a root cause carries a time", "why_impact_clear": "no cause was found",
    "why_detected": "the record holds no alert and no report",
    "why_declared": "the record holds no declaration", "why_acknowledged": "the record holds no acknowledgement",
    "why_diagnosed": "the run did not find a cause", "why_cut_off": "the run has no recorded end",
    "why_mitigation_started": "the run only read; nothing was changed",
    "why_mitigated": "the run only read; nothing was changed", "why_resolved": "nobody has declared it",
    "why_closed": "nobody has declared it", "why_given": "no reason was recorded",
    "by_proof": "beginning by the proof, {ref}", "earlier_sign": "earlier sign {time}, {ref}",
    "by_run": "end of run {run}",
    "not_after": "not after {time} (start of run {run})",
    "d_ttd": "TTD, time to detect", "d_tta": "TTA, time to acknowledge", "d_diagnose": "time to diagnose",
    "d_ttm": "TTM, time to mitigate", "d_ttr": "TTR, time to resolve",
    "d_impact_diagnosed": "start of impact to diagnosis",
    "d_approval": "waiting for approval", "f_approval": "sum of (decision - request)",
    "needs": "not known: {names}", "no_approval": "no approval was asked for",
    "to_precision": "{value}, to the {precision}",
    "disorder": "{later} ({at}) lies before {earlier} ({before}); a note must explain it, it is not repaired",
    # impact
    "i_pod": "pods", "i_container": "containers", "i_node": "nodes", "i_gpu": "GPUs", "i_service": "services",
    "i_workload": "workloads", "i_restarts": "restarts of containers", "u_count": "count", "u_times": "count",
    "i_one": "{what}: {value}",
    "of_asked": "{n} of {all} asked",
    "why_i": "no cause that was found names one", "why_restarts": "no proof counts restarts",
    "i_requests": "requests failed, of all", "i_latency": "latency p50, p99 before, during, after",
    "i_gpu_hours": "GPU hours lost", "i_slo": "error budget used", "i_data_loss": "data lost",
    "why_not_measured": "this run read nothing that measures it", "at_collection": "at {time}",
    "from_to": "{start} to {end}", "from_causes": "causes {codes}", "ref": "{ids}",
    # timeline
    "t_run": "run {run} of {runbook} starts", "t_analyze": "run {run} starts: analysis of what was given",
    "t_read": "{title}: {says}", "t_cut short": "{title}: cut short: {says}", "t_missing": "{title}: missing: {says}",
    "t_skipped": "{title}: not asked: {says}", "t_cause": "{code} is proven on {subject}",
    "t_began": "{code} on {subject} begins, by its evidence", "t_clear": "the run finds nothing wrong in what it read",
    "t_unknown": "the run cannot decide with what it read", "t_mark": "{milestone}: set by {by}",
    "t_automation": "runbookctl", "t_more": "{n} more rows are in the record and not printed here.",
    "t_nothing_before": "The evidence that was read holds nothing with a time before the run began.",
    "t_undated": "Without a time: {n} rows, at the end.", "piece": "{ref} of {form}",
    # summary
    "s_causes": "{n} root causes are proven: {list}.", "s_cause": "One root cause is proven: {list}.",
    "s_one": "{title} ({code}) on {subject}", "s_says": "{one}: {says}",
    "s_clear": "Nothing wrong was found in what was read.", "s_unknown": "What was read does not decide what is wrong.",
    "s_time": "By its proof it began at {began}; the run began at {started} and ended at {ended}.",
    "s_no_time": "The proof carries no time; the run began at {started} and ended at {ended}.",
    "s_no_end": "The run began at {started} and has no recorded end.",
    "s_impact": "Measured in the evidence: {list}.", "s_no_impact": "How many were affected was not measured.",
    "s_missing": "Evidence that is missing: {n}; that could change the verdict: {could}.",
    "s_whole": "Nothing that was asked is missing.",
    "s_end": "The run changed nothing; how and when it ended is not in the record.",
    # header
    "h_run": "Run", "h_runbook": "Runbook", "h_severity": "Severity", "h_class": "Class", "h_verdict": "Verdict",
    "h_state": "State", "h_owner": "Owner of this document", "h_approvers": "Approvers", "h_drill": "Drill",
    "h_started": "Run started", "h_ended": "Run ended", "h_actor": "Run by", "h_mode": "Mode", "h_inputs": "Inputs",
    "h_evidence": "Evidence", "h_version": "Tool", "h_stored": "Journal", "h_hash": "Record",
    "why_severity": "nobody has set one", "why_class": "no cause was found", "why_owner": "nobody is named",
    "why_approvers": "nothing was changed", "why_actor": "the record names nobody", "why_ended": "it was cut off",
    "actor_says": "{actor} ({strength})", "counted": "pieces: {n}; cut short: {cut}; missing: {missing}",
    "stored": "stored", "not_stored": "not stored: this document cannot be rendered again from a journal",
    # detection
    "q_how": "How it was found", "q_first": "Earliest sign in the evidence", "q_run": "First recorded act",
    "q_gap": "From the earliest sign to the run", "q_ignored": "Alerts that fired and were not acted on",
    "q_sooner": "How it could be found in half the time", "why_first": "the proof carries no time",
    "why_ignored": "no alert was read", "why_sooner": "a person has to say", "run_by": "{time}, run {run} by {actor}",
    "nobody": "somebody whom the record does not name", "at_ref": "{time}, {ref}",
    # response
    "q_roles": "Roles, and since when", "q_approvals": "Approvals, by whom, how long waited for",
    "q_escalation": "Escalation", "q_communication": "Communication sent", "q_surprises": "What was surprising",
    "q_notes": "Notes", "why_roles": "the record names none", "why_escalation": "the record holds none",
    "why_communication": "the record holds none", "why_surprises": "a person has to say",
    "why_notes": "nobody wrote one", "why_findings": "no finding was judged",
    "notes_counted": "{n}, in the timeline", "on": "on {subjects}",
    # tried
    "step_mode": "read only", "why_steps": "the record holds no step",
    # factors
    "root": "root", "symptom": "symptom of {codes}", "why_written": "nobody has written this section yet",
    "why_causes": "the run found no cause", "because": "{names}", "at_proof": "{id} {field}: {value}",
    # recurrence, actions, lessons
    "why_recurrence": "one run alone holds no earlier incident to compare with",
    "why_actions": "the record suggests none", "k_mitigate": "mitigate", "k_detect": "detect",
    "a_close": "Close a gap in the evidence: {what}: {why}", "a_answers": "the command of this item answers",
    "why_due": "nobody has set one", "why_done": "the runbook names no proof", "why_verify": "nobody is named",
    "open": "open, to confirm", "a_more": "{n} more drafts are left out: a list that long is not worked off.",
    "why_lessons": "every piece of evidence that was asked for was read",
    # appendix
    "left_out": "{bytes} and {lines} lines of {whole} left out{harmless}", "harmless": ", of which no reader reads any",
    "whole_hash": "; keyed hash of the whole {hash}", "whole": "whole", "redacted": "{n} redacted",
    "why_evidence": "the record holds none", "why_chain": "the record names no hash chain",
    "chain": "head {chain}, unanchored: it shows an edit, not a cut tail or a chain rebuilt by its owner",
    "why_clock": "clock offsets were not measured; times are those of the machines that wrote them",
    "why_request": "it was not asked for by a request", "more_evidence": "{n} more pieces are in the record.",
    "why_excerpts": "the proof holds no line of text", "more_lines": "{n} more lines are in the record.",
    # history
    "st_draft": "draft", "st_in_review": "in review", "st_reviewed": "reviewed", "st_closed": "closed",
    "by_tool": "runbookctl {version}, from run {run}", "why_not_yet": "not yet",
}  # fmt: skip

_ZH = {
    "unknown": "未知", "no_data": "无数据：{why}", "yes": "是", "no": "否", "none": "无", "sep": "、", "semi": "；",
    "and_more": "另有 {n} 项", "measured": "实测", "estimated": "估算", "draft": "草稿",
    "second": "秒", "minute": "分钟", "day": "天", "high": "高", "medium": "中", "low": "低",
    "signal": "信号", "decision": "决策", "action": "操作", "communication": "沟通",
    "state change": "状态变化", "observation": "观察", "note": "备注",
    "causes": "根因", "clear": "未见异常", "verdict_unknown": "无法判定",
    "read": "已读取", "cut short": "被截断", "missing": "缺失", "missing_why": "缺失：{why}", "skipped": "未询问",
    "kernel": "内核", "node": "节点", "api": "API 服务器", "workload": "工作负载", "person": "人工",
    "live": "实时读取", "bundle": "来自归档包", "pasted": "粘贴", "recording": "来自录制",
    "mode_personal": "personal：使用操作者本人的凭据", "mode_broker": "broker：使用服务的凭据",
    "asserted": "姓名为自报，未经核实", "chat-verified": "姓名已由聊天平台核实",
    "signed": "已签名",
    "risk_none": "无", "risk_low": "低", "risk_medium": "中", "risk_high": "高",
    "title": "{run} {title}（草稿）", "drill_title": "演练 {run} {title}（草稿）", "analyze": "对所提供内容的分析",
    "drill": "演练",
    "drill_says": "本次为演练，不计入任何统计。",
    "m_trigger": "诱因发生", "m_impact_start": "影响开始", "m_detected": "发现", "m_declared": "宣告",
    "m_acknowledged": "响应", "m_diagnosed": "定位", "m_mitigation_started": "开始处置",
    "m_mitigated": "止损", "m_resolved": "恢复", "m_closed": "关闭",
    "why_trigger": "已读取的证据未说明诱因",
    "why_impact_start": "根因的证据均不带时间", "why_impact_clear": "未发现根因",
    "why_detected": "记录中没有告警，也没有人工上报",
    "why_declared": "记录中没有宣告", "why_acknowledged": "记录中没有响应确认",
    "why_diagnosed": "本次运行未得出根因", "why_cut_off": "本次运行没有结束记录",
    "why_mitigation_started": "本次运行只读取，未做任何变更",
    "why_mitigated": "本次运行只读取，未做任何变更", "why_resolved": "尚无人宣告",
    "why_closed": "尚无人宣告", "why_given": "未记录原因",
    "by_proof": "据证据判定的起点，{ref}", "earlier_sign": "更早的迹象 {time}，{ref}", "by_run": "运行 {run} 结束",
    "not_after": "不晚于 {time}（运行 {run} 开始）",
    "d_ttd": "TTD 发现时长", "d_tta": "TTA 响应时长", "d_diagnose": "定位时长",
    "d_ttm": "TTM 止损时长", "d_ttr": "TTR 恢复时长", "d_impact_diagnosed": "影响开始至定位",
    "d_approval": "审批等待", "f_approval": "各次（决定 - 申请）之和",
    "needs": "缺少以下时间：{names}", "no_approval": "没有申请过审批", "to_precision": "{value}（精确到{precision}）",
    "disorder": "{later}（{at}）早于{earlier}（{before}）；须由人说明，程序不作修正",
    "i_pod": "Pod", "i_container": "容器", "i_node": "节点", "i_gpu": "GPU", "i_service": "服务",
    "i_workload": "工作负载", "i_restarts": "容器重启", "u_count": "个", "u_times": "次",
    "i_one": "{what} {value}", "of_asked": "{n}（共询问 {all} 个）",
    "why_i": "已得出的根因均未涉及", "why_restarts": "证据中没有重启计数",
    "i_requests": "失败请求数与总请求数", "i_latency": "延迟 p50、p99（之前、期间、之后）",
    "i_gpu_hours": "损失的 GPU 时", "i_slo": "消耗的错误预算", "i_data_loss": "数据丢失",
    "why_not_measured": "本次运行没有读取相关度量", "at_collection": "{time} 时",
    "from_to": "{start} 至 {end}", "from_causes": "根因 {codes}", "ref": "{ids}",
    "t_run": "运行 {run} 开始：{runbook}", "t_analyze": "运行 {run} 开始：分析所提供的内容",
    "t_read": "{title}：{says}", "t_cut short": "{title}：被截断：{says}", "t_missing": "{title}：缺失：{says}",
    "t_skipped": "{title}：未询问：{says}", "t_cause": "证实 {code}，对象 {subject}",
    "t_began": "据证据，{code} 开始，对象 {subject}", "t_clear": "本次运行在已读取的内容中未见异常",
    "t_unknown": "凭已读取的内容无法判定", "t_mark": "{milestone}：由 {by} 标记",
    "t_automation": "runbookctl", "t_more": "另有 {n} 行在记录中，此处未列出。",
    "t_nothing_before": "已读取的证据中没有早于本次运行的带时间内容。",
    "t_undated": "另有 {n} 行没有时间，列于末尾。", "piece": "{form} 的 {ref}",
    "s_causes": "已证实 {n} 个根因：{list}。", "s_cause": "已证实 1 个根因：{list}。",
    "s_one": "{subject} {title}（{code}）", "s_says": "{one}，依据：{says}",
    "s_clear": "在已读取的内容中未见异常。", "s_unknown": "凭已读取的内容无法判定出了什么问题。",
    "s_time": "据证据，起点为 {began}；本次运行于 {started} 开始，{ended} 结束。",
    "s_no_time": "证据不带时间；本次运行于 {started} 开始，{ended} 结束。",
    "s_no_end": "本次运行于 {started} 开始，没有结束记录。",
    "s_impact": "证据中实测：{list}。", "s_no_impact": "受影响的数量未测得。",
    "s_missing": "缺少 {n} 项证据，其中 {could} 项可能改变结论。",
    "s_whole": "所询问的内容均已读到。",
    "s_end": "本次运行未做任何变更；事件如何结束、何时结束，记录中没有。",
    "h_run": "运行", "h_runbook": "Runbook", "h_severity": "级别", "h_class": "类别", "h_verdict": "结论",
    "h_state": "状态", "h_owner": "复盘负责人", "h_approvers": "审批人", "h_drill": "演练",
    "h_started": "运行开始", "h_ended": "运行结束", "h_actor": "执行人", "h_mode": "模式", "h_inputs": "输入",
    "h_evidence": "证据", "h_version": "工具", "h_stored": "日志库", "h_hash": "记录",
    "why_severity": "尚未定级", "why_class": "未发现根因", "why_owner": "尚未指定",
    "why_approvers": "未做任何变更", "why_actor": "记录中没有姓名", "why_ended": "运行中断",
    "actor_says": "{actor}（{strength}）", "counted": "{n} 份，其中被截断 {cut} 份，缺失 {missing} 份",
    "stored": "已保存", "not_stored": "未保存：本文档无法再次从日志库生成",
    "q_how": "如何发现", "q_first": "证据中最早的迹象", "q_run": "最早有记录的操作",
    "q_gap": "从最早迹象到本次运行", "q_ignored": "已触发但未处理的告警",
    "q_sooner": "如何把发现时间缩短一半", "why_first": "证据不带时间",
    "why_ignored": "未读取告警", "why_sooner": "须由人说明", "run_by": "{time}，{actor} 执行运行 {run}",
    "nobody": "（记录中未写明的人）", "at_ref": "{time}，{ref}",
    "q_roles": "角色及担任时间", "q_approvals": "审批：审批人与等待时间",
    "q_escalation": "升级", "q_communication": "已发出的通报", "q_surprises": "出乎意料之处",
    "q_notes": "备注", "why_roles": "记录中没有", "why_escalation": "记录中没有",
    "why_communication": "记录中没有", "why_surprises": "须由人说明", "why_notes": "没有人写过备注",
    "why_findings": "没有判断任何发现",
    "notes_counted": "{n} 条，见时间线", "on": "对象 {subjects}",
    "step_mode": "只读", "why_steps": "记录中没有步骤",
    "root": "根因", "symptom": "{codes} 引起的表象", "why_written": "本节尚未填写",
    "why_causes": "本次运行未得出根因", "because": "{names}", "at_proof": "{id} {field}: {value}",
    "why_recurrence": "单次运行的记录中没有可比较的历史事件",
    "why_actions": "记录中没有建议", "k_mitigate": "止损", "k_detect": "发现",
    "a_close": "补上证据缺口：{what}（{why}）", "a_answers": "本项所列命令有应答",
    "why_due": "尚未设定", "why_done": "runbook 未给出验证条件", "why_verify": "尚未指定",
    "open": "未开始，待确认", "a_more": "另有 {n} 条草拟项未列出：清单过长则无法逐项闭环。",
    "why_lessons": "所询问的证据均已读到",
    "left_out": "共 {whole}，略去 {bytes}、{lines} 行{harmless}", "harmless": "，其中没有任何读取器会读的内容",
    "whole_hash": "；全文的带密钥哈希 {hash}", "whole": "完整", "redacted": "已脱敏 {n} 处",
    "why_evidence": "记录中没有", "why_chain": "记录中没有哈希链",
    "chain": "链头 {chain}，未锚定：可发现改动，不能发现尾部被截去，也不能发现所有者重建整条链",
    "why_clock": "未测量时钟偏差；时间以写入机器的时钟为准",
    "why_request": "并非通过请求取得", "more_evidence": "另有 {n} 份在记录中。",
    "why_excerpts": "证据中没有文本行", "more_lines": "另有 {n} 行在记录中。",
    "st_draft": "草稿", "st_in_review": "评审中", "st_reviewed": "已评审", "st_closed": "已关闭",
    "by_tool": "runbookctl {version}，依据运行 {run}", "why_not_yet": "尚未进行",
}  # fmt: skip

_TEXTS: dict[Language, dict[str, str]] = {"en": _EN, "zh": _ZH}


def say(lang: Language, key: str, **values: object) -> str:
    """Return the sentence `key`, its holes filled; values are put in as they are and are no templates."""
    text = _TEXTS[lang][key]
    return text.format(**values) if values else text


def keys(lang: Language) -> frozenset[str]:
    """Return every key of a language."""
    return frozenset(_TEXTS[lang])


def no_data(lang: Language, why: str) -> str:
    """Return how an unknown is printed: `no data: ...`; `why` is a key of this module."""
    return say(lang, "no_data", why=say(lang, why))


def listed(lang: Language, names: list[str], most: int = 3) -> str:
    """Join names, at most `most` of them, and say how many more there are."""
    shown = names[:most]
    if len(names) > most:
        shown = [*shown, say(lang, "and_more", n=len(names) - most)]
    return _TEXTS[lang]["sep"].join(shown)
