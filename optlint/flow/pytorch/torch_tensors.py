"""What the functions, methods and attributes of tensors give, as data (torch 2.13).

The lists of methods were made by calling each method of a tensor that requires gradients and looking at its result.
"""

from __future__ import annotations


def _of(prefix: str, words: str) -> frozenset[str]:
    return frozenset(prefix + word for word in words.split())


# Functions that make a leaf; the keyword `requires_grad` says the rest. They copy what they are given.
FLOAT_MAKERS = _of(
    "torch.",
    "zeros ones rand randn empty eye linspace logspace hann_window hamming_window blackman_window kaiser_window Tensor "
    "FloatTensor",
)
LIKE_MAKERS = _of("torch.", "zeros_like ones_like rand_like randn_like randint_like empty_like full_like")
TENSOR_MAKERS = (
    FLOAT_MAKERS
    | LIKE_MAKERS
    | _of(
        "torch.",
        "tensor full arange range randint randperm from_numpy frombuffer tril_indices triu_indices sparse_coo_tensor "
        "DoubleTensor HalfTensor BFloat16Tensor LongTensor IntTensor ByteTensor BoolTensor cuda.FloatTensor "
        "cuda.DoubleTensor cuda.HalfTensor cuda.LongTensor autograd.Variable",
    )
)
# Those that make it of numbers that were there before.
FROM_DATA = _of("torch.", "tensor as_tensor asarray from_numpy autograd.Variable")
# Names of functions and methods that make a leaf and take the keyword `requires_grad`.
TAKES_REQUIRES_GRAD = frozenset(
    "zeros ones rand randn empty eye linspace logspace hann_window hamming_window blackman_window kaiser_window "
    "zeros_like ones_like rand_like randn_like randint_like empty_like full_like tensor full arange range randint "
    "randperm frombuffer sparse_coo_tensor Variable new_tensor new_zeros new_ones new_full new_empty".split()
)
# Methods of a tensor that make one from scratch, on any tensor; the keyword `requires_grad` says the rest.
NEW_MAKERS = frozenset("new_tensor new_zeros new_ones new_full new_empty".split())
# Functions that give back the tensor that they are given, where they are given one.
AS_TENSOR = _of("torch.", "as_tensor asarray")

# Methods that take a part of a tensor: the part of a parameter is not a parameter.
PIECES = frozenset("chunk split unbind narrow select tensor_split hsplit vsplit dsplit".split())
MANY_PIECES = frozenset("chunk split unbind tensor_split hsplit vsplit dsplit".split())
# Methods and attributes that show the whole tensor in another way.
VIEWS = frozenset(
    "view reshape squeeze unsqueeze transpose permute t expand expand_as flatten diagonal view_as unfold swapaxes "
    "swapdims movedim moveaxis adjoint unflatten ravel reshape_as".split()
)
VIEW_ATTRIBUTES = frozenset("T mT H mH imag".split())
# Methods that give one new tensor, through which gradients flow.
COMPUTES = VIEWS | frozenset(
    "abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr amax amin angle arccos arccosh arcsin "
    "arcsinh arctan arctan2 arctanh asin asinh atan atan2 atanh baddbmm bmm ceil clamp clamp_max clamp_min clip "
    "clone copysign cos cosh cov cross cumprod cumsum deg2rad det diag diag_embed diagflat diff digamma dist div "
    "divide dot erf erfc erfinv exp exp2 expm1 fix flip fliplr flipud float_power floor floor_divide fmax fmin "
    "fmod frac gather ger hardshrink heaviside hypot index_add index_select index_copy index_fill index_put inner "
    "inverse kron lerp lgamma log log10 log1p log2 log_softmax logaddexp logaddexp2 logcumsumexp logdet logit "
    "logsumexp masked_fill masked_scatter masked_select matmul matrix_exp matrix_power maximum mean minimum mm "
    "msort mul multiply mv nan_to_num nanmean nansum neg negative norm outer pinverse polygamma pow prelu prod "
    "rad2deg reciprocal relu remainder renorm repeat repeat_interleave roll rot90 round rsqrt scatter scatter_add "
    "sgn sigmoid sign sin sinc sinh softmax sqrt square std sub subtract sum sum_to_size take take_along_dim tan "
    "tanh tile trace tril triu true_divide trunc var where xlogy".split()
)
# Methods that give values with their positions: always, or if they are given a dimension.
RANKS = frozenset("sort topk kthvalue mode cummax cummin".split())
EXTREMES = RANKS | frozenset("max min median nanmedian".split())
# Methods that give a new tensor through which no gradient flows.
CUTS = frozenset(
    "detach argmax argmin argsort argwhere bool byte char count_nonzero eq ge greater greater_equal gt int "
    "isclose isfinite isinf isnan le less less_equal logical_and logical_not logical_or long lt ne nonzero not_equal "
    "short signbit new".split()
)
# Methods that give the tensor itself where nothing has to change, and the type that they want.
CASTS = {"float": "torch.float32", "double": "torch.float64", "half": "torch.float16", "bfloat16": "torch.bfloat16"}
# Names of types, by all their spellings.
DTYPES = {
    f"torch.{name}": f"torch.{dtype}"
    for dtype, names in {
        "float32": "float32 float FloatTensor",
        "float64": "float64 double DoubleTensor",
        "float16": "float16 half HalfTensor",
        "bfloat16": "bfloat16 BFloat16Tensor",
        "int64": "int64 long LongTensor",
        "int32": "int32 int IntTensor",
        "uint8": "uint8 ByteTensor",
        "bool": "bool BoolTensor",
        "complex64": "complex64 cfloat",
        "complex128": "complex128 cdouble",
    }.items()
    for name in names.split()
}
PERHAPS_SAME = frozenset(CASTS) | frozenset(
    "to type type_as contiguous cpu cuda xpu real positive pin_memory conj to_dense".split()
)
MOVES = PERHAPS_SAME | frozenset({"long", "view", "squeeze", "flatten", "reshape"})
SAME_TENSOR = frozenset("requires_grad_ detach_ retain_grad share_memory_".split())
HOOKS = frozenset({"register_hook", "register_post_accumulate_grad_hook"})
# In-place methods after which a tensor holds nothing of the arguments that gradients could flow through.
FILLS = frozenset(
    "zero_ uniform_ normal_ random_ bernoulli_ exponential_ geometric_ cauchy_ log_normal_ clamp_ clamp_min_ "
    "clamp_max_ abs_ exp_ sqrt_ neg_ tanh_ sigmoid_ relu_ round_ floor_ ceil_ t_ squeeze_ unsqueeze_ transpose_ "
    "resize_ set_ fill_diagonal_".split()
)
# Methods that give no tensor.
NOT_TENSORS = frozenset(
    "item tolist numpy size dim numel nelement element_size data_ptr is_contiguous stride storage_offset backward "
    "get_device untyped_storage storage ndimension is_floating_point is_complex is_pinned equal allclose".split()
)
# Attributes that are no tensors, so no gradient flows through them.
PLAIN_ATTRIBUTES = frozenset("shape dtype device ndim grad data is_leaf requires_grad itemsize nbytes layout".split())

# Functions that give one new tensor computed from their arguments, as the method of the same name does.
METHODS_ONLY = frozenset("expand expand_as repeat reshape_as sum_to_size unfold view view_as".split())
FUNCTIONS = frozenset(f"torch.{name}" for name in COMPUTES - METHODS_ONLY) | _of(
    "torch.",
    "cat concat concatenate stack hstack vstack dstack column_stack row_stack einsum block_diag cartesian_prod cdist "
    "tensordot complex polar view_as_real view_as_complex special.expit special.logit linalg.norm linalg.inv "
    "linalg.vector_norm linalg.matrix_norm linalg.cross linalg.det linalg.matmul linalg.matrix_exp linalg.solve "
    "fft.fft fft.ifft fft.rfft fft.irfft fft.fft2 fft.ifft2 nn.utils.parameters_to_vector",
)
FUNCTIONAL = _of(
    "torch.nn.functional.",
    "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d affine_grid avg_pool1d avg_pool2d avg_pool3d "
    "batch_norm bilinear binary_cross_entropy binary_cross_entropy_with_logits celu conv1d conv2d conv3d "
    "conv_transpose1d conv_transpose2d conv_transpose3d cosine_similarity cross_entropy dropout elu embedding gelu glu "
    "grid_sample group_norm gumbel_softmax hardsigmoid hardswish hardtanh huber_loss interpolate kl_div l1_loss "
    "layer_norm leaky_relu linear log_softmax logsigmoid mish mse_loss nll_loss normalize pad pairwise_distance "
    "pixel_shuffle pixel_unshuffle prelu relu relu6 rms_norm selu sigmoid silu smooth_l1_loss softmax softmin softplus "
    "softshrink softsign tanh threshold unfold",
)
# Losses of which the second argument is the right class of each row.
OF_CLASSES = frozenset(
    "torch.nn.functional.cross_entropy torch.nn.functional.nll_loss torch.nn.CrossEntropyLoss torch.nn.NLLLoss".split()
)
SPLITS = {f"torch.{name}": name for name in PIECES}
CUTTING = frozenset(f"torch.{name}" for name in CUTS - {"bool", "byte", "char", "int", "long", "new", "short"})
# Functions of Python that compute with tensors.
SUMS = frozenset({"builtins.sum"})
# Functions after which a layer's weight is computed from other parameters, whenever it is read.
REPARAMETRIZES = (
    "torch.nn.utils.prune.", "torch.nn.utils.parametrize.", "torch.nn.utils.parametrizations.",
    "torch.nn.utils.weight_norm", "torch.nn.utils.spectral_norm",
)  # fmt: skip
# Layers whose call gives more than one tensor.
GIVES_MORE = frozenset({"torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN", "torch.nn.MultiheadAttention"})
CHANGES_DEFAULTS = _of("torch.", "set_default_dtype set_default_tensor_type set_default_device")
# Methods that users of a module replace its parameters in, or that are called with replaced ones.
FORWARDS = frozenset({"forward"})
# In-place methods that autograd refuses on a leaf that requires gradients.
CHANGES = frozenset(
    "abs_ acos_ add_ addbmm_ addcdiv_ addcmul_ addmm_ addmv_ addr_ asin_ atan_ baddbmm_ bernoulli_ cauchy_ ceil_ "
    "clamp_ clamp_max_ clamp_min_ clip_ copy_ cos_ cumprod_ cumsum_ div_ divide_ erf_ exp_ expm1_ exponential_ fill_ "
    "fill_diagonal_ floor_ fmod_ frac_ geometric_ index_add_ index_copy_ index_fill_ lerp_ log_ log10_ log2_ "
    "log_normal_ masked_fill_ masked_scatter_ mul_ multiply_ nan_to_num_ neg_ negative_ normal_ pow_ put_ random_ "
    "reciprocal_ relu_ remainder_ round_ rsqrt_ scatter_ scatter_add_ sigmoid_ sign_ sin_ sqrt_ square_ sub_ "
    "subtract_ tan_ tanh_ tril_ triu_ true_divide_ trunc_ uniform_ zero_".split()
)
# Beginnings of names of functions that show, log or save what they are given.
LOGS = frozenset({"log", "log_dict", "add_scalar", "info", "debug", "print"})  # nothing is done with what these get
SHOWS = ("log", "add_", "print", "save", "show", "imshow", "plot", "write", "record", "info", "debug", "warn")
