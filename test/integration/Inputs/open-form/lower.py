# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads a partitioned module from stdin, and replaces its ops of the shard
dialect by calls of C functions, as a host with a communication of its own
lowers them. The grid is 2x2x2. A comment says how many ops there were."""
import re
import sys

DECLARATIONS = """
func.func private @coordinate(index) -> index
  attributes {llvm.emit_c_interface}
func.func private @all_reduce(index, memref<?x64xf32>)
  attributes {llvm.emit_c_interface}
func.func private @all_gather(index, index, index, index)
  attributes {llvm.emit_c_interface}
"""
BYTES = {"bf16": 2, "f32": 4, "i32": 4}


def local(result, name):
    """A name that no other op of the function has."""
    return f"%{name}_of_{result[1:]}"


def coordinate(result, axis):
    return (f"{result}_axis = arith.constant {axis} : index\n"
            f"{result} = func.call @coordinate({result}_axis)"
            " : (index) -> index\n")


def lower_index(match):
    result, axes = match.group(1), re.findall(r"\d", match.group(2))
    if len(axes) == 1:
        return coordinate(result, axes[0])
    return "".join(coordinate(local(result, f"coordinate{number}"), axis)
                   for number, axis in enumerate(axes))


def lower_sum(match):
    result, value, axes = match.groups()
    rows, mask = local(result, "rows"), local(result, "mask")
    bits = sum(4 >> int(axis) for axis in re.findall(r"\d", axes))
    return (f"{mask} = arith.constant {bits} : index\n"
            f"{rows} = bufferization.to_buffer {value}"
            " : tensor<?x64xf32> to memref<?x64xf32>\n"
            f"func.call @all_reduce({mask}, {rows})"
            " : (index, memref<?x64xf32>) -> ()\n"
            f"{result} = bufferization.to_tensor {rows} restrict writable"
            " : memref<?x64xf32> to tensor<?x64xf32>")


def lower_gather(match):
    result, value, axis, shape, element = match.groups()
    columns = int(shape.split("x")[1] or 1)
    tensor = f"tensor<{shape}{element}>"
    memory = f"memref<{shape}{element}>"
    of = {name: local(result, name) for name in
          ("mask", "from", "zero", "n", "row", "bytes", "two", "all", "to",
           "p", "q")}
    return """{mask} = arith.constant {bits} : index
{from} = bufferization.to_buffer {value} : {tensor} to {memory}
{zero} = arith.constant 0 : index
{n} = memref.dim {from}, {zero} : {memory}
{row} = arith.constant {size} : index
{bytes} = arith.muli {n}, {row} : index
{two} = arith.constant 2 : index
{all} = arith.muli {n}, {two} : index
{to} = memref.alloc({all}) : {memory}
{p} = memref.extract_aligned_pointer_as_index {from} : {memory} -> index
{q} = memref.extract_aligned_pointer_as_index {to} : {memory} -> index
func.call @all_gather({mask}, {p}, {bytes}, {q})
  : (index, index, index, index) -> ()
{result} = bufferization.to_tensor {to} restrict writable
  : {memory} to {tensor}""".format(
        value=value, tensor=tensor, memory=memory, result=result,
        bits=4 >> int(axis), size=columns * BYTES[element], **of)


def lower_slice(match):
    result, value, axis = match.groups()
    of = {name: local(result, name) for name in
          ("here", "zero", "n", "two", "half", "first", "own", "to")}
    return coordinate(of["here"], axis) + """{zero} = arith.constant 0 : index
{n} = tensor.dim {value}, {zero} : tensor<?x64xbf16>
{two} = arith.constant 2 : index
{half} = arith.divui {n}, {two} : index
{first} = arith.muli {here}, {half} : index
{own} = tensor.extract_slice {value}[{first}, 0] [{half}, 64] [1, 1]
  : tensor<?x64xbf16> to tensor<?x64xbf16>
{to} = tensor.empty({half}) : tensor<?x64xbf16>
{result} = linalg.copy ins({own} : tensor<?x64xbf16>)
  outs({to} : tensor<?x64xbf16>) -> tensor<?x64xbf16>""".format(
        value=value, result=result, **of)


PATTERNS = (
    ("coordinates", lower_index,
     r"(%\w+)(?::\d)? = shard\.process_multi_index on @grid axes = "
     r"(\[[\d, ]*\]) : index(?:, index)*"),
    ("sums", lower_sum,
     r"(%\w+) = shard\.all_reduce (%\w+) on @grid grid_axes = (\[[\d, ]*\]) : "
     r"tensor<\?x64xf32> -> tensor<\?x64xf32>"),
    ("gathers", lower_gather,
     r"(%\w+) = shard\.all_gather (%\w+) on @grid grid_axes = \[(\d)\] "
     r"gather_axis = 0 : tensor<(\?x(?:\d+x)?)(\w+)> -> tensor<[^>]*>"),
    ("slices", lower_slice,
     r"(%\w+) = shard\.all_slice (%\w+) on @grid grid_axes = \[(\d)\] "
     r"slice_axis = 0 : tensor<\?x64xbf16> -> tensor<\?x64xbf16>"))

text = re.sub(r"\n *shard\.grid .*", "", sys.stdin.read())
# Names of values are those of one function.
functions = re.split(r"(?=\n *func\.func )", text)
for number, function in enumerate(functions):
    for several in re.findall(r"(%\w+):\d = shard\.process", function):
        function = re.sub(
            several + r"#(\d)",
            lambda use, of=several: local(of, f"coordinate{use.group(1)}"),
            function)
    functions[number] = function
text = "".join(functions)
counts = []
for kind, lower, pattern in PATTERNS:
    text, count = re.subn(pattern, lower, text)
    counts.append(f"{count} {kind}")
if "shard." in text:
    sys.exit(f"unexpected ops of the shard dialect:\n{text}")
end = text.rindex("}")
print("// " + ", ".join(counts))
print(text[:end] + DECLARATIONS + text[end:])
