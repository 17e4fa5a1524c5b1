# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One step over all layers of a model: every other token has an adapter."""
import ctypes
import struct
import sys
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_void_p, sizeof

TOKENS, SLOTS = 8, 4


def fields(text):
    """"u:size i:weights p:folder" -> the fields of a struct."""
    types = {"u": ctypes.c_uint32, "i": c_int32, "l": c_int64, "p": c_void_p,
             "s": c_char_p}
    return [(name, types[kind]) for kind, name in
            (field.split(":") for field in text.split())]


class Options(ctypes.Structure):
    _fields_ = fields("u:size i:weights s:folder s:layers s:target p:device "
                      "p:services p:group")


class Lease(ctypes.Structure):
    _fields_ = [("pin", ctypes.c_uint64), ("id", c_int32), ("version", c_int32)]


class Run(ctypes.Structure):
    _fields_ = fields("u:size i:entry u:flags u:reserved l:tokens p:on p:step "
                      "p:hidden p:router_hidden p:output p:logits p:weights "
                      "p:expert_ids p:token_ids p:valid_tokens l:pitch0 l:pitch1"
                      " p:workspace l:workspace_bytes p:stats")


library = ctypes.CDLL(sys.argv[1])
library.moelora_error_text.restype = c_char_p
for name, kind in (("target", c_void_p), ("layer", c_void_p),
                   ("hidden", c_int64), ("workspace", c_int64)):
    getattr(library, "moelora_model_" + name).restype = kind


def must(name, *arguments):
    error = c_void_p()
    if getattr(library, "moelora_" + name)(*arguments, byref(error)):
        sys.exit("error: " + library.moelora_error_text(error).decode())


def made(name, *arguments):
    result = c_void_p()
    must(name, *arguments, byref(result))
    return result


options = Options(sizeof(Options), 2, sys.argv[2].encode(), sys.argv[3].encode())
model = made("model_open", byref(options))
table = made("model_table", model, SLOTS)
step = made("model_step", model, c_int64(TOKENS))
adapter = made("adapter_open", sys.argv[4].encode(),
               c_void_p(library.moelora_model_target(model)), 0)
made("slot_table_assign", table, b"alice", adapter, None)
lease = Lease()
must("slot_table_acquire", table, b"alice", byref(lease))
ids = (c_int32 * TOKENS)(*[lease.id if t % 2 else -1 for t in range(TOKENS)])
hidden = library.moelora_model_hidden(model)
row = struct.pack(f"<{hidden}H", *[0x3f80 if i % 3 else 0xbf80
                                   for i in range(hidden)])
x, y = (ctypes.create_string_buffer(row * TOKENS) for _ in range(2))
size = library.moelora_model_workspace(model, c_int64(TOKENS))
work = ctypes.create_string_buffer(size + 256)
place = (ctypes.addressof(work) + 255) // 256 * 256
must("step_enter", step, None)
must("step_resolve", step, None, ids, c_int64(TOKENS), None)
run = Run(sizeof(Run), tokens=TOKENS, step=step, workspace=place,
          workspace_bytes=size, hidden=ctypes.addressof(x),
          output=ctypes.addressof(y))
equal = differ = 0
for number in range(library.moelora_model_layers(model)):
    must("layer_run", c_void_p(library.moelora_model_layer(model, number)),
         byref(run))
    rows = [y.raw[t * len(row):(t + 1) * len(row)] for t in range(3)]
    equal, differ = equal + (rows[0] == rows[2]), differ + (rows[0] != rows[1])
must("step_leave", step, None)
must("slot_table_release", table, byref(lease))
print(f"layers in which base rows are equal: {equal}, adapted ones differ: "
      f"{differ}")
must("step_destroy", step)
must("model_close", model)
