# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads a partitioned module from stdin, and replaces its two ops of the shard
dialect by calls of C functions, as a host with a communication of its own
lowers them."""
import re
import sys

DECLARATIONS = """
func.func private @coordinate(index) -> index
  attributes {llvm.emit_c_interface}
func.func private @all_reduce(memref<?x64xf32>)
  attributes {llvm.emit_c_interface}
"""

text = sys.stdin.read()
text, grids = re.subn(r"\n *shard\.grid .*", "", text)
text, coordinates = re.subn(
    r"(%\w+) = shard\.process_multi_index on @grid axes = \[(\d)\] : index",
    r"%axis = arith.constant \2 : index\n"
    r"\1 = func.call @coordinate(%axis) : (index) -> index", text)
text, sums = re.subn(
    r"(%\w+) = shard\.all_reduce (%\w+) on @grid grid_axes = \[1, 2\] : "
    r"tensor<\?x64xf32> -> tensor<\?x64xf32>",
    r"%rows = bufferization.to_buffer \2"
    r" : tensor<?x64xf32> to memref<?x64xf32>\n"
    r"func.call @all_reduce(%rows) : (memref<?x64xf32>) -> ()\n"
    r"\1 = bufferization.to_tensor %rows restrict writable"
    r" : memref<?x64xf32> to tensor<?x64xf32>", text)
if (grids, coordinates, sums) != (1, 1, 1) or "shard." in text:
    sys.exit(f"unexpected ops: {grids} grids, {coordinates} coordinates, "
             f"{sums} sums\n{text}")
end = text.rindex("}")
print(text[:end] + DECLARATIONS + text[end:])
