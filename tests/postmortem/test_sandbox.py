"""A site's own template reaches plain values and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from runbookctl.errors import InputError
from runbookctl.postmortem import sandbox
from runbookctl.postmortem.record import Record
from runbookctl.postmortem.render import render

VALUES: dict[str, Any] = {"a": {"b": "x|y {{ 7*7 }}", "items": "key"}, "l": ["1", "2"], "n": 3, "s": "text"}


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("{{ a.b }}", "x\\|y {{ 7\\*7 }}"),
        ("{{ a['b'] }}{{ l[1] }}", "x\\|y {{ 7\\*7 }}2"),
        ("{{ a.items }}", "key"),
        ("{{ code(a.b) }}", "`x`\\|`y {{ 7*7 }}`"),
        ("{{ fence(l) }}", "```text\n1\n2\n```"),
        ("{% for x in l %}{{ loop.index }}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}", "11, 22"),
        ("{% if a.none is defined %}y{% else %}n{% endif %}", "n"),
        ("{% set q = s %}{{ q|upper }}{{ l|length }}", "TEXT2"),
        ("{{ '<b>' }}{# a comment #}", "\\<b\\>"),
        ("{{ a.none|default('-') }}", "\\-"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
    ],
)
def test_a_template_prints_values_as_text(source: str, made: str) -> None:
    """Keys, items, loops, conditions and the two functions work; every value is escaped."""
    assert sandbox.render(source, VALUES) == made


@pytest.mark.parametrize(
    "source",
    [
        "{{ s.__class__ }}", "{{ s['__class__'] }}", "{{ a.__class__ }}", "{{ ''.__class__.__mro__[1].__subclasses__() }}", "{{ l.append(1) }}",
        "{{ a.keys() }}", "{{ s.format(1) }}", "{{ s.join }}", "{{ code.__globals__ }}", "{{ fence.__globals__['markdown'] }}", "{{ code.__code__ }}",
        "{{ s|attr('__class__') }}", "{{ l|map(attribute='__class__')|list }}", "{{ l|sort(attribute='x') }}", "{{ s|format }}", "{{ s|safe }}",
        "{{ s|tojson }}", "{{ self }}", "{{ self.__init__ }}", "{{ self._TemplateReference__context }}", "{{ loop }}",
        "{% for x in l %}{{ loop._iterable }}{% endfor %}", "{% for x in l %}{{ loop }}{% endfor %}", "{% for x in l %}{{ loop.cycle(1) }}{% endfor %}",
        "{% include '/etc/passwd' %}", "{% import 'os' as os %}", "{% from 'os' import path %}", "{% extends 'x' %}", "{% block a %}{% endblock %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{% call code(1) %}{% endcall %}", "{% filter upper %}a{% endfilter %}",
        "{% for x in l recursive %}{{ loop(l) }}{% endfor %}", "{{ lipsum() }}", "{{ range(10) }}", "{{ dict() }}", "{{ cycler }}", "{{ namespace }}",
        "{{ joiner.__init__.__globals__ }}", "{{ 7*7 }}", "{{ s * 1000000000 }}", "{{ n ** n ** n }}", "{{ '%s' % s }}", "{{ s ~ s }}", "{{ s + s }}",
        "{{ n / 0 }}", "{{ s[0:1] }}", "{{ s[0] }}", "{{ a }}", "{{ l }}", "{{ code }}", "{{ code(a) }}", "{{ code(s, s) }}", "{{ code(*l) }}",
        "{{ fence(s) }}", "{{ fence(a) }}", "{% set code = s %}{{ code(s) }}", "{% set x %}a{% endset %}", "{% set a.b = 3 %}", "{% with %}{% endwith %}",
        "{% autoescape true %}{{ s }}{% endautoescape %}", "{{ none }}", "{{ [] }}", "{{ {} }}", "{{ (1, 2) }}", "{{ missing }}", "{{ a.missing }}",
        "{{ l[9] }}", "{{ s", "{% if %}", "{% nothing %}", "{{ s|nothing }}", "{% if s is nothing %}{% endif %}", "{{ n|length }}",
        "{{ request.application.__globals__ }}", "{{ config }}", "{{ caller() }}", "{{ varargs }}", "{{ get_flashed_messages }}",
        "{% for a in l %}{% for b in l %}{% for c in l %}{% for d in l %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
        "{% trans %}a{% endtrans %}", "{% do l.append(1) %}", "{% debug %}", "{{ " + "(" * 3000 + "s" + ")" * 3000 + " }}", "{{" + "-" * 5000 + "1}}",
    ],
)  # fmt: skip
def test_everything_else_is_refused_in_one_sentence(source: str) -> None:
    """Attributes, calls, arithmetic, other files, recursion and mistakes: an InputError, no traceback, no effect."""
    values = {**VALUES, "l": list(VALUES["l"])}
    with pytest.raises(InputError) as refused:
        sandbox.render(source, values)
    assert "\n" not in refused.value.what
    assert values["l"] == ["1", "2"]


def test_a_document_of_endless_length_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Output is bounded while it is written, not afterwards."""
    monkeypatch.setattr(sandbox, "LONGEST_DOCUMENT", 1000)
    with pytest.raises(InputError, match="more than 1000 characters"):
        sandbox.render(
            "{% for a in l %}{% for b in l %}{% for c in l %}xxxxxxxxxx{% endfor %}{% endfor %}{% endfor %}",
            {"l": ["a"] * 100},
        )
    with pytest.raises(InputError, match="more than"):
        sandbox.render("x" * (sandbox.LONGEST_TEMPLATE + 1), {})


def test_objects_of_the_program_never_enter_a_template(full: Record) -> None:
    """What is no plain value is a mistake, not a value."""
    with pytest.raises(InputError, match="a template gets no Record"):
        sandbox.render("{{ x }}", {"x": full})


def test_a_site_template_gets_the_record_as_plain_values(full: Record) -> None:
    """Its own text in place of the shipped one; the same stamp, the same escape."""
    made = render(
        full, "en", "# {{ document.title }}\n\n{% for c in causes %}{{ c.code }} {{ code(c.summary) }}\n{% endfor %}"
    )
    assert made.startswith("<!-- runbookctl postmortem/v1 en sha256 ")
    assert "container_oom_killed `trainer reached its memory limit of 32Mi.`" in made
    with pytest.raises(InputError, match="template: 'nothing' is undefined"):
        render(full, "en", "{{ nothing }}")
