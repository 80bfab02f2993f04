"""The text of a new runbook: short, complete, without a mistake, and each line meant to be replaced. Pure."""

from __future__ import annotations

_TEXT = """\
# Check it: runbookctl lint FILE     Probes: runbookctl list probes     Cause codes: runbookctl list causes
runbook: {id}                          # equals the path below runbooks/
title: What kind of incident this is, in one line
about: Which question does this runbook answer?

inputs:
  nodes: {{type: node, many: true}}
  since: {{type: duration, default: 2h}}

each: node in kernel                   # one judgement per subject
when: kills                            # the symptom: where it is false nothing is concluded

steps:                                 # read-only
  - id: kernel
    title: Read OOM kills from the kernel log
    probe: node.kernel_log
    with:
      node: ${{nodes}}
      since: ${{since}}

findings:                              # true, false or unknown; a filter is the list of readings that proves it
  kills:      kernel[kind == "oom_kill"]
  whole_node: kills[scope in ("kubepods", "node")]

causes:                                # the key is a cause code
  node_oom:
    because: whole_node
    summary: The node ran out of memory; ${{whole_node.process}} was killed
    remediate: [tell_owner]

remediations:                          # only these may change something
  tell_owner:
    title: Tell the owner
    risk: none                         # none | low | medium | high
    do:
      - change: notify.message
        with:
          say: "${{node.node}} ran out of memory; ${{whole_node.process}} was killed"
        undo: impossible
"""


def skeleton(runbook: str) -> str:
    """Return the text of a new runbook with that id."""
    return _TEXT.format(id=runbook)
