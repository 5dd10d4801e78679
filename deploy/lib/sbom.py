#!/usr/bin/env python3
"""Prints a CycloneDX 1.5 bill of materials of the program.

usage: sbom.py PACKAGE_RESOLVED SWIFT_VERSION VERSION COMMIT SUBSTVARS

What is linked in: the Swift packages that Package.resolved names and the toolchain's runtime. What
the program is linked with at run time: the Debian packages of which dpkg-shlibdeps has written the
names to SUBSTVARS.
"""

import json
import os
import re
import sys
import time
import uuid
from pathlib import Path

SWIFT_LICENSE = [{"expression": "Apache-2.0 WITH Swift-exception"}]
# Those that have the licence without the exception.
PLAIN_APACHE = {"swift-log"}


def swift_packages(resolved):
    for pin in json.loads(Path(resolved).read_text())["pins"]:
        owner, name = re.search(r"([^/]+)/([^/]+?)(\.git)?$", pin["location"]).group(1, 2)
        version = pin["state"].get("version", pin["state"]["revision"])
        purl = f"pkg:swift/github.com/{owner}/{name}@{version}"
        yield {
            "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, "scope": "required",
            "licenses": [{"license": {"id": "Apache-2.0"}}] if name in PLAIN_APACHE else SWIFT_LICENSE,
            "hashes": [{"alg": "SHA-1", "content": pin["state"]["revision"]}],
            "externalReferences": [{"type": "vcs", "url": pin["location"]}],
        }


def debian_libraries(substvars):
    depends = re.search(r"^shlibs:Depends=(.*)$", Path(substvars).read_text(), re.MULTILINE)[1]
    for item in sorted(depends.split(", ")):
        name, least = re.fullmatch(r"(\S+)(?: \(>= (.*)\))?", item).group(1, 2)
        purl = f"pkg:deb/debian/{name}?arch=amd64"
        component = {"type": "library", "bom-ref": purl, "name": name, "purl": purl, "scope": "required",
                     "properties": [{"name": "holdfast:linked", "value": "at run time"}]}
        if least:
            component["properties"].append({"name": "holdfast:least-version", "value": least})
        yield component


def main():
    resolved, swift_version, version, commit, substvars = sys.argv[1:]
    runtime = f"pkg:github/swiftlang/swift@{swift_version}"
    linked = [*swift_packages(resolved), {
        "type": "library", "bom-ref": runtime, "name": "swift", "version": swift_version, "purl": runtime, "scope": "required",
        "description": "the standard library, Foundation Essentials and the runtime, linked statically",
        "licenses": SWIFT_LICENSE,
    }]
    libraries = list(debian_libraries(substvars))
    program = f"pkg:deb/holdfast@{version}?arch=amd64"
    time_text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"])))
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, program + commit)}", "version": 1,
        "metadata": {
            "timestamp": time_text,
            "component": {"type": "application", "bom-ref": program, "name": "holdfast", "version": version, "purl": program,
                          "properties": [{"name": "holdfast:commit", "value": commit}]},
        },
        "components": linked + libraries,
        "dependencies": [{"ref": program, "dependsOn": [item["bom-ref"] for item in linked + libraries]}],
    }
    print(json.dumps(bill, indent=1))


main()
