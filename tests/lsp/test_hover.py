"""What is shown under the pointer and behind an optimizer's construction."""

from __future__ import annotations

from tests.lsp.sources import EVERYWHERE, REUSED

GROUPS = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(2, 3)
        self.head = nn.Linear(3, 1, bias=False)


def main(config):
    net = Net()
    params = net.parameters()
    print(sum(p.numel() for p in params))
    one = torch.optim.SGD([{"params": net.body.parameters()}, {"params": net.head.parameters(), "lr": 1e-3}], lr=0.1)
    other = torch.optim.Adam(net.parameters(), lr=0.1)
    unknown = torch.optim.Adam(config.model.parameters(), lr=0.1)
"""


def hover(client, uri, line, character):
    place = {"line": line, "character": character}
    return client.request("textDocument/hover", {"textDocument": {"uri": uri}, "position": place})


def test_a_diagnostic_and_a_comment_show_the_page_of_the_rule(editor):
    client = editor()
    uri = client.open("train.py", REUSED + "x = 1  # optlint: ignore[OPT502, missing-closure]\n")
    shown = hover(client, uri, 4, 30)
    assert shown["contents"]["value"].startswith("# OPT101 reused-parameter-iterator\n")
    assert shown["range"]["start"] == {"line": 4, "character": 28}
    assert hover(client, uri, 5, 27)["contents"]["value"].startswith("# OPT502 ")
    assert hover(client, uri, 5, 40)["contents"]["value"].startswith("# OPT505 missing-closure\n")
    assert hover(client, uri, 0, 2) is None


def test_an_iterator_shows_where_it_is_consumed(editor):
    client = editor()
    uri = client.open("train.py", GROUPS)
    for line, character in ((13, 6), (13, 20), (14, 36)):
        shown = hover(client, uri, line, character)["contents"]["value"]
        assert "`net.parameters()` in line 14" in shown
        assert "- line 15: `p.numel() for p in params`, by `sum`" in shown
    assert hover(client, uri, 12, 6) is None


def test_hints_say_how_many_tensors_each_group_gets(editor):
    client = editor(inlayHints=True)
    uri = client.open("train.py", GROUPS)
    found = client.request("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": EVERYWHERE})
    assert [(one["position"]["line"], one["label"]) for one in found] == [
        (15, "2 groups: 2 + 1 tensors"),
        (16, "3 tensors"),
    ]


def test_hints_are_off_unless_asked_for(editor):
    client = editor()
    uri = client.open("train.py", GROUPS)
    asked = {"textDocument": {"uri": uri}, "range": EVERYWHERE}
    assert client.request("textDocument/inlayHint", asked) == []
    client.notify("workspace/didChangeConfiguration", {"settings": {"optlint": {"inlayHints": True}}})
    assert len(client.request("textDocument/inlayHint", asked)) == 2
