"""What the benchmark builds: the load generator and the peers."""

import os
import shutil
import sys
from pathlib import Path

from cluster import HERE
from processes import Failure, run

ROOT = HERE.parent.parent
CACHE = ROOT / ".holdfast" / "bench"

def php_fpm() -> Path:
    """Debian names it by version: /usr/sbin/php-fpm8.2."""
    found = sorted(Path("/usr/sbin").glob("php-fpm*"))
    if not found:
        raise Failure("no /usr/sbin/php-fpm*")
    return found[-1]


def build_holdload() -> Path:
    source, program = HERE / "load" / "holdload.c", CACHE / "holdload"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        run("cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source)
    return program


def build_go() -> Path:
    program = CACHE / "go-peer"
    run("go", "build", "-o", program, ".", cwd=HERE / "peers" / "go",
        env={**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(CACHE / "go-cache"),
             "GOFLAGS": ""})
    return program


def build_fastapi() -> Path:
    """The folder of FastAPI's packages, made anew when the requirements have changed."""
    requirements, venv = HERE / "peers" / "fastapi" / "requirements.txt", CACHE / "venv"
    stamp = venv / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != requirements.read_text():
        shutil.rmtree(venv, ignore_errors=True)
        run(sys.executable, "-m", "venv", venv)
        run(venv / "bin" / "pip", "install", "--quiet", "--requirement", requirements)
        shutil.copy(requirements, stamp)
    packages, = venv.glob("lib/python3*/site-packages")
    return packages
