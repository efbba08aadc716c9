"""What names of PyTorch and its neighbours do, as data.

Names are canonical dotted paths (see `canonical`). Nothing here runs anything; `calls.py` gives the words meaning.
"""

from __future__ import annotations

import re
from functools import lru_cache

_INNER_MODULE = re.compile(r"^(torch\.optim|torch\.nn)\.(?:modules\.)?[a-z_0-9]+\.([A-Z]\w*)$")
_KEPT = ("torch.nn.utils.", "torch.nn.init.", "torch.nn.functional.", "torch.nn.parallel.", "torch.optim.lr_scheduler.",
         "torch.optim.swa_utils.")  # fmt: skip


@lru_cache(maxsize=10_000)
def canonical(path: str) -> str:
    """One spelling for a name that can be imported from several modules."""
    if path in RENAMED:
        return RENAMED[path]
    match = None if path.startswith(_KEPT) else _INNER_MODULE.match(path)
    return f"{match[1]}.{match[2]}" if match else path


RENAMED = {
    "torch.nn.parameter.Parameter": "torch.nn.Parameter",
    "torch.Tensor.detach": "torch.detach",
    "torch.autograd.no_grad": "torch.no_grad",
    "torch.autograd.grad_mode.no_grad": "torch.no_grad",
    "torch.nn.utils.clip_grad.clip_grad_norm_": "torch.nn.utils.clip_grad_norm_",
    "torch.nn.utils.clip_grad.clip_grad_value_": "torch.nn.utils.clip_grad_value_",
    "torch.nn.utils.clip_grad.clip_grads_with_norm_": "torch.nn.utils.clip_grads_with_norm_",
    "torch.nn.utils.clip_grad.get_total_norm": "torch.nn.utils.get_total_norm",
    "torch.nn.utils.clip_grad_norm": "torch.nn.utils.clip_grad_norm_",
    "pytorch_lightning.LightningModule": "lightning.LightningModule",
    "lightning.pytorch.LightningModule": "lightning.LightningModule",
    "tqdm.auto.tqdm": "tqdm.tqdm",
    "tqdm.notebook.tqdm": "tqdm.tqdm",
    "tqdm.autonotebook.tqdm": "tqdm.tqdm",
}

_COMMON = frozenset({"params", "lr", "weight_decay", "maximize", "foreach", "differentiable", "capturable", "fused"})


def is_about_gradients(name: str) -> bool:
    """Whether an identifier may be `requires_grad`, misspelt."""
    lowered = name.lower()
    return "req" in lowered and ("grad" in lowered or lowered.endswith(("gard", "garad", "grd")))


def is_scaler(path: str) -> bool:
    """Whether a class is `GradScaler` of torch, by one of its names."""
    return path.startswith("torch.") and path.endswith("GradScaler")


def holds_modules(path: str) -> bool:
    """Whether an object of this class gives modules if it is walked over, if it can be walked over at all."""
    return path in LISTS_OF_MODULES or path.endswith(".?")


def _keys(words: str) -> frozenset[str]:
    return _COMMON | frozenset(words.split())


# Group keys that each optimizer of torch.optim reads (torch 2.13, `Optimizer.defaults`), `params` included.
OPTIMIZERS: dict[str, frozenset[str]] = {
    "torch.optim.Adadelta": _keys("rho eps"),
    "torch.optim.Adafactor": _keys("beta2_decay eps d"),
    "torch.optim.Adagrad": _keys("lr_decay eps initial_accumulator_value"),
    "torch.optim.Adam": _keys("betas eps amsgrad decoupled_weight_decay"),
    "torch.optim.AdamW": _keys("betas eps amsgrad decoupled_weight_decay"),
    "torch.optim.Adamax": _keys("betas eps"),
    "torch.optim.ASGD": _keys("lambd alpha t0"),
    "torch.optim.LBFGS": _keys("max_iter max_eval tolerance_grad tolerance_change history_size line_search_fn"),
    "torch.optim.Muon": _keys("momentum nesterov ns_coefficients eps ns_steps adjust_lr_fn"),
    "torch.optim.NAdam": _keys("betas eps momentum_decay decoupled_weight_decay"),
    "torch.optim.RAdam": _keys("betas eps decoupled_weight_decay"),
    "torch.optim.RMSprop": _keys("alpha eps centered momentum"),
    "torch.optim.Rprop": _keys("etas step_sizes"),
    "torch.optim.SGD": _keys("momentum dampening nesterov"),
    "torch.optim.SparseAdam": _keys("betas eps"),
}
# Keys that schedulers of torch write and read, and torch's names of parameters.
SCHEDULER_KEYS = frozenset(
    "initial_lr swa_lr max_lr min_lr base_lr max_momentum base_momentum param_names step_size_up".split()
)
# Words that only name a group or scale what a library sets: inert, or read where we do not look.
GROUP_LABELS = frozenset(
    "name names group_name param_name tag label desc description type kind index idx layer_id layer depth "
    "lr_scale lr_mult lr_multiplier lr_factor lr_ratio lr_coef decay_mult wd_mult wd_scale bias_mult scale factor "
    "fix_lr fixed moe is_moe_param use_muon is_expert apply_decay apply_wd no_decay frozen".split()
)
# What an optimizer of torch takes as a rate, a factor or a switch, whichever class it is.
HYPERPARAMETERS = frozenset(
    "lr weight_decay momentum dampening nesterov betas eps amsgrad alpha rho lambd t0 lr_decay momentum_decay etas "
    "step_sizes learning_rate".split()
)
OPTIMIZER_BASE = "torch.optim.Optimizer"
# Packages in which a capitalised name called with parameters is an optimizer; their keys are not known.
OPTIMIZER_PACKAGES = (
    "bitsandbytes.optim.", "apex.optimizers.Fused", "torch_optimizer.", "pytorch_optimizer.", "lion_pytorch.Lion",
    "deepspeed.ops.adam.", "deepspeed.ops.lamb.", "timm.optim.", "transformers.AdamW", "transformers.Adafactor",
    "pytorch_transformers.AdamW", "pytorch_transformers.optimization.Ada",
    "transformers.optimization.Ada", "adabelief_pytorch.AdaBelief", "prodigyopt.Prodigy", "muon.Muon",
    "schedulefree.", "adamp.", "madgrad.MADGRAD", "dadaptation.", "came_pytorch.CAME",
)  # fmt: skip

# What a call draws from its iterators: which arguments (None: all), and whether training depends on it.
DRAWS_ALL: dict[str, bool] = {
    "builtins.sum": False,
    "builtins.max": False,
    "builtins.min": False,
    "builtins.dict": False,
    "collections.OrderedDict": False,
    "collections.deque": False,
    "collections.Counter": False,
    "torch.nn.utils.clip_grad_norm_": True,
    "torch.nn.utils.clip_grad_value_": True,
    "torch.nn.utils.clip_grads_with_norm_": True,
    "torch.nn.utils.get_total_norm": False,
    "torch.nn.utils.parameters_to_vector": True,
    "torch.nn.utils.vector_to_parameters": True,
    "torch.nn.utils.convert_parameters.parameters_to_vector": True,
    "torch.nn.utils.convert_parameters.vector_to_parameters": True,
    "torch.autograd.grad": True,
    "torch.cat": False,
    "torch.stack": False,
    "torch_ema.ExponentialMovingAverage": True,
    "numpy.sum": False,
    "math.fsum": False,
    "functools.reduce": False,
}
COPIES = {
    "builtins.list": "list",
    "builtins.tuple": "tuple",
    "builtins.set": "set",
    "builtins.frozenset": "set",
    "builtins.sorted": "list",
}
DRAWS_SOME = frozenset({"builtins.any", "builtins.all"})
# Lazy iterators over other iterables; the value is the position of the first iterable.
WRAPPERS: dict[str, int] = {
    "builtins.filter": 1,
    "builtins.map": 1,
    "builtins.zip": 0,
    "builtins.enumerate": 0,
    "builtins.iter": 0,
    "itertools.accumulate": 0,
    "itertools.chain": 0,
    "itertools.groupby": 0,
    "itertools.chain.from_iterable": 0,
    "itertools.compress": 0,
    "itertools.cycle": 0,
    "itertools.dropwhile": 1,
    "itertools.filterfalse": 1,
    "itertools.islice": 0,
    "itertools.starmap": 1,
    "itertools.takewhile": 1,
    "itertools.zip_longest": 0,
    "tqdm.tqdm": 0,
    "tqdm.trange": 0,
}
CALLBACK_FIRST = frozenset({"filter", "map", "filterfalse", "takewhile", "dropwhile", "starmap"})
# Plain functions that look at their arguments and keep nothing of them.
LOOKS_ONLY = frozenset(
    f"builtins.{name}"
    for name in "print repr str type id isinstance issubclass hasattr callable len bool int float hash vars dir abs "
    "round range format".split()
) | frozenset({"torch.is_tensor", "torch.is_grad_enabled", "copy.deepcopy", "copy.copy", "inspect.isgenerator"})

# Packages whose classes share names with torch and mean other things.
OTHER_FRAMEWORKS = frozenset(
    "paddle tensorflow keras mlx jax flax mindspore oneflow tinygrad micrograd chainer cntk mxnet inspect psutil "
    "qiskit pennylane sympy numpy scipy sklearn pandas".split()
)
# Packages of which a file imports at least one if what it calls a tensor is one of torch's.
LIBRARIES = frozenset(
    "torch torchvision torchaudio lightning pytorch_lightning accelerate transformers timm diffusers peft trl "
    "deepspeed fairseq speechbrain fastai ignite monai mmengine mmcv apex nemo detectron2 pyro kornia allennlp "
    "flair dgl espnet colossalai torch_geometric torchrl gpytorch botorch".split()
)
MODULE_BASES = frozenset(
    {
        "torch.nn.Module",
        "lightning.LightningModule",
        "transformers.PreTrainedModel",
        "transformers.modeling_utils.PreTrainedModel",
        "torch.jit.ScriptModule",
        "mmengine.model.BaseModule",
        "mmcv.runner.BaseModule",
    }
)
# Layers of packages for graphs, by their names, and those of them that need not have anything to train.
GRAPH_LAYERS = re.compile(
    r"^(torch_geometric\.nn(\.conv|\.dense|\.models)?(\.\w+)?|dgl\.nn(\.pytorch(\.\w+)*)?)\."
    r"(MessagePassing|Linear|MLP|[A-Z]\w*Conv)$"
)
UNTRAINED_GRAPH_LAYERS = re.compile(
    r".*\.(MessagePassing|LGConv|SimpleConv|WLConv|PointConv|PointNetConv|PPFConv|APPNPConv|HeteroConv|HeteroGraphConv)$"
    r"|dgl\..*\.GINConv$"
)
PLAIN_BASES = frozenset({"torch.nn.Module", "lightning.LightningModule"})  # they add no parts to those of a class
# Calls that give a module of which no more is known.
AVERAGED = "torch.optim.swa_utils.AveragedModel"  # it has a copy of the model that it is given
MODULE_FACTORIES = frozenset({"timm.create_model", "torch.hub.load", "torch.jit.load", "torch.jit.script", AVERAGED})
MODULE_FACTORY_PREFIXES = ("torchvision.models.", "segmentation_models_pytorch.", "timm.models.")
FROM_PRETRAINED = re.compile(r"^(transformers|diffusers|peft)\.\w+\.from_(pretrained|config)$")
# Modules of packages in which every function makes a model.
MODEL_ZOOS = frozenset({"torchvision.models", "timm.models"})
# Attributes of models of those packages that are modules, in whatever model they occur.
PART_NAMES = frozenset(
    "features classifier fc head heads backbone encoder decoder embeddings embed_tokens patch_embed lm_head stem "
    "transformer transformers model base_model bert roberta distilbert albert electra deberta gpt2 vit clip "
    "vision_model text_model visual language_model pooler layer layers blocks stages norm avgpool maxpool global_pool "
    "conv1 conv_stem bn1 layer1 layer2 layer3 layer4 AuxLogits h wte wpe ln_f attention attn mlp self_attn unet vae "
    "text_encoder score qa_outputs shared feature_extractor projector bottleneck segmentation_head".split()
)
PART_OWNERS = ("torchvision.", "timm.", "transformers.", "diffusers.", "torch.hub.")
CONTAINERS = frozenset({"torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict"})
ROWS = frozenset({"torch.nn.Sequential", "torch.nn.ModuleList"})
LISTS_OF_MODULES = frozenset({"torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.Module"})
PARAMETER_CONTAINERS = frozenset({"torch.nn.ParameterList", "torch.nn.ParameterDict"})
# Modules that hold another as `.module` and stand for it.
MODULE_WRAPPERS = frozenset(
    {
        "torch.nn.DataParallel",
        "torch.nn.parallel.DataParallel",
        "torch.nn.parallel.DistributedDataParallel",
        "torch.nn.parallel.distributed.DistributedDataParallel",
    }
)
# Methods that give a module another part.
REGISTERS = frozenset(
    "add_module register_module register_parameter register_buffer append insert extend __setattr__".split()
)
# Calls that give back the module that they are given.
SAME_MODULE = frozenset({"torch.compile", "torch.nn.SyncBatchNorm.convert_sync_batchnorm"})
NEVER_RETURN = frozenset({"sys.exit", "os._exit", "builtins.exit", "builtins.quit"})
# Not modules although they live in torch.nn.
NOT_MODULES = frozenset({"torch.nn.Parameter", "torch.nn.Buffer", "torch.nn.UninitializedParameter"})

# Methods of a module that give one-shot iterators, and whether they give modules, tensors or pairs with names.
MODULE_ITERATORS = {
    "parameters": "parameter",
    "named_parameters": "named parameter",
    "children": "module",
    "named_children": "named module",
    "modules": "module",
    "named_modules": "named module",
    "buffers": "tensor",
    "named_buffers": "named tensor",
}
# Those that are unmistakable on a receiver of unknown type.
UNMISTAKABLE = frozenset({"parameters", "named_parameters", "named_modules", "named_children", "named_buffers"})
# Methods that return the module itself.
MODULE_FLUENT = frozenset(
    "to cuda cpu float half double bfloat16 train eval requires_grad_ apply type xpu to_empty share_memory".split()
)
GIVES_MODULE = frozenset("get_submodule get_encoder get_decoder get_input_embeddings get_output_embeddings".split())
DICTS_OF_PARTS = frozenset({"torch.nn.ModuleDict", "torch.nn.ParameterDict"})
# Methods of a module that switch no gradients.
KEEPS_GRADIENTS = frozenset(
    "state_dict load_state_dict zero_grad register_buffer register_parameter register_module add_module append extend "
    "insert forward get_parameter get_buffer extra_repr named_parameters parameters __call__ keys items values "
    "register_forward_hook register_forward_pre_hook register_full_backward_hook requires_grad_".split()
)
# Methods whose use shows that a receiver is a module.
SHOWS_MODULE = frozenset(
    "named_parameters named_modules named_children named_buffers load_state_dict register_buffer register_parameter "
    "register_forward_hook register_module add_module get_submodule get_parameter".split()
)

# Contexts and decorators that leave gradients as they are.
KEEPS_GRAD_MODE = (
    "builtins.", "torch.", "functools.", "contextlib.contextmanager", "typing.", "typing_extensions.", "abc.",
    "warnings.", "tqdm.", "dataclasses.", "hydra.", "click.",
)  # fmt: skip
NO_GRAD = frozenset({"torch.no_grad", "torch.inference_mode"})
ENABLE_GRAD = frozenset({"torch.enable_grad"})
KEEPS_FUNCTION = NO_GRAD | ENABLE_GRAD | frozenset(
    {
        "builtins.staticmethod", "abc.abstractmethod", "typing.override", "typing_extensions.override",
        "functools.wraps", "functools.lru_cache", "functools.cache", "torch.jit.export", "torch.jit.ignore",
        "torch.compile", "typing.no_type_check", "functools.singledispatch", "torch.jit.unused", "typing.final",
        "typeguard.typechecked", "beartype.beartype", "jaxtyping.jaxtyped", "hydra.main", "torch.jit.script_method",
        "contextlib.contextmanager", "contextlib.asynccontextmanager",
    }
)  # fmt: skip
# Methods of `accelerate` and Fabric that give back what they are given, in a wrapper.
PREPARES = frozenset(
    "prepare prepare_model prepare_optimizer prepare_scheduler setup setup_module setup_optimizers".split()
)
UNWRAPS = frozenset({"unwrap_model"})  # its method that gives back what was put into a wrapper
PROPERTIES = frozenset({"builtins.property", "functools.cached_property", "torch.jit.unused_property"})
