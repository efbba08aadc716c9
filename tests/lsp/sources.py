"""Programs that the tests of the server share."""

REUSED = """\
import torch
model = torch.nn.Linear(2, 1)
params = model.parameters()
torch.nn.utils.clip_grad_norm_(params, 1.0)
optimizer = torch.optim.SGD(params, lr=0.1)
"""
TWICE = """\
import torch


def one(model: torch.nn.Module) -> torch.optim.Optimizer:
    first = model.parameters()
    print(sum(p.numel() for p in first))
    return torch.optim.SGD(first, lr=0.1)


def other(model: torch.nn.Module) -> torch.optim.Optimizer:
    second = model.parameters()
    print(sum(p.numel() for p in second))
    return torch.optim.SGD(second, lr=0.1)
"""
EVERYWHERE = {"start": {"line": 0, "character": 0}, "end": {"line": 9999, "character": 0}}


def after(text, edits):
    """A text after edits of the protocol, whose columns are code points; made anew, to check ours."""
    lines = text.split("\n")

    def offset(position):
        return sum(len(line) + 1 for line in lines[: position["line"]]) + position["character"]

    places = [(offset(edit["range"]["start"]), offset(edit["range"]["end"]), edit["newText"]) for edit in edits]
    for start, end, new in sorted(places, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def edits_of(action, uri):
    """The text edits of a code action, in either form."""
    edit = action["edit"]
    if "changes" in edit:
        return edit["changes"][uri]
    return [
        one for change in edit["documentChanges"] if change["textDocument"]["uri"] == uri for one in change["edits"]
    ]
