#!/usr/bin/env python3
"""Writes what the package says of the program, from the program's own --help.

usage: manual.py PROGRAM NGINX_RENDER DIRECTORY

Writes to DIRECTORY: man/holdfast.1, man/holdfast.env.5, etc/holdfast.env, etc/nginx.env and
completion/holdfast. SOURCE_DATE_EPOCH is the date of the pages.
"""

import json
import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

SETTING = re.compile(r"(--\S+) <(.*)> (HOLDFAST_[A-Z_]+), default (.*?): (.*)")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def roff(text):
    """Text in which nothing is taken for a request of roff, and a hyphen is one that can be typed."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


class Settings:
    """The settings of `holdfast serve`, and the paragraphs that follow them in its help."""

    def __init__(self, discussion):
        self.rows, self.sections, title = [], {}, None
        for line in self.joined(discussion):
            if not line.strip():
                continue
            heading = re.fullmatch(r"([A-Z]+)(, .*)?:", line)
            if heading:
                title = heading[1]
                continue
            setting = SETTING.fullmatch(line.strip())
            if title == "SETTINGS":
                if not setting:
                    raise SystemExit(f"manual.py: no setting: {line!r}")
                self.rows.append(setting.groups())
            else:
                self.sections.setdefault(title, []).append(line.strip())
        if len(self.rows) < 20:
            raise SystemExit("manual.py: the settings are not where they were in `holdfast serve --help`")

    @staticmethod
    def joined(discussion):
        """Each setting or paragraph in one line: what is indented further continues a setting."""
        lines = []
        for line in discussion.splitlines():
            starts = re.match(r"  --|\S|$", line) or not lines or re.match(r"\S|$", lines[-1])
            if starts:
                lines.append(line)
            else:
                lines[-1] += " " + line.strip()
        return lines


class Page:
    """A page of the manual, in man(7)."""

    def __init__(self, title, section, version, summary):
        date = time.strftime("%Y-%m-%d", time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"])))
        self.lines = [f'.TH {title.upper()} {section} {date} "holdfast {version}"', ".SH NAME"]
        self.lines.append(f"{roff(title)} \\- {roff(summary[0].lower() + summary[1:])}")
        # Names of settings are not hyphenated.
        self.lines.append(".nh")

    def heading(self, text):
        self.lines.append(f".SH {text}")

    def subheading(self, text):
        self.lines.append(f".SS {roff(text)}")

    def paragraph(self, text):
        self.lines += [".PP", roff(text)]

    def item(self, term, text, value=""):
        tag = f"\\fB{roff(term)}\\fR" + (f" \\fI{roff(value)}\\fR" if value else "")
        self.lines += [".TP", tag, roff(text)]

    def write(self, path):
        path.write_text("\n".join(self.lines) + "\n")


def option_names(argument):
    dash = {"short": "-", "long": "--", "longWithSingleDash": "-"}
    return ", ".join(dash[name["kind"]] + name["name"] for name in argument.get("names", []))


def describe_command(page, command):
    """A command with its options; those that all commands have are described once."""
    page.subheading(f"holdfast {command['commandName']}")
    opposites = {option_names(argument) for argument in command.get("arguments", [])}
    page.paragraph(command["abstract"])
    # The settings have a page of their own.
    if command["commandName"] == "serve":
        page.paragraph("Each setting in holdfast.env(5) is also an option, which wins: HOLDFAST_POOL_SIZE is --pool-size.")
    elif command.get("discussion"):
        for paragraph in command["discussion"].split("\n\n"):
            page.paragraph(paragraph)
    for argument in command.get("arguments", []):
        names = option_names(argument)
        if argument["shouldDisplay"] and names not in ("--version", "-h, --help") and not names.startswith("--no-"):
            describe_argument(page, argument, opposite=f"--no-{names[2:]}" in opposites)
    for subcommand in command.get("subcommands", []):
        describe_command(page, {**subcommand, "commandName": f"{command['commandName']} {subcommand['commandName']}"})


def describe_argument(page, argument, opposite=False):
    names = option_names(argument) or argument["valueName"]
    text = argument.get("abstract", "")
    if argument.get("defaultValue") and argument["kind"] == "option":
        text += f" (default: {argument['defaultValue']})"
    value = argument["valueName"] if argument["kind"] != "flag" else ""
    page.item(f"{names}, --no-{names[2:]}" if opposite else names, text, value)


def command_page(root, settings, version):
    page = Page("holdfast", 1, version, root["abstract"].rstrip("."))
    page.heading("SYNOPSIS")
    commands = [c for c in root["subcommands"] if c.get("shouldDisplay", True) and c["commandName"] != "help"]
    for command in commands:
        page.lines += [f".B holdfast {roff(command['commandName'])}", "[options]", ".br"]
    page.heading("COMMANDS")
    for command in commands:
        describe_command(page, command)
    page.heading("OPTIONS")
    for argument in root["arguments"]:
        describe_argument(page, argument)
    for title, paragraphs in settings.sections.items():
        page.heading(title)
        for paragraph in paragraphs:
            page.paragraph(paragraph)
    page.heading('"EXIT STATUS"')
    page.item("0", "Done; a service has answered all requests before it ended.")
    page.item("1", "Failed.")
    page.item("2", "An argument or a setting is not allowed.")
    page.heading("FILES")
    page.item("/etc/holdfast/holdfast.env", "Settings of the service, see holdfast.env(5).")
    page.item("/etc/holdfast/nginx.env", "Settings of /usr/share/holdfast/nginx/render, which writes nginx's configuration.")
    page.item("/usr/share/holdfast/rolling-restart", "Restarts the running instances one after the other.")
    page.item("/usr/share/doc/holdfast/README.md.gz", "The guide for operators.")
    page.heading('"SEE ALSO"')
    page.lines.append(".BR holdfast.env (5),\n.BR nginx (8),\n.BR systemd.service (5)")
    return page


def settings_page(settings, version):
    page = Page("holdfast.env", 5, version, "settings of the ticket hold service")
    page.heading("DESCRIPTION")
    page.paragraph("/etc/holdfast/holdfast.env sets environment variables of the service, one NAME=value a line, as in systemd.exec(5). "
                   "What it does not set has its default. The service refuses to start with a value that is not allowed.")
    page.heading("SETTINGS")
    for _, allowed, variable, default, purpose in settings.rows:
        page.item(variable, f"{purpose} Allowed is {allowed}; the default is {default}.")
    for title, paragraphs in settings.sections.items():
        page.heading(title)
        for paragraph in paragraphs:
            page.paragraph(paragraph)
    page.heading('"SEE ALSO"')
    page.lines.append(".BR holdfast (1)")
    return page


def comment(text):
    return "\n".join(textwrap.wrap(text, 98, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)) + "\n"


def settings_file(settings):
    text = comment("Settings of holdfast serve, with their defaults; see holdfast.env(5). Everybody can read this file: "
                   "a database's password belongs in /etc/credstore/holdfast.database-url.") + "\n"
    for paragraph in settings.sections.get("DATABASE", []):
        text += comment(paragraph)
    text += comment("Without any of them it is the database holdfast of this machine's PostgreSQL, as the role holdfast.")
    text += "#DATABASE_URL=\n"
    for _, allowed, variable, default, purpose in settings.rows:
        text += "\n" + comment(f"{purpose} Allowed is {allowed}.") + f"#{variable}={default}\n"
    return text


def nginx_file(usage):
    lines = [line for line in usage.splitlines() if not line.startswith(("usage:", "Writes "))]
    text = "# Settings of /usr/share/holdfast/nginx/render, as NAME='value'; write them below, and after a change run:\n"
    text += "#   /usr/share/holdfast/nginx/render --settings /etc/holdfast/nginx.env /etc/nginx && nginx -t && systemctl reload nginx\n#\n"
    return text + "\n".join(f"# {line}".rstrip() for line in "\n".join(lines).strip().splitlines()) + "\n"


def completion(script, settings):
    """The program's own, which knows the settings of `serve` only once they are put in."""
    flags = " ".join(row[0] for row in settings.rows)
    function = re.search(r"_holdfast_serve\(\) \{.*?\n\}", script, re.DOTALL)
    filled = function[0].replace("non_repeating_options=()", f"non_repeating_options=({flags})")
    if filled == function[0]:
        raise SystemExit("manual.py: the completion of `serve` is not what it was")
    # bash-completion sources the file; it is no program.
    return script.replace(function[0], filled).removeprefix("#!/bin/bash\n").lstrip("\n")


def main():
    program, render, directory = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    root = json.loads(output(program, "--experimental-dump-help"))["command"]
    version = output(program, "--version").strip()
    serve = next(c for c in root["subcommands"] if c["commandName"] == "serve")
    settings = Settings(serve["discussion"])
    for name in ("man", "etc", "completion"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    command_page(root, settings, version).write(directory / "man/holdfast.1")
    settings_page(settings, version).write(directory / "man/holdfast.env.5")
    (directory / "etc/holdfast.env").write_text(settings_file(settings))
    (directory / "etc/nginx.env").write_text(nginx_file(output(render, "--help")))
    script = output(program, "--generate-completion-script", "bash")
    (directory / "completion/holdfast").write_text(completion(script, settings))


main()
