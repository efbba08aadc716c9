"""How long an editor waits for diagnostics after a keystroke, and what thousands of edits leave in memory.

    python benchmarks/editor_latency.py [FILE ...] [--edits 10000]

A real server is driven over its pipes. Without files, a training file of 1,000 lines with a bug is made. Between
keystrokes a bare `libcst.parse_module` of the same text is timed, so that the ratio holds on busy machines, too.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import libcst  # noqa: E402

from tests.lsp.client import Client  # noqa: E402
from tests.lsp.profiles import EMACS, VS_CODE  # noqa: E402

KEYSTROKES = 40
LAYER = '''

class Block{n}(nn.Module):
    """A residual block of width {n}."""

    def __init__(self, width: int = {n}, dropout: float = 0.1) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.layers = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.dropout(self.layers(self.norm(x)))


def train_{n}(loader, epochs: int, device: str = "cpu") -> float:
    model = nn.Sequential(*[Block{n}() for _ in range(6)], nn.Linear({n}, 10)).to(device)
    decay = [p for name, p in model.named_parameters() if p.ndim > 1]
    rest = [p for name, p in model.named_parameters() if p.ndim <= 1]
    groups = [{{"params": decay, "weight_decay": 0.1}}, {{"params": rest, "weight_decay": 0.0}}]
    optimizer = torch.optim.AdamW(groups, lr=3e-4, betas=(0.9, 0.95))
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    scaler = torch.amp.GradScaler(device)
    best = float("inf")
    for epoch in range(epochs):
        model.train()
        total, count = 0.0, 0
        for step, (inputs, targets) in enumerate(loader):
            inputs, targets = inputs.to(device), targets.to(device)
            with torch.autocast(device):
                loss = nn.functional.cross_entropy(model(inputs), targets)
            optimizer.zero_grad(set_to_none=True)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
            total, count = total + loss.item(), count + 1
            if step % 100 == 0:
                print(f"epoch {{epoch}} step {{step}}: {{total / max(1, count):.3f}}")
        scheduler.step()
        best = min(best, total / max(1, count))
    return best
'''
AROUND = '''

class Samples{n}(torch.utils.data.Dataset):
    """Samples of width {n}, read from a folder and kept in memory."""

    def __init__(self, folder: str, train: bool = True, limit: int | None = None) -> None:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".pt"))
        self.names = names[: limit or len(names)]
        self.folder = folder
        self.train = train
        self.mean, self.std = 0.0, 1.0
        if train and self.names:
            first = torch.load(os.path.join(folder, self.names[0]))
            self.mean, self.std = first["inputs"].mean().item(), first["inputs"].std().item()

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        sample = torch.load(os.path.join(self.folder, self.names[index]))
        inputs = (sample["inputs"] - self.mean) / max(self.std, 1e-6)
        if self.train and torch.rand(()) < 0.5:
            inputs = inputs.flip(-1)
        return inputs, sample["target"]


@torch.no_grad()
def evaluate_{n}(model: nn.Module, loader, device: str = "cpu") -> dict[str, float]:
    model.eval()
    correct, total, loss = 0, 0, 0.0
    for inputs, targets in loader:
        inputs, targets = inputs.to(device), targets.to(device)
        outputs = model(inputs)
        loss += nn.functional.cross_entropy(outputs, targets, reduction="sum").item()
        correct += int((outputs.argmax(-1) == targets).sum())
        total += len(targets)
    return {{"accuracy": correct / max(1, total), "loss": loss / max(1, total)}}


def parse_{n}(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a model of width {n}.")
    parser.add_argument("--folder", default="data", help="where the samples are")
    parser.add_argument("--epochs", type=int, default=10, help="how often all samples are seen")
    parser.add_argument("--batch-size", type=int, default=64, help="samples in a batch")
    parser.add_argument("--workers", type=int, default=4, help="processes that load samples")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--resume", help="a checkpoint to go on from")
    return parser.parse_args(words)


def save_{n}(path: str, model: nn.Module, epoch: int, scores: dict[str, float]) -> None:
    state = {{"model": model.state_dict(), "epoch": epoch, "scores": scores}}
    temporary = f"{{path}}.{{os.getpid()}}.tmp"
    torch.save(state, temporary)
    os.replace(temporary, path)
    print(f"epoch {{epoch}}: " + ", ".join(f"{{name}} {{value:.4f}}" for name, value in scores.items()))


def main_{n}(words: list[str] | None = None) -> None:
    options = parse_{n}(words)
    torch.manual_seed(0)
    loaders = {{}}
    for part in ("train", "test"):
        samples = Samples{n}(os.path.join(options.folder, part), train=part == "train")
        loaders[part] = torch.utils.data.DataLoader(
            samples, batch_size=options.batch_size, shuffle=part == "train", num_workers=options.workers
        )
    best = train_{n}(loaders["train"], options.epochs, options.device)
    print(f"best loss: {{best:.4f}}")
'''
BUGS = """

def broken(model: nn.Module) -> torch.optim.Optimizer:
    parameters = model.parameters()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    return torch.optim.SGD(parameters, lr=0.1)
"""


def training_file() -> str:
    """A training file of 1,000 lines."""
    text = "import argparse\nimport os\n\nimport torch\nfrom torch import nn\n" + BUGS
    n = 8
    while text.count("\n") < 1000:
        text += LAYER.format(n=n) + AROUND.format(n=n)
        n += 8
    return text


def main(words: list[str]) -> None:
    """Print one line a file and client, and what the edits cost in memory."""
    edits = int(words.pop(words.index("--edits") + 1)) if "--edits" in words else 0
    paths = [Path(word) for word in words if word != "--edits"]
    texts = {path.name: (path.parent, path.read_text(encoding="utf-8")) for path in paths}
    with tempfile.TemporaryDirectory() as folder:
        for name, (place, text) in (texts or {"training.py": (Path(folder), training_file())}).items():
            for client, profile in (("pushed", EMACS), ("pulled", VS_CODE)):
                report(name, text, client, Client(place.resolve(), profile))
        if edits:
            remember(Client(Path(folder), EMACS), training_file(), edits)


def report(name: str, text: str, how: str, client: Client) -> None:
    """Type into the middle of a file, and say how long each answer took."""
    uri, waits, parses = client.open(name, text), [], []
    first = perf_counter()
    found = client.diagnostics(uri, 1)
    first = perf_counter() - first
    row = text.count("\n") // 2
    for stroke in range(KEYSTROKES):
        begun = perf_counter()
        client.change(uri, stroke + 2, typed(row, f"# {stroke}\n" if stroke % 8 == 0 else "#"))
        found = client.diagnostics(uri, stroke + 2)
        waits.append(perf_counter() - begun)
        begun = perf_counter()
        libcst.parse_module(text)
        parses.append(perf_counter() - begun)
    client.stop()
    client.kill()
    wait, parse = statistics.median(waits) * 1e3, statistics.median(parses) * 1e3
    slow = sorted(waits)[int(0.9 * len(waits))] * 1e3
    print(
        f"{name}: {text.count(chr(10))} lines, {len(found)} diagnostics {how}: median {wait:.0f} ms, 90% {slow:.0f}, "
        f"at first {first * 1e3:.0f} ms; a bare libcst parse takes {parse:.0f} ms; ratio {wait / parse:.2f}",
        flush=True,
    )


def typed(row: int, text: str) -> dict[str, object]:
    """A keystroke at the beginning of a line."""
    place = {"line": row, "character": 0}
    return {"range": {"start": place, "end": place}, "text": text}


def remember(client: Client, text: str, edits: int) -> None:
    """Edit again and again, waiting for diagnostics now and then, and print the server's memory."""
    uri = client.open("many.py", text)
    client.diagnostics(uri, 1)
    for edit in range(edits):
        if edit % max(1, edits // 5) == 0:
            print(f"after {edit} edits: {resident(client.pid):.0f} MB", flush=True)
        here = {"line": 3, "character": 0}
        there = {"line": 3, "character": 1 if edit % 2 else 0}
        change = {"range": {"start": here, "end": there}, "text": "" if edit % 2 else "#"}
        client.change(uri, edit + 2, change)
        if edit % 20 == 0:
            client.diagnostics(uri, edit + 2)
    client.diagnostics(uri, edits + 1)
    print(f"after {edits} edits: {resident(client.pid):.0f} MB")
    client.stop()
    client.kill()


def resident(pid: int) -> float:
    """The memory of a process in megabytes, on Linux."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    main(sys.argv[1:])
