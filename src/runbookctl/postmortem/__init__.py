"""The postmortem of a run, from its record alone: timeline, durations, impact, sections, document.

Pure but for `written`, which puts the finished text into a file: nothing here reads the world, the clock or a journal.

    record.Record                       everything a document may say
    render.render(record, lang)         the Markdown, `en` or `zh`; the same record gives the same bytes
    sections.fill_of(record)            section numbers: filled, drafted, person
    timeline.rows(record, lang)         the timeline
    durations.milestones(record)        ten milestones; durations.measures(...) what lies between them
    written.write(text, path, force)    the file; a person's text is never lost

Text of the world reaches the document through `markdown` only, and a template through `sandbox` only.
"""
