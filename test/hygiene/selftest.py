# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs each hygiene test on a small tree with one broken rule, which the test
must report."""
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
OP = '''include "mlir/IR/OpBase.td"
def D : Dialect { let name = "moelora"; let cppNamespace = "::moelora"; }
def MoELoRA_AOp : Op<D, "a"> {
  let summary = "Does a.";
  let description = [{ - (C1) holds. }];
}
'''.replace("- (C1)", "\n    - (C1)")
PASS = '''include "mlir/Pass/PassBase.td"
def FuseLora : Pass<"moelora-fuse"> { let summary = "fuses"; }
'''
# script, path of the broken file, its text, what must be said.
BROKEN = (
    ("layering", "lib/models/A.cpp", '#include "llvm/A.h"\n', "free of LLVM"),
    ("layering", "dialect/A.cpp", '#include "moelora/passes/A.h"\n',
     "dialect may not include"),
    ("layering", "codegen/A.cpp", '#include "moelora/runtime/SlotTable.h"\n',
     "codegen may not include"),
    ("rooms", "runtime/base/A.cpp", '#include "slots/SlotCore.h"\n',
     "room base, which may not include slots"),
    ("rooms", "runtime/A.cpp", "", "is in no room"),
    ("rooms", "runtime/base/A.h", '#include "base/B.h"\n', "no place for"),
    ("words", "runtime/base/A.h", "struct BlockStore;\n", "buffer (memory)"),
    ("words", "SECURITY.md", "`house`\nThe\nproofs.\n",
     "SECURITY.md:3: says 'proofs' instead of a test"),
    ("words", "docs/a.md", "It answers a lease.\n", "a result, or returns"),
    ("words", "lib/a/README.md", "```\npiece\n```\nPieces.\n",
     "lib/a/README.md:4: says 'Pieces' instead of a part"),
    ("words", "include/moelora/A.h", "int piece; // \"\n/* `room`\n * nobody */",
     "include/moelora/A.h:3: says 'nobody' instead of the thing"),
    ("components", "stray.txt", "", "stray.txt: is not a name"),
    ("components", "dialect/A.cpp", "", "dialect: has no README"),
    ("components", "tools/moelora-x/A.cpp", "", "table of tools"),
    ("components", "tools/check", "no script\n", "must be a script"),
    ("names", "passes/Passes.td", PASS, "expects the argument moelora-fuse-l"),
    ("names", "include/moelora/x/A.h", "", "has no component"),
    ("rules", "dialect/AOps.td", OP, "a (C1): has no verifier line"),
    ("rules", "test/dialect/a.mlir", "func.func @a_c9()", "nothing states"),
    ("descriptions", "dialect/AOps.td", OP, "a lower-case summary"),
    ("descriptions", "dialect/AOps.td", OP, "without a full stop"),
    ("descriptions", "dialect/AOps.td", OP, "expects an example"),
    ("messages", "lib/a/A.cpp", 'f() { return op.emitError("Bad"); }\n',
     "expects lower case"),
    ("messages", "lib/a/A.cpp", 'f() { emitError(l)\n << "a " << 1 << "b."; }\n',
     "no full stop"),
    ("budgets", "lib/a/A.cpp", "\n" * 500, "has 500 lines"),
    ("budgets", "include/moelora/A.h", "\n" * 130, "has 130 lines"),
    ("budgets", "lib/a/A.h", '#include "x"\n' * 9, "includes 9 headers"),
    ("source", "lib/a/A.cpp", "llvm::cl::opt<int> x;\n", "no command line"),
    ("source", "lib/a/A.cpp", "x = b.create<Op>();\n", "OpTy::create"),
    ("source", "lib/a/A.h", "\n", "include guard MOELORA_..._A_H"),
    ("source", "lib/a/A.cpp", "//" + "x" * 90, "92 columns"),
    ("spelling", "docs/a.md", "seper" + "ate\n", "separate"),
    ("links", "docs/a.md", "[x](b.md)\n", "which is not there"),
    ("links", "docs/a.md", "text\n", "cannot be reached"),
    ("links", "docs/a.md", "![x](b.svg)\n", "shows b.svg, which is not there"),
    ("links", "docs/a.md", "![x](a.md)\n", "without a sentence"),
    ("pictures", "docs/pictures/slot.svg", "<svg/>\n", "is out of date"),
    ("pictures", "docs/pictures/old.svg", "<svg/>\n", "is shown in no page"),
    ("format", "lib/a/A.cpp", "int   a  ;\n", "clang-format-22 -i"),
    ("makers", "test/cases/make/tables.py", 'FOLDERS = {"a": {"b": 0}}\n',
     "test/cases/a/b: has a row, but no case"),
    ("references", "passes/Passes.td", PASS, "out of date"),
)


def output_of(script, path, text):
    with tempfile.TemporaryDirectory() as root:
        for name, content in (("README.md", "# x\n"), (path, text),
                              ("test/hygiene/exceptions.txt", "")):
            place = pathlib.Path(root, name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)
        done = subprocess.run(
            [sys.executable, str(HERE / f"{script}.py")], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=dict(os.environ, MOELORA_HYGIENE_ROOT=root))
    return done.returncode, done.stdout


def main():
    silent = 0
    for script, path, text, wanted in BROKEN:
        status, said = output_of(script, path, text)
        if status != 1 or wanted not in said:
            silent += 1
            print(f"{script} on {path}: expects '{wanted}', but status is "
                  f"{status}: {said}")
    print(f"selftest: {len(BROKEN)} broken trees, {silent} not found out")
    sys.exit(1 if silent else 0)


main()
