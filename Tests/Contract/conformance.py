"""The OpenAPI document: whether it is one, and whether a site answers as it says (schemathesis)."""

import os
import re
import subprocess
import sys
from pathlib import Path

import openapi_spec_validator

from Harness.site import Site

# `positive_data_acceptance` is left out: a request that the document allows may find its tickets
# unavailable, which is 400.
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "negative_data_rejection",
    "unsupported_method", "allow_header_conformance")
EXAMPLES = 10
SEED = 20261
TIMEOUT_SECONDS = 600


def validate(described: dict) -> None:
    """Raises what is wrong with the document itself."""
    openapi_spec_validator.validate(described)


def holds(site: Site, document: Path, excluded: set[str]) -> bool:
    """Whether the site answers made-up requests as the document says; prints what it does not."""
    exclusions = "|".join(re.escape(path) for path in sorted(excluded))
    command = [
        Path(sys.executable).with_name("schemathesis"), "run", document,
        "--url", f"http://127.0.0.1:{site.port}", "--checks", ",".join(CHECKS),
        "--phases", "coverage,fuzzing", "--max-examples", str(EXAMPLES),
        "--seed", os.environ.get("HOLDFAST_TEST_SEED", str(SEED)), "--workers", "1",
        "--warnings", "off", "--continue-on-failure", "--generation-database", "none",
        *(("--exclude-path-regex", f"^({exclusions})$") if excluded else ())]
    return subprocess.run(command, timeout=TIMEOUT_SECONDS, check=False,
                          cwd=site.directory).returncode == 0
