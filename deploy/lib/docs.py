"""docs.py DOCUMENT PAGE URL: the OpenAPI document as an HTML page that holds all that it needs."""

import importlib.util
import json
import sys
from pathlib import Path

import yaml

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast: API reference</title>
<style>{style}</style>
</head>
<body>
<div id="reference"></div>
<script>{program}</script>
<script>
SwaggerUIBundle({{
  spec: {document}, dom_id: "#reference", deepLinking: true, validatorUrl: null,
  defaultModelsExpandDepth: 0, displayRequestDuration: true,
}});
</script>
</body>
</html>
"""


def main(document: Path, page: Path, url: str) -> None:
    """Writes the page."""
    described = yaml.safe_load(document.read_text())
    if url:
        described["servers"] = [{"url": url}]
    package = importlib.util.find_spec("flask_swagger_ui").submodule_search_locations[0]
    parts = Path(package) / "dist"
    page.write_text(PAGE.format(
        style=(parts / "swagger-ui.css").read_text(),
        program=in_script((parts / "swagger-ui-bundle.js").read_text()),
        document=in_script(json.dumps(described))))


def in_script(text: str) -> str:
    """As it may stand within a script element: in strings, the escape means the same."""
    return text.replace("</script", r"<\/script").replace("<!--", r"<\!--")


main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
