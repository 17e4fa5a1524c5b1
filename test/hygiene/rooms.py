# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks and draws the includes between the folders of the runtime.

A room is a folder below runtime/, to which its public headers belong too. A
file is its .h and .cpp together. The rules: a room includes only the rooms that
are listed for it, includes have no cycle, and a room has at most twelve files.
`--write` updates the diagram in runtime/README.md.
"""
import re
import sys

import house

# The rooms that each room may include, in the order of the data flow.
MAY = {
    "base": (),
    "base/threads": ("base",),
    "files": ("base",),
    "adapter/pattern": ("base", "files"),
    "adapter": ("base", "files", "adapter/pattern"),
    "pages": ("base", "files", "adapter"),
    "device": ("base",),
    "device/cpu": ("base", "device"),
    "device/cuda": ("base", "device"),
    "collectives": ("base", "device"),
    "collectives/mpi": ("base", "collectives"),
    "slots": ("base", "files", "adapter", "pages", "device"),
    "ranks": ("base", "device", "collectives", "slots"),
    "loads": ("base", "base/threads", "files", "adapter", "pages", "slots"),
    "run": ("base", "files", "pages", "device", "collectives", "slots",
            "run/host", "run/seal"),
    "run/host": ("base", "base/threads", "collectives"),
    "run/seal": ("base", "files"),
    "run/call": ("base", "slots", "run"),
    "model": ("base", "files", "adapter", "device", "collectives", "slots",
              "run", "run/host"),
}
PUBLIC = {
    "base": ("Abi", "AdapterTarget", "Dtype", "Error", "Exchange", "Image", "Kernel", "Layer", "Log",
             "Memory", "Operand", "Plan", "RunStats", "Services"),
    "base/threads": ("Pool",),
    "files": ("Checkpoint",),
    "adapter": ("Adapter", "AdapterFacts", "AdapterOptions"),
    "pages": ("Staging",),
    "device": ("Device",),
    "collectives": ("Group", "Transport"),
    "slots": ("SlotPublish", "SlotStats", "SlotTable", "Step"),
    "ranks": ("GroupSlots", "GroupStep"),
    "loads": ("Loader",),
    "run": ("Artifact", "Program", "Run"),
    "run/host": ("Execute",),
    "run/call": ("Call",),
    "model": ("Model",),
}
MOST_FILES = 12
README = "runtime/README.md"
BEGIN, END = "<!-- rooms: begin -->\n", "<!-- rooms: end -->\n"
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
ROOM_OF_HEADER = {f"include/moelora/runtime/{name}.h": room
                  for room, names in PUBLIC.items() for name in names}


def room_of(path):
    if path in ROOM_OF_HEADER:
        return ROOM_OF_HEADER[path]
    return path[len("runtime/"):].rpartition("/")[0]


def stem(path):
    return path.rpartition(".")[0]


def included(header):
    """The path of a header of the runtime, or nothing."""
    if header.startswith("moelora/runtime/"):
        return "include/" + header
    return None if header.startswith("moelora/") else "runtime/" + header


def read_graph(report):
    """stem -> stems that it includes."""
    graph = {}
    for path in house.sources(under=("runtime/", "include/moelora/runtime/")):
        report.check(room_of(path) in MAY, path, "is in no room that is known")
        edges = graph.setdefault(stem(path), set())
        for header in INCLUDE.findall(house.read(path)):
            target = included(header)
            if target and stem(target) != stem(path):
                edges.add(stem(target))
    return graph


def circle(graph):
    """A cycle of stems, or nothing."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return None
        path.append(node)
        for target in sorted(graph.get(node, ())):
            found = visit(target)
            if found:
                return found
        path.pop()
        done.add(node)
        return None

    for node in sorted(graph):
        found = visit(node)
        if found:
            return found
    return None


def room_edges(graph):
    edges = {}
    for node, targets in graph.items():
        for target in targets:
            pair = room_of(node + ".h"), room_of(target + ".h")
            if pair[0] != pair[1]:
                edges.setdefault(pair, node)
    return edges


def reduced(pairs):
    """The pairs that do not follow from a chain of other pairs."""
    def reaches(a, b, without):
        todo, seen = [a], set()
        while todo:
            node = todo.pop()
            for pair in pairs:
                if pair[0] == node and pair != without and pair[1] not in seen:
                    seen.add(pair[1])
                    todo.append(pair[1])
        return b in seen
    return sorted(p for p in pairs if not reaches(p[0], p[1], p))


def files_of(graph):
    rooms = {room: [] for room in MAY}
    for node in sorted(graph):
        if node.startswith("runtime/"):
            rooms.setdefault(room_of(node + ".h"), []).append(
                node.rpartition("/")[2])
    return rooms


def picture(graph):
    name = lambda room: room.replace("/", "_")
    lines = ["```mermaid", "flowchart RL"]
    lines += [f'  {name(room)}["{room}"]' for room in MAY]
    lines += [f"  {name(a)} --> {name(b)}"
              for a, b in reduced(list(room_edges(graph)))]
    lines += ["```", "", "| folder | files |", "| --- | --- |"]
    lines += [f"| `{room}` | {', '.join(files)} |"
              for room, files in files_of(graph).items()]
    return "\n".join(lines) + "\n"


def check_picture(report, graph, write):
    there = (house.ROOT / README).exists()
    text = house.read(README) if there else ""
    begin, end = text.find(BEGIN), text.find(END)
    report.check(0 <= begin < end, README, "has no place for the picture")
    if not 0 <= begin < end:
        return
    drawn = text[:begin + len(BEGIN)] + picture(graph) + text[end:]
    if write:
        (house.ROOT / README).write_text(drawn, encoding="utf-8")
    else:
        report.check(drawn == text, README, "shows other rooms than the code "
                     "has; run python3 test/hygiene/rooms.py --write")


def main():
    report = house.Report("rooms")
    graph = read_graph(report)
    for (a, b), node in sorted(room_edges(graph).items()):
        report.check(b in MAY.get(a, ()), node,
                     f"is in the room {a}, which may not include {b}")
    found = circle(graph)
    report.check(not found, "runtime", "files include each other in a circle: "
                 + " -> ".join(found or ()))
    rooms = files_of(graph)
    for room, files in rooms.items():
        report.check(len(files) <= MOST_FILES, f"runtime/{room}",
                     f"has {len(files)} files, the limit is {MOST_FILES}")
    check_picture(report, graph, "--write" in sys.argv)
    most = max(rooms, key=lambda room: len(rooms[room]))
    report.figure(f"{len(rooms)} rooms, {len(graph)} files, the largest room "
                  f"{most} with {len(rooms[most])}, no circle")
    report.finish()


main()
