# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One step over all layers of a model: every other token has an adapter."""
import ctypes
import sys
from ctypes import addressof, byref, c_char_p, c_int32, c_int64, c_void_p, sizeof

TOKENS, SLOTS, RANDOM_WEIGHTS = 8, 4, 2
TYPES = {"u": ctypes.c_uint32, "i": c_int32, "l": c_int64, "p": c_void_p, "s": c_char_p}


def struct(text):
    """A struct of the headers; "i:weights" is its field `weights`, an int32_t."""
    pairs = [field.split(":") for field in text.split()]
    return type("Struct", (ctypes.Structure,),
                {"_fields_": [(name, TYPES[kind]) for kind, name in pairs]})


Options = struct("u:size i:weights s:folder s:layers s:target p:device p:services p:group")
Lease = struct("l:pin i:id i:version")
Run = struct("u:size i:entry u:flags u:reserved l:tokens p:on p:step p:hidden "
             "p:router_hidden p:output p:logits p:weights p:expert_ids p:token_ids "
             "p:valid_tokens l:pitch0 l:pitch1 p:workspace l:workspace_bytes p:stats")
library = ctypes.CDLL(sys.argv[1])
library.moelora_error_text.restype = c_char_p
library.moelora_model_target.restype = library.moelora_model_layer.restype = c_void_p
library.moelora_model_hidden.restype = library.moelora_model_workspace.restype = c_int64


def must(name, *arguments):
    error = c_void_p()
    if getattr(library, "moelora_" + name)(*arguments, byref(error)):
        sys.exit("error: " + library.moelora_error_text(error).decode())


def made(name, *arguments):
    result = c_void_p()
    must(name, *arguments, byref(result))
    return result


folder, layers, alice = (argument.encode() for argument in sys.argv[2:])
options = Options(sizeof(Options), RANDOM_WEIGHTS, folder, layers)
model = made("model_open", byref(options))
table = made("model_table", model, SLOTS)
step = made("model_step", model, c_int64(TOKENS))
target = c_void_p(library.moelora_model_target(model))
adapter = made("adapter_open", alice, target, 0)
made("slot_table_assign", table, b"alice", adapter, None)
library.moelora_adapter_close(adapter)
lease = Lease()
must("slot_table_acquire", table, b"alice", byref(lease))
ids = (c_int32 * TOKENS)(*[lease.id if t % 2 else -1 for t in range(TOKENS)])
row = b"\x80\x3f\x80\xbf" * (library.moelora_model_hidden(model) // 2)  # 1, -1, ...
x, y = (ctypes.create_string_buffer(row * TOKENS) for _ in range(2))
size = library.moelora_model_workspace(model, c_int64(TOKENS))
work = ctypes.create_string_buffer(size + 256)
run = Run(sizeof(Run), tokens=TOKENS, step=step, hidden=addressof(x),
          output=addressof(y), workspace=(addressof(work) + 255) // 256 * 256,
          workspace_bytes=size)
must("step_enter", step, None)
must("step_resolve", step, None, ids, c_int64(TOKENS), None)
equal = differ = 0
for number in range(library.moelora_model_layers(model)):
    layer = c_void_p(library.moelora_model_layer(model, number))
    must("layer_run", layer, byref(run))
    base, adapted, other = (y.raw[t * len(row):(t + 1) * len(row)] for t in range(3))
    equal, differ = equal + (base == other), differ + (base != adapted)
must("step_leave", step, None)
must("slot_table_release", table, byref(lease))
print(f"layers in which base rows are equal: {equal}, adapted ones differ: {differ}")
must("step_destroy", step)
must("model_close", model)
