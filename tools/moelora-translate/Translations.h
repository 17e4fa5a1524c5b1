// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The translations of moelora-translate in addition to upstream's.
#ifndef MOELORA_TOOLS_TRANSLATE_TRANSLATIONS_H
#define MOELORA_TOOLS_TRANSLATE_TRANSLATIONS_H

/// --import-config: config.json -> a layer at the routed level.
void registerImport();

/// --moelora-to-object, --moelora-to-so: LLVM dialect -> machine code.
void registerExports();

#endif // MOELORA_TOOLS_TRANSLATE_TRANSLATIONS_H
