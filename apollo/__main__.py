"""``apollo`` and ``python -m apollo``."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line in ``sys.argv`` and exit with its code."""
    import os

    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    if sys.argv[1:] in (["--version"], ["-V"]):  # before click is even imported: scripts ask this often
        from apollo import __version__

        try:
            sys.stdout.write(f"apollo {__version__}\n")
            sys.stdout.flush()
        except OSError as error:
            from apollo.cli.text import silence, tell

            tell(f"error: the output cannot be written: {error.strerror}")
            silence(sys.stdout)
            sys.exit(1)
        return
    if sys.argv[1:2] == ["healthcheck"]:  # a container asks every few seconds
        from apollo.cli.probe import arguments, ask

        asked = arguments(sys.argv[2:])
        if asked is not None:
            well, said = ask(*asked)
            print(said, file=sys.stdout if well else sys.stderr)
            sys.exit(0 if well else 1)
    if sys.argv[1:2] == ["run"]:
        import signal

        # Nothing is begun yet. Without this, process 1 of a container would not even hear it.
        signal.signal(signal.SIGTERM, lambda number, frame: os._exit(0))
    import gc

    # pydantic looks for plugins of its own in every installed package; no model here wants any.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command == "validate":
        # It ends within a moment; collecting while some thousand classes are made is a tenth of its time.
        gc.disable()
    elif command in ("simulate", "demo"):
        gc.set_threshold(50_000, 20, 100)
    elif command != "run":  # rarely, for the same reason; what runs on collects as Python does
        gc.set_threshold(500_000, 20, 100)
    from apollo.cli.main import cli

    code: object = 1
    try:
        cli.main(prog_name="apollo")
    except SystemExit as end:
        code = end.code
        raise
    finally:
        gc.freeze()  # else Python ends by collecting all that was imported: a fifth of a short command
        _leave_threads(code)


def _leave_threads(code: object) -> None:
    """Python waits at its end for every thread, and one that a plugin began may never end: do without it."""
    import threading

    if all(one.daemon or one is threading.main_thread() for one in threading.enumerate()):
        return
    import contextlib
    import os

    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    main()
