"""The nineteen sections of a postmortem: number, stable id, title, and who fills them.

Pure. The ids stand in the document as comments, so that a later rendering can be merged with what people wrote.
Source: design notes, postmortem structure, section 2.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from runbookctl.postmortem.record import Record

Fill = Literal["filled", "drafted", "person"]
Language = Literal["en", "zh"]

MARKS: dict[Fill, dict[Language, str]] = {
    "filled": {"en": "Filled by the program from the record.", "zh": "由程序根据记录填写。"},
    "drafted": {"en": "Drafted by the program, to confirm.", "zh": "由程序起草，待确认。"},
    "person": {"en": "For a person to write.", "zh": "需由人填写。"},
}
"""The origin mark under each heading: which text the program wrote, and which a person."""


class Section(Struct, frozen=True):
    """One section; `id` never changes."""

    number: int
    id: str
    fill: Fill
    en: str
    zh: str

    def title(self, lang: Language) -> str:
        """Return the heading."""
        return self.zh if lang == "zh" else self.en


SECTIONS = (
    Section(0, "header", "filled", "Header", "基本信息"),
    Section(1, "summary", "drafted", "Summary", "摘要"),
    Section(2, "times", "filled", "Key times and durations", "关键时间与时长"),
    Section(3, "impact", "drafted", "Impact", "影响范围"),
    Section(4, "timeline", "drafted", "Timeline", "时间线"),
    Section(5, "detection", "drafted", "Detection", "发现"),
    Section(6, "response", "drafted", "Response and decisions", "响应过程与决策"),
    Section(7, "tried", "filled", "What was tried, what worked", "处置措施及效果"),
    Section(8, "recovery", "filled", "Recovery and proof", "恢复与确认"),
    Section(9, "factors", "person", "Trigger and contributing factors", "诱因与根因（促成因素）"),
    Section(10, "learned", "person", "What went well, what did not, where we got lucky", "做得好的、不足与幸运之处"),
    Section(11, "recurrence", "drafted", "Recurrence", "是否重复发生"),
    Section(12, "actions", "drafted", "Action items", "改进项（行动项）"),
    Section(13, "declined", "person", "Decided not to do", "不做的事项及理由"),
    Section(14, "lessons", "drafted", "Lessons for the knowledge base", "经验与知识库"),
    Section(15, "communications", "person", "Communications", "对内与对外通报"),
    Section(16, "class", "drafted", "Class sections", "专项"),
    Section(17, "evidence", "filled", "Evidence appendix", "证据附录"),
    Section(18, "history", "filled", "Sign-off and history", "评审与修订"),
)


def fill_of(record: Record) -> dict[Fill, tuple[int, ...]]:  # noqa: ARG001 - a record of another kind may fill more
    """Return the section numbers: filled from the record, drafted to confirm, for a person to write."""
    kinds: tuple[Fill, ...] = ("filled", "drafted", "person")
    return {kind: tuple(section.number for section in SECTIONS if section.fill == kind) for kind in kinds}
