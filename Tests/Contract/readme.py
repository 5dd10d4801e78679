"""A Markdown file's examples: its shell blocks that ask the site, and the answers shown for them.

An answer is a comment below its command, or a block of JSON below the shell block. A second block
of JSON is the answer to the same command sent again.
"""

import json
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ASKING = re.compile(r"^(curl|hold) ")
TIMEOUT_SECONDS = 60


@dataclass
class Block:
    """A shell block, and by the number of its command what that is to be answered with."""

    script: str
    commands: int
    expected: dict[int, object] = field(default_factory=dict)


def blocks(text: str) -> list[Block]:
    """The shell blocks that ask the site."""
    found: list[Block] = []
    block = None
    for language, content in FENCE.findall(text):
        if language == "sh":
            block = _shell_block(content)
            found += [block] if block else []
        elif language == "json" and block:
            if block.commands - 1 in block.expected:
                block = Block(_last_command(block.script), 1)
                found.append(block)
            block.expected[block.commands - 1] = json.loads(content)
    return found


def _shell_block(content: str) -> Block | None:
    block = Block(content, 0)
    shown = ""
    for line in content.splitlines():
        if ASKING.match(line):
            block.commands += 1
            shown = ""
        elif line.startswith("#") and (shown or line.startswith("# {")):
            shown += line[1:].strip()
            if (answer := _parsed(shown)) is not None:
                block.expected[block.commands - 1] = answer
                shown = ""
    if shown:
        raise ValueError(f"an answer that is no whole JSON: {shown}")
    return block if block.commands else None


def _last_command(script: str) -> str:
    lines = script.splitlines(keepends=True)
    last = max(index for index, line in enumerate(lines) if ASKING.match(line))
    return "".join(lines[last:])


def _parsed(text: str) -> object | None:
    try:
        return json.loads(text)
    except ValueError:
        return None


def answers(block: Block, site: Path, ports: dict[str, str]) -> list[object]:
    """Runs a block where `.holdfast` is the site's folder, and gives the answers it prints."""
    script = block.script
    for default, port in ports.items():
        script = script.replace(f":{default}", f":{port}")
    result = subprocess.run(
        ["bash", "-euc", script], cwd=site.parent, capture_output=True, text=True, check=False,
        timeout=TIMEOUT_SECONDS)
    decoder, rest, found = json.JSONDecoder(), result.stdout.strip(), []
    while rest:
        value, end = decoder.raw_decode(rest)
        found.append(value)
        rest = rest[end:].strip()
    if result.returncode or len(found) != block.commands:
        raise ValueError(f"{len(found)} answers to {block.commands} commands: {result.stderr}\n"
                         f"{script}")
    return found
