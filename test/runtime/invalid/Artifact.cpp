/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of Artifact.h.
 */
#include "Layers.h"

using namespace moelora::test;

InvalidCalls moelora::test::invalidArtifact(const Valid &valid) {
  const moelora_artifact *artifact = someArtifact();
  return {{"moelora_artifact_seal", "path", invalid,
           [] { return moelora_artifact_seal(nullptr, nullptr); }},
          {"moelora_artifact_load", "path", invalid,
           [] {
             moelora_artifact_file *to = nullptr;
             return moelora_artifact_load(nullptr, &to, nullptr);
           }},
          {"moelora_artifact_load", "file", invalid,
           [&] {
             return moelora_artifact_load(valid.file.c_str(), nullptr, nullptr);
           }},
          {"moelora_artifact_close", "file", 0,
           [] { return moelora_artifact_close(nullptr, nullptr); }},
          {"moelora_artifact_count", "file", -1,
           [] { return moelora_artifact_count(nullptr); }},
          {"moelora_artifact_of", "file", 0,
           [] { return moelora_artifact_of(nullptr, 0) ? 1 : 0; }},
          {"moelora_artifact_digest", "file", invalid,
           [] {
             uint8_t to[MOELORA_DIGEST_BYTES];
             return moelora_artifact_digest(nullptr, to);
           }},
          {"moelora_artifact_check", "artifact", invalid,
           [] { return moelora_artifact_check(nullptr, nullptr); }},
          {"moelora_artifact_match", "artifact", invalid,
           [=] {
             return moelora_artifact_match(nullptr, artifact->layer, nullptr);
           }},
          {"moelora_artifact_match", "layer", invalid,
           [=] { return moelora_artifact_match(artifact, nullptr, nullptr); }},
          {"moelora_artifact_variant", "artifact", 0,
           [] { return moelora_artifact_variant(nullptr, "cpu") ? 1 : 0; }},
          {"moelora_variant_grid", "variant", 0,
           [] {
             int32_t grid[MOELORA_AXES];
             uint32_t axes = 0;
             return moelora_variant_grid(nullptr, grid, &axes);
           }},
          {"moelora_variant_grid", "token_axes", 1,
           [=] {
             int32_t grid[MOELORA_AXES];
             return moelora_variant_grid(artifact->variant, grid, nullptr);
           }},
          {"moelora_variant_operand", "variant", -1,
           [] { return moelora_variant_operand(nullptr, 0, 0); }},
          {"moelora_variant_operand_bytes", "variant", 0, [] {
             return static_cast<int64_t>(
                 moelora_variant_operand_bytes(nullptr, 0, 1));
           }}};
}
