"""The wiring: which functions of torch are watched, and who is told."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn.modules.module import (
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from torch.nn.utils import clip_grad
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.torch_version import TorchVersion
from torch.utils.data import DataLoader

from optlint.auditing.hooks.rewrapping import LOSES_HOOKS, kinds_below, wrap_again
from optlint.auditing.hooks.strict import install as install_strict
from optlint.auditing.instruments.patches import (
    Patches,
    hidden_from_dynamo,
    is_compiling,
    is_dynamo_compiling,
    marked_for_dynamo,
)
from optlint.auditing.memory.sources import read_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from optlint.auditing.hooks.handlers import Handlers

MARKS_WORK = TorchVersion(torch.__version__) >= "2.13"  # tried there; a wrapper of dynamo's costs 0.6 µs a step
READ_EVERY = 4  # losses
CLIP_PARTS = ("_clip_grads_with_norm_",)  # since torch 2.6, whoever imported `clip_grad_norm_` before us


class Watch:
    """Installs everything that calls the handlers, and removes it."""

    def __init__(self, handlers: Handlers, fail: Callable[[Exception], None]) -> None:
        self._handlers = handlers
        self._attention = handlers.attention
        self._fail = fail
        self._patches = Patches()
        self._handles: list[Any] = []
        self._hooked = False
        self.on = True

    def install(self) -> None:
        """Put all hooks and patches in place."""
        replace = self._patches.replace
        replace(Optimizer, "__init__", self._around_birth)
        replace(Optimizer, "add_param_group", self._around_group)
        replace(Optimizer, "zero_grad", self._after_optimizer_clear)
        replace(Optimizer, "load_state_dict", self._after_load)
        replace(Module, "zero_grad", self._after_module_clear)
        replace(Module, "load_state_dict", self._after_weights)
        replace(Module, "apply", self._around_apply)
        replace(DataLoader, "__iter__", self._before_data)
        replace(torch.autograd, "backward", self._around_backward)
        replace(LRScheduler, "_update_lr" if hasattr(LRScheduler, "_update_lr") else "step", self._before_schedule)
        self._install_clipping()
        self._install_scaling()
        self._handlers.averaged.install(self._patches, self._unless_compiling)
        self._handles.append(register_module_parameter_registration_hook(self._on_parameter))
        self._handles.append(register_module_module_registration_hook(self._on_module))
        if "torch._dynamo" in sys.modules:
            self.hook_steps()
            if LOSES_HOOKS:
                wrap_again(kinds_below(Optimizer), self._patches)
        options = self._handlers.options
        if options.strict_iterators:
            install_strict(self._patches, lambda seen: self._safely(self._handlers.tell, seen), options.reportable)

    def hook_steps(self) -> None:
        """Register the one hook behind all steps; asking dynamo to leave it alone imports dynamo, so not before."""
        if not self._hooked:
            self._hooked = True
            hook = self._step_hook() if MARKS_WORK else hidden_from_dynamo(self._step_hook(), recursive=False)
            self._handles.append(register_optimizer_step_post_hook(hook))

    def _wrap_steps_again(self) -> None:
        kinds = (record.kind() for record in self._handlers.book.records.values())
        wrap_again({kind for kind in kinds if kind is not None}, self._patches)

    def switch_off(self) -> None:
        """Take back what can be taken back while a hook is running; what is left does nothing."""
        self.on = False
        self._handlers.attention.watched = self._handlers.attention.alive = False
        self._unpatch()

    def _step_hook(self) -> Callable[[Optimizer, Any, Any], None]:
        return marked_for_dynamo(self._handlers.steps.hook())

    def remove(self) -> None:
        """Remove all of it."""
        self.on = False
        self._unpatch()
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _unpatch(self) -> None:
        self._handlers.inquest.averages.stop()  # replaces what is replaced already, so it goes first
        self._patches.undo()

    def _safely(self, handler: Callable[..., Any], *arguments: Any) -> Any:
        """Call a handler; a fault of ours must not reach the program."""
        if not self.on:
            return None
        try:
            return handler(*arguments)
        except Exception as fault:
            self._fail(fault)
            return None

    def _unless_compiling(self, handler: Callable[..., Any], *arguments: Any) -> None:
        if not is_compiling():
            self._safely(handler, *arguments)

    def _install_clipping(self) -> None:
        parts = [name for name in CLIP_PARTS if hasattr(clip_grad, name)]
        for name in parts:
            self._patches.replace(clip_grad, name, self._before_clip_part)
        for owner in (clip_grad, torch.nn.utils):
            self._patches.replace(owner, "clip_grad_value_", partial(self._before_clip, "clip_value"))
            if not parts:
                self._patches.replace(owner, "clip_grad_norm_", partial(self._before_clip, "max_norm"))

    def _install_scaling(self) -> None:
        scaler = next(kind for kind in torch.cuda.amp.GradScaler.__mro__ if "unscale_" in vars(kind))
        self._patches.replace(scaler, "scale", self._after_scale)
        self._patches.replace(scaler, "unscale_", self._after_unscale)
        self._patches.replace(scaler, "step", self._before_scaled_step)
        self._patches.replace(scaler, "update", self._after_update)

    def _around_birth(self, original: Callable[..., None]) -> Callable[..., None]:
        def build(optimizer: Optimizer, *arguments: Any, **named: Any) -> None:
            if not self.on:
                return original(optimizer, *arguments, **named)
            given = arguments[0] if arguments else named.get("params")
            self._safely(self._handlers.birth_begins, optimizer, given)
            try:
                original(optimizer, *arguments, **named)
            except Exception as error:
                self._safely(self._handlers.birth_failed, optimizer, given, error)
                raise
            self._safely(self._handlers.birth_ends, optimizer)
            self._safely(self.hook_steps)
            if LOSES_HOOKS:
                self._safely(wrap_again, (type(optimizer),), self._patches)
            return None

        return build

    def _around_group(self, original: Callable[..., None]) -> Callable[..., None]:
        def add_param_group(optimizer: Optimizer, *arguments: Any, **named: Any) -> None:
            if not self.on:
                return original(optimizer, *arguments, **named)
            group = arguments[0] if arguments else named.get("param_group")
            source = self._safely(self._handlers.group_begins, group)
            try:
                original(optimizer, *arguments, **named)
            except Exception as error:
                self._safely(self._handlers.group_failed, optimizer, group, source, error)
                raise
            self._safely(self._handlers.group_ends, optimizer, source)
            return None

        return add_param_group

    def _after_optimizer_clear(self, original: Callable[..., None]) -> Callable[..., None]:
        attention = self._attention

        def zero_grad(optimizer: Optimizer, set_to_none: bool = True, *others: Any, **named: Any) -> None:
            if others or named:
                original(optimizer, set_to_none, *others, **named)
            else:
                original(optimizer, set_to_none)  # a call like this costs half as much
            if attention.watched and not is_compiling():
                self._safely(self._handlers.cleared, optimizer)

        return marked_for_dynamo(zero_grad)  # torch's own is hidden too

    def _after_module_clear(self, original: Callable[..., None]) -> Callable[..., None]:
        def zero_grad(module: Module, *arguments: Any, **named: Any) -> None:
            original(module, *arguments, **named)
            if not is_compiling() and self._attention.watched:
                self._safely(self._handlers.cleared, None)

        return zero_grad

    def _around_apply(self, original: Callable[..., Module]) -> Callable[..., Module]:
        inside: list[bool] = []  # torch's own calls itself for each module in a module

        def apply(module: Module, *arguments: Any, **named: Any) -> Module:
            if inside or not self.on or is_compiling():
                return original(module, *arguments, **named)
            before = self._safely(self._handlers.applying, module)
            inside.append(True)
            try:
                result = original(module, *arguments, **named)
            finally:
                inside.pop()
            self._safely(self._handlers.applied, before or [])
            return result

        return apply

    def _before_data(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def begin(loader: DataLoader[Any]) -> Any:
            if self._handlers.book.records:
                self._safely(self._handlers.round_begins)
            return original(loader)

        return begin

    def _around_backward(self, original: Callable[..., None]) -> Callable[..., None]:
        attention, attended = self._attention, self._attended_backward(original)
        compiling = is_dynamo_compiling  # found sooner here than among globals

        def backward(
            tensors: Any,
            grad_tensors: Any = None,
            retain_graph: Any = None,
            create_graph: Any = False,
            *others: Any,
            inputs: Any = None,
            **named: Any,
        ) -> None:
            if compiling():
                return original(tensors, grad_tensors, retain_graph, create_graph, *others, inputs=inputs, **named)
            attention.losses = count = attention.losses + 1
            if not count % READ_EVERY:
                if tensors.__class__ is Tensor and tensors.is_cpu and tensors.numel() == 1:  # waits for no device
                    value = tensors.item()
                    if value - value != 0:
                        self._safely(self._handlers.bad_loss)
                if LOSES_HOOKS:
                    self._safely(self._wrap_steps_again)
            if attention.watched or attention.walks_due or others or named:
                return attended(tensors, grad_tensors, retain_graph, create_graph, *others, inputs=inputs, **named)
            return original(tensors, grad_tensors, retain_graph, create_graph, inputs=inputs)

        return backward

    def _attended_backward(self, original: Callable[..., None]) -> Callable[..., None]:
        handlers, attention = self._handlers, self._attention

        def backward(tensors: Any, *arguments: Any, **named: Any) -> None:
            if is_compiling():
                return original(tensors, *arguments, **named)
            if LOSES_HOOKS and attention.watched:
                self._safely(self._wrap_steps_again)
            if not attention.watched:
                if attention.walks_due:
                    self._safely(handlers.walk, tensors)
                return original(tensors, *arguments, **named)
            self._safely(handlers.backward_begins, tensors)
            try:
                original(tensors, *arguments, **named)
            except RuntimeError as error:
                self._safely(handlers.backward_failed, tensors, error)
                raise
            self._safely(handlers.backward_ends, tensors)
            return None

        return backward

    def _before_clip_part(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def clip(parameters: Any, max_norm: float, *arguments: Any, **named: Any) -> Any:
            if not is_compiling() and self._attention.watched:
                self._safely(self._handlers.clipped, parameters, max_norm)
            return original(parameters, max_norm, *arguments, **named)

        return clip

    def _before_clip(self, bound: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def clip(parameters: Any, *arguments: Any, **named: Any) -> Any:
            if not is_compiling() and self._attention.watched and not isinstance(parameters, Tensor):
                source = self._safely(read_source, parameters)
                parameters = list(parameters)  # as the original does; an iterator can be walked once only
                most = arguments[0] if arguments else named.get(bound)
                if most is not None:
                    self._safely(self._handlers.clipped, parameters, most, source)
            return original(parameters, *arguments, **named)

        return clip

    def _after_scale(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def scale(scaler: Any, *arguments: Any, **named: Any) -> Any:
            if not is_compiling() and scaler.is_enabled():
                self._handlers.order.scaled = True
            return original(scaler, *arguments, **named)

        return scale

    def _after_unscale(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def unscale_(scaler: Any, optimizer: Optimizer, *arguments: Any, **named: Any) -> Any:
            result = original(scaler, optimizer, *arguments, **named)
            if not is_compiling() and scaler.is_enabled():
                self._safely(self._handlers.order.unscaled, optimizer)
            return result

        return unscale_

    def _before_scaled_step(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def step(scaler: Any, optimizer: Optimizer, *arguments: Any, **named: Any) -> Any:
            if not is_compiling() and scaler.is_enabled():
                self._safely(self._handlers.attempted, optimizer)
            return original(scaler, optimizer, *arguments, **named)

        return step

    def _after_update(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def update(scaler: Any, *arguments: Any, **named: Any) -> Any:
            self._handlers.order.scaled = False
            return original(scaler, *arguments, **named)

        return update

    def _before_schedule(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def step(scheduler: LRScheduler, *arguments: Any, **named: Any) -> Any:
            if not is_compiling():
                self._safely(self._handlers.scheduled, scheduler, arguments, named)
            return original(scheduler, *arguments, **named)

        return step

    def _after_load(self, original: Callable[..., None]) -> Callable[..., None]:
        def load_state_dict(optimizer: Optimizer, *arguments: Any, **named: Any) -> None:
            before = [group.get("lr") for group in getattr(optimizer, "param_groups", ())]
            original(optimizer, *arguments, **named)
            if not is_compiling() and self.on:
                self._safely(self._handlers.loaded, optimizer, before)

        return load_state_dict

    def _after_weights(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def load_state_dict(module: Module, *arguments: Any, **named: Any) -> Any:
            result = original(module, *arguments, **named)
            if not is_compiling() and self.on:
                self._safely(self._handlers.weights_loaded, module)
            return result

        return load_state_dict

    def _on_parameter(self, module: Module, name: str, parameter: Any) -> None:
        if parameter is not None and not is_compiling():
            self._safely(self._handlers.registered, module, name, parameter)

    def _on_module(self, module: Module, name: str, child: Module | None) -> None:
        if not is_compiling():
            self._safely(self._handlers.placed, module, name, child)
