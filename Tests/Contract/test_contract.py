"""What is read from a Markdown file and from the document, and what counts as different."""

import unittest

from Contract import document, readme
from Contract.comparison import differences

MARKDOWN = """
```sh
deploy/run
```
```json
{"not": "an answer"}
```
```sh
# A comment.
hold lock '{}'
# {"message":"a",
#  "status":200}
hold lock '{}'
curl x
```
```json
{"last": 1}
```
Again:
```json
{"again": 2}
```
"""


class ReadmeTests(unittest.TestCase):
    """Blocks, and which command an answer belongs to."""

    def test_answers_belong_to_commands(self):
        blocks = readme.blocks(MARKDOWN)
        self.assertEqual([block.commands for block in blocks], [3, 1])
        self.assertEqual(blocks[0].expected, {0: {"message": "a", "status": 200}, 2: {"last": 1}})
        self.assertEqual((blocks[1].script, blocks[1].expected), ("curl x\n", {0: {"again": 2}}))

    def test_half_an_answer_is_an_error(self):
        with self.assertRaises(ValueError):
            readme.blocks('```sh\ncurl x\n# {"message":\n```\n')


class DocumentTests(unittest.TestCase):
    """Pairs of examples."""

    @staticmethod
    def _operation(names: list[str]) -> dict:
        shown = {name: {"value": {}} for name in names}
        json = {"content": {"application/json": {"examples": {"a": {"value": {"data": 1}}}}}}
        return {"paths": {"/x": {"post": {
            "requestBody": json,
            "responses": {"400": {"content": {"application/json": {"examples": shown}}}}}}}}

    def test_examples_pair_by_name(self):
        found = list(document.examples(self._operation(["a"]), {"/x"}))
        self.assertEqual([(one.name, one.status, one.body) for one in found],
                         [("a", 400, {"data": 1})])

    def test_an_example_without_its_other_half_is_an_error(self):
        for names in ([], ["a", "b"], ["b"]):
            with self.assertRaises(ValueError):
                list(document.examples(self._operation(names), {"/x"}))


class ComparisonTests(unittest.TestCase):
    """What may differ, and what may not."""

    def test_times_may_differ(self):
        shown = {"expires_at": "2026-11-23T10:10:00.000Z", "expires_in": 600}
        given = {"expires_at": "2027-01-01T00:00:00.123Z", "expires_in": 598}
        self.assertEqual(differences(shown, given), [])

    def test_everything_else_is_found(self):
        for shown, given in (
                ({"a": 1}, {"a": 2}), ({"a": 1}, {"a": True}), ({"a": 1}, {}), ({"a": [1]}, {"a": []}),
                ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ({"expires_in": 600}, {"expires_in": 601}),
                ({"expires_at": "2026-11-23T10:10:00.000Z"}, {"expires_at": "soon"}),
                ({"available_in": None}, {"available_in": 3})):
            self.assertNotEqual(differences(shown, given), [], f"{shown} {given}")


if __name__ == "__main__":
    unittest.main()
