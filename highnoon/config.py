"""Frozen configurations of a model and of its training, and their hyperparameter names."""

import dataclasses
import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, get_args

from highnoon.exceptions import ConfigError

__all__ = [
    "HYPERPARAMETER_ALIASES",
    "PRESETS",
    "Config",
    "ModelConfig",
    "OptimizerName",
    "TrainingConfig",
    "canonical_hyperparameters",
    "config_from_trial",
]

OptimizerName = Literal["adamw", "adam", "sgd"]

HYPERPARAMETER_ALIASES: Mapping[str, str] = {
    "num_blocks": "num_reasoning_blocks",
    "num_layers": "num_reasoning_blocks",
    "num_experts": "num_moe_experts",
    "hidden_dim": "embedding_dim",
    "dropout": "dropout_rate",
}
"""Short names of a search space, and the configuration field that each one sets."""


class _Fields:
    """What configurations share: copies with changes, plain dicts, checks that name the field."""

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed.

        Raises:
            ConfigError: A name is not a field, or a value is out of range.
        """
        names = [f.name for f in dataclasses.fields(self)]  # type: ignore[arg-type]
        for name in changes:
            if name not in names:
                raise ConfigError(_unknown(name, names, type(self).__name__))
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a JSON-compatible dict."""
        return dataclasses.asdict(self)  # type: ignore[call-overload]

    def _integers(self, minimum: int, *names: str) -> None:
        for name in names:
            value = getattr(self, name)
            if isinstance(value, bool) or not hasattr(value, "__index__") or value < minimum:
                raise ConfigError(
                    f"{name} must be an integer of at least {minimum}, got {value!r}."
                )
            object.__setattr__(self, name, int(value))

    def _numbers(self, minimum: float, below: float, *names: str, positive: bool = False) -> None:
        for name in names:
            value = getattr(self, name)
            try:
                number = float(value)
            except (TypeError, ValueError):
                number = math.nan
            if not minimum <= number < below or (positive and number == 0.0):
                floor = f"above {minimum:g}" if positive else f"at least {minimum:g}"
                ceiling = "" if below == math.inf else f" and below {below:g}"
                raise ConfigError(f"{name} must be a number {floor}{ceiling}, got {value!r}.")
            object.__setattr__(self, name, number)


@dataclass(frozen=True, kw_only=True)
class ModelConfig(_Fields):
    """Architecture of an HSMN, the Hierarchical State-Space Model Network.

    Attributes:
        vocab_size: Number of tokens. Up to 260 the tokenizer is bytes; above, a byte-level BPE of
            this size is trained on the training data.
        embedding_dim: Width d of the residual stream; a multiple of 8.
        num_reasoning_blocks: Blocks (Mamba-2 followed by a mixture of experts) of the coarse stack.
        num_moe_experts: Experts in each mixture; each one is `2 * embedding_dim` wide.
        top_k_experts: Experts that each token is sent to; at most `num_moe_experts`.
        mamba_d_state: Width N of the recurrent state of each head.
        mamba_d_conv: Width K of the causal depthwise convolution, in tokens.
        mamba_expand: Expansion e: the inner width is `mamba_expand * embedding_dim`.
        dropout_rate: Share of the residual branch outputs dropped in training.
        num_encoder_blocks: Mamba-2 blocks at full resolution before pooling.
        num_decoder_blocks: Mamba-2 blocks at full resolution after unpooling.
        pooling_rate: Tokens that one position of the coarse stack stands for; 1 turns it off.

    Raises:
        ConfigError: A value is out of range.
    """

    vocab_size: int = 260
    embedding_dim: int = 256
    num_reasoning_blocks: int = 4
    num_moe_experts: int = 4
    top_k_experts: int = 2
    mamba_d_state: int = 16
    mamba_d_conv: int = 4
    mamba_expand: int = 2
    dropout_rate: float = 0.0
    num_encoder_blocks: int = 1
    num_decoder_blocks: int = 1
    pooling_rate: int = 4

    def __post_init__(self) -> None:
        """Check every field."""
        self._integers(2, "vocab_size")
        self._integers(8, "embedding_dim")
        self._integers(
            1,
            "num_reasoning_blocks",
            "num_moe_experts",
            "top_k_experts",
            "mamba_d_state",
            "mamba_d_conv",
            "mamba_expand",
            "pooling_rate",
        )
        self._integers(0, "num_encoder_blocks", "num_decoder_blocks")
        self._numbers(0.0, 1.0, "dropout_rate")
        if self.embedding_dim % 8:
            raise ConfigError(
                f"embedding_dim must be a multiple of 8, got {self.embedding_dim}; "
                f"{self.embedding_dim + -self.embedding_dim % 8} would do."
            )
        if self.top_k_experts > self.num_moe_experts:
            raise ConfigError(
                f"top_k_experts ({self.top_k_experts}) must not exceed num_moe_experts "
                f"({self.num_moe_experts}). In a search space, add "
                'constraints=["top_k_experts <= num_moe_experts"] to optimize().'
            )


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(_Fields):
    """How a model is trained. A `Trainer`'s own arguments come before these.

    Attributes:
        learning_rate: Peak learning rate, reached after the warm-up.
        batch_size: Windows in one step.
        optimizer: `"adamw"`, `"adam"` (no weight decay) or `"sgd"` (momentum 0.9, no weight decay).
        warmup_steps: Steps over which the learning rate rises linearly from zero.
        gradient_clip: Largest global norm of the gradients.
        weight_decay: Decoupled weight decay of AdamW, for matrices only.
        aux_loss_weight: Weight of the experts' load-balancing loss (Switch Transformer, eq. 4).
        max_seq_length: Tokens in one window.

    Raises:
        ConfigError: A value is out of range.
    """

    learning_rate: float = 1e-3
    batch_size: int = 8
    optimizer: OptimizerName = "adamw"
    warmup_steps: int = 0
    gradient_clip: float = 1.0
    weight_decay: float = 0.01
    aux_loss_weight: float = 0.01
    max_seq_length: int = 256

    def __post_init__(self) -> None:
        """Check every field."""
        self._integers(1, "batch_size")
        self._integers(8, "max_seq_length")
        self._integers(0, "warmup_steps")
        self._numbers(0.0, math.inf, "learning_rate", "gradient_clip", positive=True)
        self._numbers(0.0, math.inf, "weight_decay", "aux_loss_weight")
        if self.optimizer not in get_args(OptimizerName):
            raise ConfigError(
                f"optimizer must be one of {', '.join(get_args(OptimizerName))}, "
                f"got {self.optimizer!r}."
            )


@dataclass(frozen=True)
class Config:
    """A model and how it is trained.

    Example:
        >>> Config(model=ModelConfig(embedding_dim=64)).model.embedding_dim
        64
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def replace(self, **changes: Any) -> "Config":
        """Return a copy with fields of the model or of the training changed, by any known name.

        Raises:
            ConfigError: A name is unknown (the nearest one is named), or a value is out of range.
        """
        changes = canonical_hyperparameters(changes)
        model = {name: changes.pop(name) for name in list(changes) if name in _MODEL_FIELDS}
        return Config(self.model.replace(**model), self.training.replace(**changes))

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Return both parts as a JSON-compatible dict."""
        return {"model": self.model.to_dict(), "training": self.training.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Mapping[str, Any]]) -> "Config":
        """Build a configuration from what `to_dict` returned."""
        return cls(
            ModelConfig().replace(**values.get("model", {})),
            TrainingConfig().replace(**values.get("training", {})),
        )


_MODEL_FIELDS = tuple(f.name for f in dataclasses.fields(ModelConfig))
_TRAINING_FIELDS = tuple(f.name for f in dataclasses.fields(TrainingConfig))

PRESETS: Mapping[str, Config] = {
    "tiny": Config(ModelConfig(embedding_dim=64, num_reasoning_blocks=2)),
    "small": Config(ModelConfig(embedding_dim=256, num_reasoning_blocks=4)),
    "base": Config(
        ModelConfig(
            vocab_size=32_000,
            embedding_dim=768,
            num_reasoning_blocks=12,
            num_moe_experts=8,
            mamba_d_state=64,
        )
    ),
}
"""Named starting points for `create_model`."""


def canonical_hyperparameters(params: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a trial's hyperparameters to field names of `ModelConfig` and `TrainingConfig`.

    Aliases (`HYPERPARAMETER_ALIASES`) are resolved, and `use_dropout=False` sets the dropout rate
    to zero.

    Raises:
        ConfigError: A name is unknown, or two names set the same field.
    """
    known = [*_MODEL_FIELDS, *_TRAINING_FIELDS, *HYPERPARAMETER_ALIASES, "use_dropout"]
    values: dict[str, Any] = {}
    set_by: dict[str, str] = {}
    for name, value in params.items():
        if name not in known:
            raise ConfigError(_unknown(name, known, "hyperparameters"))
        target = HYPERPARAMETER_ALIASES.get(name, name)
        if target in values:
            raise ConfigError(f"{set_by[target]} and {name} both set {target}; give one of them.")
        values[target] = value
        set_by[target] = name
    if not values.pop("use_dropout", True):
        values["dropout_rate"] = 0.0
    return values


def config_from_trial(params: Mapping[str, Any], *, base: Config | str = "small") -> Config:
    """Return the configuration that a trial's hyperparameters describe.

    Args:
        params: Hyperparameters by name: the fields of `ModelConfig` and `TrainingConfig`, and the
            short forms in `HYPERPARAMETER_ALIASES`.
        base: What `params` leaves open: a configuration or the name of a preset.

    Raises:
        ConfigError: A name is unknown (the nearest one is named), or a value is out of range.

    Example:
        >>> config_from_trial({"num_blocks": 3, "learning_rate": 0.01}).model.num_reasoning_blocks
        3
    """
    return (preset(base) if isinstance(base, str) else base).replace(**params)


def preset(name: str) -> Config:
    """Return a configuration of `PRESETS`.

    Raises:
        ConfigError: There is no preset of that name.
    """
    if name not in PRESETS:
        raise ConfigError(_unknown(name, PRESETS, "presets"))
    return PRESETS[name]


def _unknown(name: str, known: Iterable[str], owner: str) -> str:
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"{name!r} is not among the {owner}.{hint} Known: {', '.join(known)}."
