# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the tables say about a case. Nothing here needs a library."""
import dataclasses
import typing


class Versions(typing.NamedTuple):
    transformers: str
    peft: str


@dataclasses.dataclass(frozen=True)
class Adapter:
    """config holds the keys of adapter_config.json that differ from PEFT's
    defaults. Saved in dtype by writer, one of those of adapters.py:

    by_peft     PEFT adapts the model and saves the adapter
    by_hand     PEFT does not write such files with these versions: by_hand.py
                writes what `hand` describes
    saved_again PEFT loads what `hand` describes and saves it
    """
    config: dict
    dtype: str = "bfloat16"
    writer: str = "by_peft"
    hand: "Hand | None" = None


@dataclasses.dataclass(frozen=True)
class Hand:
    """Low-rank pairs of single experts and the names that a file gives them.

    projections  those of an expert, and the file's words for them
    form         one of the FORMS of by_hand.py, which make tensors of the pairs
    experts      those that have pairs; none: all
    shared       gate and up share lora_A among all experts, down shares lora_B
    keys         which keys adapter_config.json has: those of an `older` or
                 `newer` PEFT, `few`, or all of the `installed` one
    extra        further linears: name -> (out, in)
    """
    names: str = "model.layers.{layer}.mlp.experts.{expert}.{projection}"
    projections: dict = dataclasses.field(default_factory=lambda: {
        name: name for name in ("gate_proj", "up_proj", "down_proj")})
    form: str = "per_expert"
    layers: tuple = (0, 1)
    experts: tuple = ()
    shared: bool = False
    keys: str = "newer"
    extra: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Case:
    """model     the model_type, and settings its configuration's keys
    adapters  by name, in slot order; none: some that reach every linear
    layer     the layer that runs; none: the last that has experts
    keep      a pattern of the tensors that model.safetensors keeps; "": all
    in_f32    ends of names of parameters that are stored in f32
    larger    end of a parameter's name -> factor on its values
    near      tokens for which a router in bf16 chooses other experts
    routing   io.safetensors also has the library's routing
    edits     functions of the case's folder that change files once made
    """
    model: str
    settings: dict
    adapters: dict | None
    notes: str
    versions: Versions
    dtype: str = "bfloat16"
    layer: int | None = None
    keep: str = ""
    in_f32: tuple = ()
    larger: dict = dataclasses.field(default_factory=dict)
    near: bool = False
    routing: bool = False
    options: dict = dataclasses.field(default_factory=dict)
    expects: str = ""
    edits: tuple = ()


def without(settings, *keys):
    return {key: value for key, value in settings.items() if key not in keys}
