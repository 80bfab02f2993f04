"""The keys of the language: one table that the loader checks against and the JSON Schema is generated from.

Values only. A key that is not here is a mistake; a new key is one line here and its reading in `sections`.
"""

from __future__ import annotations

import typing
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from runbookctl.language.model import InputType, Risk


class Shape(StrEnum):
    """What a single value is."""

    TEXT = "text"  # shown as it is
    NAME = "name"  # of an input, a step, a finding: lower case, digits, _
    EXPRESSION = "expression"
    TEMPLATE = "template"  # text with ${expression} in it
    DURATION = "duration"
    FLAG = "flag"
    TIME = "time"
    RUNBOOK = "runbook"  # gpu/xid-ecc
    EACH = "each"  # gpu in gpus
    CODE = "code"  # of the catalogue of causes
    LEVEL = "level"  # node, pod, ...
    RISK = "risk"
    LIMIT = "limit"
    INPUT_TYPE = "input type"
    LABEL = "label"  # labels.node, annotations.summary
    MODE = "mode"
    VERDICT = "verdict"
    ANY = "any"  # text or a list of texts
    VALUE = "value"  # a parameter: text, list or mapping, each text a template
    UNDO = "undo"  # keep, impossible, or a list of changes


class Holds(StrEnum):
    """How a key holds its values."""

    ONE = "one"
    MANY = "many"  # a list
    EITHER = "either"  # one or a list
    BY_NAME = "by name"  # a mapping whose keys the author chooses


class Key(Struct, frozen=True):
    """One key: the shape of its value, or the section that its value is."""

    shape: Shape | str
    about: str
    required: bool = False
    holds: Holds = Holds.ONE


RISKS: tuple[str, ...] = typing.get_args(Risk)
INPUT_TYPES: tuple[str, ...] = typing.get_args(InputType)
MODES: tuple[Literal["analyze", "run"], ...] = ("analyze", "run")

SECTIONS: dict[str, dict[str, Key]] = {
    "runbook": {
        "runbook": Key(Shape.RUNBOOK, "The id: the path below runbooks/, without .yaml.", required=True),
        "title": Key(Shape.TEXT, "What kind of incident this is, in one line.", required=True),
        "about": Key(Shape.TEXT, "The question that the runbook answers; `list` prints it."),
        "alerts": Key("alert", "Which alerts start it, and how their labels become inputs.", holds=Holds.MANY),
        "inputs": Key("input", "What a person or an alert says before the first step.", holds=Holds.BY_NAME),
        "each": Key(Shape.EACH, "One judgement per subject of a step: `gpu in gpus`. Other steps join by subject."),
        "when": Key(Shape.EXPRESSION, "The symptom. Where it is false nothing is concluded and nothing more asked."),
        "steps": Key("step", "What is read, in the order in which it is shown. Steps only read.", required=True,
                     holds=Holds.MANY),
        "findings": Key(Shape.EXPRESSION, "Named expressions over readings: true, false or unknown.",
                        holds=Holds.BY_NAME),
        "causes": Key("cause", "Why it happens. The key is a code of the catalogue, or a name of its own with `code`.",
                      required=True, holds=Holds.BY_NAME),
        "remediations": Key("remediation", "What may be done about a cause. Only these may change things.",
                            holds=Holds.BY_NAME),
    },
    "alert": {
        "match": Key(Shape.ANY, "Labels that must match; of several values one is enough.", required=True,
                     holds=Holds.BY_NAME),
        "inputs": Key(Shape.LABEL, "Input -> `labels.NAME` or `annotations.NAME`.", holds=Holds.BY_NAME),
    },
    "input": {
        "type": Key(Shape.INPUT_TYPE, "What the value must be.", required=True),
        "many": Key(Shape.FLAG, "true: a list of values."),
        "required": Key(Shape.FLAG, "false: may be left out; the value is then absent."),
        "default": Key(Shape.ANY, "The value when none is given."),
        "choices": Key(Shape.TEXT, "The values that a `choice` allows.", holds=Holds.MANY),
        "about": Key(Shape.TEXT, "What it means, for the person who is asked."),
    },
    "step": {
        "id": Key(Shape.NAME, "Its name in expressions: the answer of the step.", required=True),
        "title": Key(Shape.TEXT, "What is read, for people. Without it the probe's own line."),
        "probe": Key(Shape.NAME, "What to ask: `gpu.xid` is probes/gpu/xid.py; `list probes` prints them.",
                     required=True),
        "with": Key(Shape.VALUE, "Parameters of the probe; `${expression}` is filled in.", holds=Holds.BY_NAME),
        "timeout": Key(Shape.DURATION, "How long an answer may take."),
    },
    "cause": {
        "code": Key(Shape.CODE, "The code of the catalogue, where the key is a name of its own."),
        "about": Key(Shape.LEVEL, "What it is about: a level of the item (node, pod, ...). Without it the item."),
        "because": Key(Shape.EXPRESSION, "The proof. `not x` in it needs x to be known false.", required=True),
        "unless": Key(Shape.EXPRESSION, 'Rules it out where true. Where unknown the cause stands, "not ruled out".'),
        "summary": Key(Shape.TEMPLATE, "One sentence with the values that matter: `GPU ${lost.pci} is gone`."),
        "explains": Key(Shape.CODE, "Codes of causes that are then symptoms of this one.", holds=Holds.MANY),
        "remediate": Key(Shape.NAME, "Remediations to propose, in this order.", holds=Holds.MANY),
    },
    "remediation": {
        "title": Key(Shape.TEMPLATE, "What is done, in one line.", required=True),
        "when": Key(Shape.EXPRESSION, "Proposed, approved and applied only while this is true."),
        "risk": Key(Shape.RISK, "none, low, medium or high: the site policy turns it into approvers.", required=True),
        "touches": Key(Shape.TEMPLATE, "The lock: one change at a time on this subject, `node/${gpu.node}`."),
        "limit": Key(Shape.LIMIT, "Circuit breaker over all runs: `1 node at a time`, `5% of nodes per 1h`."),
        "do": Key("change", "The changes, one after the other.", required=True, holds=Holds.MANY),
        "verify": Key("verify", "The proof of the fix."),
        "then": Key("change", "Changes after the proof, such as uncordon.", holds=Holds.MANY),
    },
    "change": {
        "change": Key(Shape.NAME, "What to change: `k8s.cordon` is changes/k8s/cordon.py; `manual` asks a person.",
                      required=True),
        "with": Key(Shape.VALUE, "Parameters of the change; `${expression}` is filled in.", holds=Holds.BY_NAME),
        "undo": Key(Shape.UNDO, "keep, impossible, or a list of changes. Without it the change's own inverse."),
    },
    "verify": {
        "that": Key(Shape.EXPRESSION, "Must come true; usually the finding, negated.", required=True),
        "within": Key(Shape.DURATION, "How long it may take to come true.", required=True),
        "hold": Key(Shape.DURATION, "How long it must then stay true."),
    },
    "case": {
        "name": Key(Shape.TEXT, "What the recording shows, in one line.", required=True),
        "given": Key("piece", "The evidence: files beside this one, or `text`.", required=True, holds=Holds.MANY),
        "inputs": Key(Shape.ANY, "Inputs of the runbook.", holds=Holds.BY_NAME),
        "at": Key(Shape.TIME, "The time of the evidence, where it does not name one itself."),
        "mode": Key(Shape.MODE, "analyze (the evidence is what there is) or run (steps without evidence failed)."),
        "expect": Key("expected", "What must come out. What is left out is not compared.", required=True),
    },
    "piece": {
        "file": Key(Shape.TEXT, "A file, relative to the test file."),
        "text": Key(Shape.TEXT, "The evidence itself."),
        "name": Key(Shape.TEXT, "The file name to take it for, where it helps to recognise it."),
    },
    "expected": {
        "verdict": Key(Shape.VERDICT, "causes, clear or unknown."),
        "causes": Key("expected cause", "Exactly these causes: codes, or more about each.", holds=Holds.MANY),
        "absent": Key(Shape.CODE, "Codes that must not be concluded, where `causes` is not given.", holds=Holds.MANY),
        "unknown": Key(Shape.TEXT, "Steps that must be listed as missing, or words of what is.", holds=Holds.MANY),
        "remediations": Key(Shape.NAME, "Exactly these remediations are proposed.", holds=Holds.MANY),
    },
    "expected cause": {
        "code": Key(Shape.CODE, "Its code.", required=True),
        "root": Key(Shape.FLAG, "true: a root cause; false: a symptom of another one."),
        "subject": Key(Shape.TEXT, "What it is about, as it is printed: container/ml/trainer-0/app."),
        "not_ruled_out": Key(Shape.TEXT, "Words of what could still rule it out; an empty list: nothing.",
                             holds=Holds.MANY),
    },
    "translation": {
        "title": Key(Shape.TEXT, "The runbook's title."),
        "about": Key(Shape.TEXT, "The runbook's question."),
        "inputs": Key(Shape.TEXT, "Input -> what it means.", holds=Holds.BY_NAME),
        "steps": Key(Shape.TEXT, "Step -> its title.", holds=Holds.BY_NAME),
        "causes": Key(Shape.TEMPLATE, "Cause -> its summary, with the same ${expressions} at hand.",
                      holds=Holds.BY_NAME),
        "remediations": Key(Shape.TEMPLATE, "Remediation -> its title.", holds=Holds.BY_NAME),
    },
}  # fmt: skip

SHORTHAND = {"piece": Shape.TEXT, "expected cause": Shape.CODE}
"""Sections that one word may stand for: a file name, a code."""

ARTICLES = {"alert": "an alert", "input": "an input", "expected": "an expectation", "expected cause": "a cause"}


def a(section: str) -> str:
    """Name a section in a sentence: `a step`, `an input`."""
    return ARTICLES.get(section, f"a {section}")


MISPLACED = {
    ("step", "change"): "steps only read; changes stand under remediations",
    ("step", "run"): "a step asks a probe; commands are probes of their own",
    ("step", "command"): "a step asks a probe; commands are probes of their own",
    ("step", "shell"): "there is no shell; a step asks a probe",
    ("step", "needs"): "names are the wires: a step waits for the names that its `with` uses",
    ("step", "depends"): "names are the wires: a step waits for the names that its `with` uses",
    ("step", "register"): "the id of a step is the name of its answer",
    ("step", "when"): "the symptom stands once, under `when` of the runbook",
    ("step", "if"): "the symptom stands once, under `when` of the runbook",
    ("cause", "when"): "`because` is the proof and `unless` rules it out",
    ("cause", "if"): "`because` is the proof and `unless` rules it out",
    ("change", "verify"): "`verify` stands under the remediation, once for all its changes",
    ("remediation", "undo"): "each change under `do` says how it is undone",
    ("remediation", "approvers"): "the site policy turns the risk into approvers",
    ("remediation", "approvals"): "the site policy turns the risk into approvers",
}
"""What people write from habit, and where its meaning lives here."""
