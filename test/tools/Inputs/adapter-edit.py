# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""adapter-edit.py FOLDER MODULE RANK [--huge]: cuts the F32 pair of a module
to a rank, which the configuration then states; or makes a value of its B
huge."""
import json
import struct
import sys

folder, module, rank = sys.argv[1], sys.argv[2], int(sys.argv[3])
weights = f"{folder}/adapter_model.safetensors"
with open(weights, "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    data = file.read()
blob, changed = b"", 0
for name, tensor in header.items():
    values = data[slice(*tensor["data_offsets"])]
    if f".{module}.lora_" in name:
        height, width = tensor["shape"]
        tensor["shape"] = [rank, width] if "lora_A" in name else [height, rank]
        cut = 4 * tensor["shape"][1]
        values = b"".join(values[4 * width * i:4 * width * i + cut]
                          for i in range(tensor["shape"][0]))
        if "lora_B" in name and "--huge" in sys.argv:
            values = struct.pack("<f", 1e9) + values[4:]
        changed += 1
    tensor["data_offsets"] = [len(blob), len(blob) + len(values)]
    blob += values
assert changed == 2, f"{module} has {changed} tensors"
text = json.dumps(header).encode()
with open(weights, "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + blob)
with open(f"{folder}/adapter_config.json") as file:
    config = json.load(file)
config["rank_pattern"] = {module.replace(".", "\\."): rank}
with open(f"{folder}/adapter_config.json", "w") as file:
    json.dump(config, file)
