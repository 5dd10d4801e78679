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

# Between the outputs of two blocks; JSON has it only escaped.
END = "\x1e"


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


def answers(shown: list[Block], site: Path, ports: dict[str, str]) -> list[list[object]]:
    """Runs the blocks in one shell, where `.holdfast` is the site's folder; each one's answers."""
    script = "".join(f"{block.script}printf '{END}'\n" for block in shown)
    for default, port in ports.items():
        script = script.replace(f":{default}", f":{port}")
    result = subprocess.run(
        ["bash", "-euc", script], cwd=site.parent, capture_output=True, text=True, check=False,
        timeout=TIMEOUT_SECONDS)
    outputs = result.stdout.split(END)[:-1]
    if result.returncode or len(outputs) != len(shown):
        raise ValueError(f"only {len(outputs)} of {len(shown)} blocks ran: {result.stderr}")
    found = [_values(output.strip()) for output in outputs]
    for block, given in zip(shown, found):
        if len(given) != block.commands:
            raise ValueError(f"{len(given)} answers to {block.commands} commands:\n{block.script}")
    return found


def _values(text: str) -> list[object]:
    decoder, found = json.JSONDecoder(), []
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].strip()
    return found
