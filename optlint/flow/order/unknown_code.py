"""Code that can't be seen, and whether it may clear, compute or use gradients: by what it is given and by its name.

Names only ever silence: what they suggest is not told to anybody.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from optlint.flow.core.acts import HIDDEN, LOOK, Act, Subject
from optlint.flow.core.cells import InstanceCell, OptimizerCell
from optlint.flow.core.values import ClassValue, External, Method, Ref, Unknown, Value, options_of
from optlint.flow.order import calls_before, subjects, trace
from optlint.flow.pytorch import torch_api
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State

# Functions and methods that may clear, compute or use gradients of whatever they know.
ACTS = re.compile(
    r"zero|(clear|reset|unset|drop|del|free|flush|none|apply|update|unscale|compute)\w*grad|grads?_(to_none|step)|"
    r"hook|callback|event|dispatch|notify|^_?on_|^_?before_|^_?after_|^_?pre_|^_?post_|backward|backprop|fit$|fit_|"
    r"optimi[sz]e(?!r)|optimi[sz]ation|optim\w*_(step|zero|update)|(step|zero|update)_optim|learn|closure|^_?run(_|$)|"
    r"^_?(?!current|global|get|num|n_|last|total|max|log)(\w+_)?step$|^step_|^update_(param|weight|model|net)|^_?train_|"
    r"_train$"
)
# Functions that only look at gradients, or change all of them alike.
READS = re.compile(r"grad|attack|perturb")
# Objects that may run code of others, or train by themselves.
ACTORS = re.compile(
    r"hook|callback|^cbs?$|event|engine|trainer|learner|runner|accelerat|fabric|strateg|plugin|optim|(^|_)opt(_|$)|"
    r"agent|algo|handler|dispatch|solver|^super$"
)
HARMLESS_OBJECTS = re.compile(
    r"sched|(^|_)sch(_|$)|warm|env|prof|(^|_)p?bar$|progress|timer|writer|log|meter|metric|wandb|tqdm|ema|swa|checkpoint|saver|stats|"
    r"early|history|target|tracker|recorder|data|loader|batch|loss|crit|board|queue|buffer|memory|replay|^lr|watch|print|file|"
    r"^(np|plt|os|time|math|random|json|sys|re|shutil|itertools|copy|dist|cuda|F|torch)$"
)
# Functions that are given a model and only use it, or that change what no gradient depends on.
HARMLESS_USES = re.compile(
    r"(^|_)(loss|losses|crit|forward|eval|valid|test|save|log|print|plot|sample|generat|predict|infer|ema|average|norm|"
    r"param|count|lr|rate|adjust|sched|warm|load|checkpoint|ckpt|isinstance|len|type|id|summary|acc|accuracy|score|visual|"
    r"show|metric|attack|decay|watch|size|device|dump|write|report|monitor|track|export|interpolat|penalty|state_dict|reset_net|detach|repackage)"
)
HARMLESS_FUNCTIONS = ("apex.amp.scale_loss", "apex.amp.master_params", "apex.amp.initialize")
MAY_DO_ANYTHING = ("torch.distributed.autograd.", "builtins.exec")
HARMLESS_PACKAGES = frozenset(
    "builtins numpy math itertools functools collections operator time logging os sys random json typing dataclasses "
    "copy tqdm warnings pathlib re argparse timm torchvision torch torchmetrics sklearn wandb matplotlib".split()
)
# What `accelerate` and `fabric` do beside training.
HELPERS = frozenset({"accelerator", "fabric"})
HELPS = frozenset(
    "print log log_dict gather gather_for_metrics all_gather all_reduce reduce broadcast barrier wait_for_everyone "
    "unwrap_model autocast accumulate no_sync no_backward_sync init_tensor to_device save load save_state load_state "
    "save_model end_training skip_first_batches pad_across_processes get_state_dict clip_grad_norm_ clip_grad_value_ "
    "clip_gradients set_trigger check_trigger prepare prepare_model prepare_optimizer prepare_data_loader "
    "prepare_scheduler setup setup_module setup_optimizers setup_dataloaders".split()
)
TENSOR_METHODS = frozenset(
    "item detach numpy tolist mean sum max min norm view reshape size dim clone append extend items keys values get "
    "join format split argmax eq long int bool squeeze unsqueeze permute transpose contiguous "
    "pop popitem setdefault insert remove sort reverse index count".split()
)
MODULE_METHODS = frozenset(
    "train eval to cuda cpu half float double bfloat16 state_dict load_state_dict parameters named_parameters modules "
    "children named_modules named_children buffers forward __init__ __call__ register_buffer no_sync requires_grad_ "
    "log log_dict print info share_memory compile toggle_optimizer untoggle_optimizer lr_schedulers".split()
)
AVERAGED = External(torch_api.AVERAGED)
MODELS = re.compile(
    r"model|net|modul|policy|actor|critic|generator|discriminator|encoder|decoder|learner|agent|trainer"
)


@lru_cache(maxsize=4096)
def _acts(name: str) -> bool:
    return ACTS.search(name.lower()) is not None


@lru_cache(maxsize=4096)
def _reads(name: str) -> bool:
    return READS.search(name.lower()) is not None and "no_grad" not in name and "accum" not in name


@lru_cache(maxsize=4096)
def _is_actor(name: str) -> bool:
    lowered = name.lower()
    return ACTORS.search(lowered) is not None and HARMLESS_OBJECTS.search(lowered) is None


@lru_cache(maxsize=4096)
def _only_uses(name: str) -> bool:
    return HARMLESS_USES.search(name.lower()) is not None


@lru_cache(maxsize=4096)
def is_harmless_object(name: str) -> bool:
    """Whether something of this name has nothing to do with gradients: a schedule, a log, an environment."""
    return HARMLESS_OBJECTS.search(name.lower()) is not None and subjects.OPTIMIZER_NAME.search(name) is None


@lru_cache(maxsize=4096)
def _is_model(name: str) -> bool:
    return MODELS.search(name.lower()) is not None


def ran(machine: Machine, node: ir.Call, function: Value, arguments: Arguments, state: State) -> None:
    """A call of code that the engine did not run."""
    if isinstance(function, Method):
        _method(machine, node, function, arguments, state)
    elif isinstance(function, External):
        _external(machine, node, torch_api.canonical(function.path), arguments, state)
    elif not (state.get(function, InstanceCell) is not None and _is_module(function, state)):
        _given(machine, node, subjects.name_of(node.func), arguments, state)


def _is_module(value: Value, state: State) -> bool:
    cell = state.get(value, InstanceCell)
    return cell is not None and cell.is_module is not False


def _external(machine: Machine, node: ir.Call, path: str, arguments: Arguments, state: State) -> None:
    harmless = path.partition(".")[0] in HARMLESS_PACKAGES or path in HARMLESS_FUNCTIONS
    if harmless and not path.startswith(MAY_DO_ANYTHING):
        return
    _given(machine, node, path.rpartition(".")[2], arguments, state)


def _given(machine: Machine, node: ir.Call, name: str, arguments: Arguments, state: State) -> None:
    """A function that is not known gets these arguments."""
    if _acts(name) and not is_harmless_object(name):
        anything(machine, node, state)
        return
    if _reads(name):
        trace.note(machine, Act(LOOK, machine.site(node)), state)
    elif not _only_uses(name):
        handed_over(machine, node, arguments, state)


def _method(machine: Machine, node: ir.Call, method: Method, arguments: Arguments, state: State) -> None:
    name = method.name
    receiver = method.node.value if isinstance(method.node, ir.Attribute) else method.node
    owner = subjects.name_of(receiver)
    cell = state.cell(method.receiver)
    if isinstance(cell, OptimizerCell):
        if name not in ("state_dict", "load_state_dict", "add_param_group", "train", "eval"):
            _hide(machine, node, method.receiver, state)
        return
    if is_helper(method) and name in HELPS:
        if _reads(name):
            trace.note(machine, Act(LOOK, machine.site(node)), state)
        return
    if name in MODULE_METHODS | TENSOR_METHODS or (cell is not None and not isinstance(cell, InstanceCell)):
        return
    if cell is not None and cell.cls == AVERAGED:
        return
    if _is_actor(owner) or _acts_on(owner, name):
        anything(machine, node, state)
        return
    if _reads(name):
        trace.note(machine, Act(LOOK, machine.site(node)), state)
    elif _may_be_inherited(cell) and not _only_uses(name) and not is_harmless_object(name):
        _hide(machine, node, method.receiver, state)
    elif not _only_uses(name) and not is_harmless_object(owner):
        handed_over(machine, node, arguments, state)


def is_helper(method: Method) -> bool:
    """Whether a method is called on what is named like `accelerate`'s or Fabric's object."""
    receiver = method.node.value if isinstance(method.node, ir.Attribute) else method.node
    return subjects.name_of(receiver).lstrip("_") in HELPERS


def _acts_on(owner: str, name: str) -> bool:
    """Whether a method by its name, and that of what it is called on, may train something."""
    if name in ("update", "optimize", "learn") and _is_model(owner):
        return True
    return _acts(name) and not is_harmless_object(owner)


def _may_be_inherited(cell: object) -> bool:
    """Whether a method is called on an object of the project whose class does not show it."""
    return isinstance(cell, InstanceCell) and isinstance(cell.cls, ClassValue) and cell.is_module is None


def overridden(machine: Machine, node: ir.Call, state: State) -> None:
    """A method is called that does nothing itself: what subclasses make of it only its name tells."""
    name = subjects.name_of(node.func)
    if _acts(name) or not (_only_uses(name) or is_harmless_object(name)):
        anything(machine, node, state)


def cut_short(machine: Machine, call: calls_before.Call, state: State) -> None:
    """A function of the project is called too often, or too deep, to be run once more."""
    if calls_before.repeat(machine, call, state):
        return
    if any(_acts(word) or _reads(word) for word in machine.mentions(call.function)):
        anything(machine, call.node, state)


def anything(machine: Machine, node: ir.Node, state: State) -> None:
    """Code that may do anything."""
    _add(machine, node, Subject("", kind="anything"), state)


def _hide(machine: Machine, node: ir.Node, value: Value, state: State) -> None:
    refs = frozenset(option for option in options_of(value) if isinstance(option, Ref))
    _add(machine, node, Subject("", kind="some", inside=_all_of(refs, state)), state)


def _all_of(refs: frozenset[Ref], state: State) -> frozenset[Ref]:
    """What objects lead to, and the models whose parameters optimizers and iterators among them have."""
    found = subjects.reach(refs, state)
    held = (state.get(ref, OptimizerCell) for ref in found)
    groups = [group for cell in held if cell is not None for group in cell.groups or ()]
    return found | {cover.module for group in groups for cover in group.covers or ()}


def handed_over(machine: Machine, node: ir.Call, arguments: Arguments, state: State) -> None:
    """Code that may do anything to what it is given."""
    refs = frozenset(
        option for value in arguments.all() for option in options_of(value)
        if isinstance(option, Ref) and _matters(option, state)
    )  # fmt: skip
    if refs:
        _add(machine, node, Subject("", kind="some", inside=_all_of(refs, state)), state)
    vague = [argument.value for argument in node.args if _is_vague(machine, argument.value)]
    if vague:
        _add(machine, node, Subject("", kind="vague"), state)


def _matters(ref: Ref, state: State) -> bool:
    cell = state.cell(ref)
    if isinstance(cell, InstanceCell | OptimizerCell):
        return True
    return cell is not None and any(
        isinstance(state.cell(inner), InstanceCell | OptimizerCell) for inner in subjects.reach((ref,), state)
    )


def _is_vague(machine: Machine, node: ir.Expression) -> bool:
    """Whether an argument of which nothing is known may be an optimizer, a model, or something that has one."""
    name = subjects.name_of(node)
    if isinstance(node, ir.Call) or not isinstance(machine.values.get(node.origin), Unknown | Method | None):
        return False
    return subjects.OPTIMIZER_NAME.search(name) is not None or _is_model(name) or name in ("self", "args", "kwargs")


def _add(machine: Machine, node: ir.Node, subject: Subject, state: State) -> None:
    trace.note(machine, Act(HIDDEN, machine.site(node), subject, node=node), state)
