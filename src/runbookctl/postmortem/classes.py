"""Section 16: what a class of incident needs beyond the rest: GPU and inference, model output, security, drill.

Pure. The class follows from the families of the causes; nothing here decides that a duty does not apply.
Source: design notes, postmortem structure, section 6 of the document.
"""

from __future__ import annotations

from runbookctl.catalog import causes
from runbookctl.postmortem.impact import hit
from runbookctl.postmortem.record import Record
from runbookctl.postmortem.sections import Language
from runbookctl.postmortem.words import listed, no_data

_GPU = frozenset({"driver", "gpu-hardware", "interconnect", "throttle", "container-runtime"})
_CLASSES: dict[str, dict[Language, str]] = {
    "gpu": {"en": "GPU and inference", "zh": "GPU 与推理"},
    "ai-output": {"en": "Model output", "zh": "模型输出（偏见或有害内容）"},
    "security": {"en": "Security: isolate, audit, notify", "zh": "安全：隔离、审计、法律合规与通报"},
    "drill": {"en": "Drill", "zh": "演练"},
}
_FIELDS: dict[str, tuple[tuple[str, str], ...]] = {  # English and Chinese; the first two of "gpu" are filled
    "gpu": (
        ("Nodes", "节点"),
        ("GPUs", "GPU"),
        ("UUID, serial number", "UUID、序列号"),
        ("Xid codes, counts, first and last", "Xid 代码、次数、首次与末次"),
        ("ECC, volatile and aggregate", "ECC（易失与累计）"),
        ("Row remapping", "行重映射"),
        ("Driver, CUDA, firmware, before and after", "驱动、CUDA、固件版本（前后）"),
        ("Pods evicted, jobs lost", "被驱逐的 Pod、中断的任务"),
        ("Drained, returned", "腾空与归还时间"),
        ("RMA number, burn-in", "RMA 编号、老化测试"),
    ),
    "ai-output": (
        ("Model id, weights hash, tokenizer", "模型版本：标识、权重哈希、分词器"),
        ("Serving image, quantisation, adapters", "服务镜像、量化、适配器"),
        ("Parameters: now, at the last good state, the difference", "参数变更：当前、上次正常、差异"),
        ("Data replay: set, command, rate before, during, after", "数据回放：样本集、命令、前中后的比例"),
        ("Containment, and who approved it", "控制措施及审批人"),
        ("Layer: data, training, serving, routing", "所在层：数据、训练、服务、路由"),
    ),
    "security": (
        ("Isolated: what, when, by whom; nothing destroyed", "隔离：对象、时间、执行人；未销毁任何内容"),
        ("Audit: logs secured, hashes", "审计：已保全的日志与哈希"),
        ("Chain of custody", "证据保管链"),
        ("Classes of data, number of people, encrypted or not", "数据类别、涉及人数、是否加密"),
        ("Accounts used, first and last access", "所用账号、首次与末次访问"),
        ("Credentials rotated", "已轮换的凭据"),
        ("Moment of awareness, and which notification duties run from it", "知悉时间及由此起算的通报时限"),
        ("Decision to notify, by whom, when", "通报决定、决定人、时间"),
    ),
    "drill": (
        ("Goal, injected fault, started by", "目标、注入的故障、发起人"),
        ("Expected detection and steps", "预期的发现方式与步骤"),
        ("Abort rule", "中止条件"),
        ("Score; what the runbook lacked", "评分；runbook 的缺失之处"),
    ),
}
_FAMILIES = {
    "ai-output": "模型输出", "capacity": "容量", "container-runtime": "容器运行时", "crash": "崩溃",
    "driver": "GPU 驱动",
    "gpu-hardware": "GPU 硬件", "interconnect": "互联", "latency": "延迟", "memory": "内存", "node": "节点",
    "pipeline": "流水线", "scheduling": "调度", "security": "安全", "throttle": "降频",
}  # fmt: skip


def families(record: Record, lang: Language) -> list[str]:
    """Return the families of the root causes, as the header names the class."""
    roots = [causes.find(cause.code) for cause in record.diagnosis.causes if cause.root]
    names = dict.fromkeys(found.family for found in roots if found is not None)
    return [_FAMILIES.get(name, name) if lang == "zh" else name for name in names]


def tables(record: Record, lang: Language) -> list[dict[str, object]]:
    """Return one table per class that applies: its title and rows of name and value."""
    made: list[dict[str, object]] = []
    for name in _applying(record):
        rows = [
            {"name": field[lang == "zh"], "value": known or no_data(lang, "why_not_measured")}
            for field, known in zip(_FIELDS[name], _known(name, record, lang), strict=True)
        ]
        made.append({"title": _CLASSES[name][lang], "rows": rows})
    return made


def _applying(record: Record) -> list[str]:
    found = [causes.find(cause.code) for cause in record.diagnosis.causes]
    kinds = {code.family for code in found if code is not None}
    applying = ["gpu"] if kinds & _GPU or hit(record)["gpu"] else []
    applying += [name for name in ("ai-output", "security") if name in kinds]
    return [*applying, *(["drill"] if record.drill else [])]


def _known(name: str, record: Record, lang: Language) -> list[str]:
    """Return what the record knows of the fields of a class, in their order; empty text for the rest."""
    known = [""] * len(_FIELDS[name])
    if name == "gpu":
        found = hit(record)
        known[0], known[1] = (listed(lang, sorted(found[level]), 20) for level in ("node", "gpu"))
    return known
