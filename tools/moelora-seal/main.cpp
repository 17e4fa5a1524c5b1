// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-seal: appends the digest to shared objects with compiled layers that
// moelora-compile did not write: linked from several, or written by hand.

#include "moelora/runtime/Artifact.h"

#include <cstdio>
#include <cstring>

namespace {

enum ExitStatus { Right = 0, Failed = 1, WrongCommandLine = 2 };

const char *const HelpText = R"(usage: moelora-seal FILE...

Appends the digest that loading asks for to shared objects with compiled
layers. A file that has its digest already stays as it is.

  --help       this text
  --version    version of moelora
)";

int seal(const char *path) {
  moelora_error *error = nullptr;
  if (moelora_artifact_seal(path, &error) == MOELORA_OK)
    return Right;
  fprintf(stderr, "error: %s\n", moelora_error_text(error));
  moelora_error_free(error);
  return Failed;
}

} // namespace

int main(int count, char **arguments) {
  if (count == 2 && !strcmp(arguments[1], "--help")) {
    fputs(HelpText, stdout);
    return Right;
  }
  if (count == 2 && !strcmp(arguments[1], "--version")) {
    printf("moelora-seal %s\n", moelora_version());
    return Right;
  }
  if (count < 2) {
    fputs("error: expects the names of shared objects, but there are none; "
          "--help shows how\n",
          stderr);
    return WrongCommandLine;
  }
  int status = Right;
  for (int i = 1; i < count && status == Right; ++i)
    status = seal(arguments[i]);
  return status;
}
