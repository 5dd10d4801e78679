"""The C programs that the harness compiles: the load generator, and the echo."""

from pathlib import Path

from Harness.processes import run
from Harness.site import ROOT

SOURCES = ROOT / "Tests" / "Benchmarks" / "load"


def compile_c(name: str, folder: Path, *libraries: str) -> Path:
    """Compiles SOURCES/name.c in this folder, unless what lies there is newer than it and the headers."""
    source, program = SOURCES / f"{name}.c", folder / name
    newest = max(file.stat().st_mtime for file in (source, *SOURCES.glob("*.h")))
    if not program.exists() or program.stat().st_mtime < newest:
        run("cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source,
            *(f"-l{library}" for library in libraries))
        program.chmod(0o755)
    return program
