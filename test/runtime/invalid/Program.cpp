/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of Program.h.
 */
#include "Layers.h"

using namespace moelora::test;

InvalidCalls moelora::test::invalidProgram(const Valid &) {
  using Handle = moelora_program *;
  return {
      {"moelora_program_create", "artifact", invalid,
       [] {
         Handle to = nullptr;
         return moelora_program_create(nullptr, nullptr, moelora_device_cpu(),
                                       nullptr, &to, nullptr);
       }},
      {"moelora_program_create", "device", invalid,
       [] {
         Handle to = nullptr;
         return moelora_program_create(someArtifact(), nullptr, nullptr,
                                       nullptr, &to, nullptr);
       }},
      {"moelora_program_create", "program", invalid,
       [] {
         return moelora_program_create(someArtifact(), nullptr,
                                       moelora_device_cpu(), nullptr, nullptr,
                                       nullptr);
       }},
      {"moelora_program_destroy", "program", 0,
       [] { return moelora_program_destroy(nullptr, nullptr); }},
      {"moelora_program_variant", "program", 0,
       [] { return moelora_program_variant(nullptr) ? 1 : 0; }},
      {"moelora_layer_bind", "program", invalid,
       [] {
         moelora_binding binding = emptyBinding();
         moelora_bound_layer *to = nullptr;
         return moelora_layer_bind(nullptr, &binding, &to, nullptr);
       }},
      {"moelora_layer_bind", "binding", invalid,
       withProgram([](Handle program) {
         moelora_bound_layer *to = nullptr;
         return moelora_layer_bind(program, nullptr, &to, nullptr);
       })},
      {"moelora_layer_bind", "layer", invalid, withProgram([](Handle program) {
         moelora_binding binding = emptyBinding();
         return moelora_layer_bind(program, &binding, nullptr, nullptr);
       })},
      {"moelora_layer_unbind", "layer", 0,
       [] { return moelora_layer_unbind(nullptr, nullptr); }},
      {"moelora_layer_workspace", "layer", 0, [] {
         return static_cast<int64_t>(
             moelora_layer_workspace(nullptr, MOELORA_ENTRY_ALL, 1));
       }}};
}
