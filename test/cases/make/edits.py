# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Changes to the files of a case, as functions of the case's folder. They edit
bytes, since no library writes most of what they make."""
import json
import math
import pathlib
import struct

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"


def adapters(folder):
    return sorted(path for path in (folder / "adapters").iterdir())


def read(path):
    """The entries of the header, in the order of the file, and the data."""
    blob = path.read_bytes()
    (size,) = struct.unpack_from("<Q", blob)
    header = json.loads(blob[8:8 + size])
    header.pop("__metadata__", None)
    return header, blob[8 + size:]


def write(path, header, data):
    """header may be text, where JSON of a dict cannot say it."""
    if not isinstance(header, str):
        header = json.dumps({"__metadata__": {"format": "pt"}, **header})
    header += " " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header.encode() + data)


def of_tensors(change, *where):
    """An edit by change(header, data), which answers both."""
    def edit(folder):
        paths = [folder.joinpath(*where)] if where else [a / WEIGHTS for a in adapters(folder)]
        for path in paths:
            write(path, *change(*read(path)))
    return edit


def of_config(change):
    def edit(folder):
        for path in adapters(folder):
            config = json.loads((path / CONFIG).read_text())
            change(config)
            (path / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True))
    return edit


def set_config(**keys):
    return of_config(lambda config: config.update(keys))


def drop_config(key):
    return of_config(lambda config: config.pop(key))


def rename(old, new):
    return of_tensors(lambda header, data: (
        {name.replace(old, new): entry for name, entry in header.items()}, data))


def chosen(header, data, change):
    """A file of what change(name, entry, bytes) answers for each tensor."""
    entries, blob = {}, b""
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        if (kept := change(name, entry, data[begin:end])) is None:
            continue
        shape, values = kept
        entries[name] = {**entry, "shape": shape,
                         "data_offsets": [len(blob), len(blob) + len(values)]}
        blob += values
    return entries, blob


def drop(end):
    """Without the tensors whose name ends so."""
    return of_tensors(lambda *file: chosen(*file, lambda name, entry, values: (
        None if name.endswith(end) else (entry["shape"], values))))


def empty():
    """All tensors without elements."""
    return of_tensors(lambda *file: chosen(*file, lambda *_: ([0], b"")))


def narrow(part, columns):
    """Tensors with that part in their name lose their last columns."""
    def change(name, entry, values):
        rows, width = entry["shape"]
        if part not in name:
            return entry["shape"], values
        size = len(values) // math.prod(entry["shape"])
        kept = [values[row * width * size:(row * width + width - columns) * size]
                for row in range(rows)]
        return [rows, width - columns], b"".join(kept)
    return of_tensors(lambda *file: chosen(*file, change))


def of_entry(index, **keys):
    """Other words in the header for one tensor."""
    def change(header, data):
        list(header.values())[index].update(keys)
        return header, data
    return of_tensors(change)


def move(index, by):
    """The data of one tensor lie so many bytes further, says the header."""
    def change(header, data):
        entry = list(header.values())[index]
        entry["data_offsets"] = [offset + by for offset in entry["data_offsets"]]
        return header, data
    return of_tensors(change)


def repeat_first():
    """The header names the first tensor twice."""
    def change(header, data):
        name, entry = next(iter(header.items()))
        text = json.dumps({"__metadata__": {"format": "pt"}, **header})
        return f"{text[:-1]}, {json.dumps(name)}: {json.dumps(entry)}}}", data
    return of_tensors(change)


def truncate(size):
    return of_tensors(lambda header, data: (header, data[:-size]))


def pickled(folder):
    """A file of another format in the place of the weights."""
    for path in adapters(folder):
        (path / WEIGHTS).unlink()
        (path / "adapter_model.bin").write_text("not a pickle, and never read\n")


def of_model(change):
    """An edit of config.json by change(config), which answers the new one."""
    def edit(folder):
        path = folder / "model" / "config.json"
        path.write_text(json.dumps(change(json.loads(path.read_text())), indent=2))
    return edit


def in_model(prefix):
    """All tensors of the model below a prefix."""
    return of_tensors(lambda header, data: (
        {prefix + name: entry for name, entry in header.items()}, data),
        pathlib.Path("model", "model.safetensors"))
