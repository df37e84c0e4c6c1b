"""What ``apollo plan --verify`` found, as text and as markdown. What is alike is said once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from apollo.cli.markdown import code, fit, fold
from apollo.cli.text import Paint, clean
from apollo.engine.verify import Checked, Preflight

__all__ = ["preflight_markdown", "preflight_text", "preflight_words"]

_MOST = 5
"""Places named of one finding; ``-o json`` has all."""


def preflight_words(found: Preflight) -> str:
    """``2 failed, 1 warning, 3 not checked``; ``passed`` when all is well."""
    failed, warnings = len(_alike(found.of("failed"))), len(_alike(found.of("warning")))
    unchecked = len(_alike(found.of("unchecked")))
    words = [
        f"{failed} failed" if failed else "",
        f"{warnings} warning{'s' if warnings != 1 else ''}" if warnings else "",
        f"{unchecked} not checked" if unchecked else "",
    ]
    return ", ".join(word for word in (words if failed else ["passed", *words]) if word)


def preflight_text(found: Preflight, paint: Paint) -> str:
    """Failures first, then warnings, what was not checked, and the digests of images."""
    count = f"{found.resources} resource{'s' if found.resources != 1 else ''}"
    lines = [paint.bold(f"Preflight ({count}): {preflight_words(found)}")]
    labels = (
        ("failed", paint.red("failed")),
        ("warning", paint.yellow("warning")),
        ("unchecked", paint.dim("not checked")),
    )
    for status, label in labels:
        for same in _alike(found.of(status)):  # type: ignore[arg-type]
            problem = same[0].problem
            lines.append(f"  {label}  {clean(problem.message)} {paint.dim(f'[{problem.code}]')}")
            if status != "unchecked":
                lines += [f"      {clean(where)}" for where in _places(same)]
            if problem.hint:
                lines.append(f"      hint: {clean(problem.hint)}")
    notes = _alike(found.of("note"))
    if notes:
        lines.append(paint.bold("Images") + "  as they are now")
        lines += [f"  {clean(same[0].problem.message)}" for same in notes]
    return "\n".join(lines)


def preflight_markdown(found: Preflight, room: int) -> str:
    """The section of a comment, in at most ``room`` characters."""
    head = f"**Preflight: {preflight_words(found)}**"
    room -= len(head) + 200
    urgent = [*_items(found.of("failed"), "failed"), *_items(found.of("warning"), "warning")]
    kept, cut = fit(urgent, room)
    parts = [head + "".join(f"\n{item}" for item in kept)]
    if cut:
        parts.append(f"*{cut} more are left out here for lack of room; `-o json` has all.*")
    room -= sum(map(len, kept))
    folded = (
        ("Not checked", _items(found.of("unchecked"), "")),
        ("Images as they are now", [f"- {code(one[0].problem.message)}" for one in _alike(found.of("note"))]),
    )
    for title, items in folded:
        kept, cut = fit(list(items), room - 100)
        if kept:
            more = f"\n- {cut} more" if cut else ""
            parts.append(fold(f"{title} ({len(kept) + cut})", "\n".join(kept) + more))
            room -= sum(map(len, kept)) + 100
    return "\n\n".join(parts)


def _items(findings: Sequence[Checked], label: str) -> Iterator[str]:
    for same in _alike(findings):
        problem = same[0].problem
        where = "".join(f"\n  - {code(place)}" for place in _places(same)) if label else ""
        hint = f" {code(problem.hint)}" if problem.hint else ""
        bold = f"**{label}** " if label else ""
        yield f"- {bold}{code(problem.message)}{hint} {code(problem.code)}{where}"


def _alike(findings: Iterable[Checked]) -> list[list[Checked]]:
    """The same finding about several resources, once."""
    found: dict[tuple[str, str, str], list[Checked]] = {}
    for one in findings:
        found.setdefault((one.problem.code, one.problem.message, one.problem.hint), []).append(one)
    return list(found.values())


def _places(same: Sequence[Checked]) -> Iterator[str]:
    for one in same[:_MOST]:
        problem = one.problem
        at = f"{problem.file}:{problem.line}" if problem.line else problem.file
        yield "  ".join(part for part in (str(one.key), problem.path, at) if part)
    if len(same) > _MOST:
        yield f"and {len(same) - _MOST} more"
