/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Steps that resolve ids with an entry point of a program. Abi.h states what
 * the entry point does.
 */
#include "base/Sized.h"
#include "run/Launch.h"
#include "run/Program.h"
#include "slots/StepState.h"

using namespace moelora;

namespace {

class ResolveEntry : public Resolver {
public:
  ResolveEntry(moelora_program &program, const moelora_entry &entry)
      : program(program), run(entry.run) {
    ++program.steps;
  }
  ~ResolveEntry() override { --program.steps; }
  ResolveEntry(const ResolveEntry &) = delete;

  void launch(moelora_stream *stream,
              const Resolution &resolution) const override;

private:
  moelora_program &program;
  const moelora_run_function run;
};

void ResolveEntry::launch(moelora_stream *stream, const Resolution &r) const {
  moelora_step_view view = {r.ticket, r.word,  r.number,
                            r.stats,  r.slots, r.indexBits};
  // The kernel only reads them, but the array is of operands of any kind.
  void *operands[MOELORA_RESOLVE_OPERANDS] = {};
  operands[MOELORA_RESOLVE_IDS] = const_cast<int32_t *>(r.ids);
  operands[MOELORA_RESOLVE_DIRECTORY] = const_cast<uint64_t *>(r.directory);
  moelora_run_args args = {};
  args.size = sizeof args;
  args.abi = MOELORA_ABI_VERSION;
  args.layer = -1;
  args.tokens = r.tokens;
  args.operand = operands;
  args.step = &view;
  args.valid_tokens = r.validTokens;
  args.services = &program.services;
  args.kernels = program.kernels.data();
  args.on = stream;
  args.stats = r.stats;
  expectRun(run(&args));
}

/// NULL if the kernel of the table resolves ids.
std::unique_ptr<Resolver> resolverOf(moelora_program *program,
                                     const moelora_slot_table &table) {
  if (!program)
    return nullptr;
  if (&program->device != &table.device)
    fail(std::string("expects a program on the slot table's device ") +
         table.device.name + ", but it is on " + program->device.name);
  if (const moelora_entry *entry = program->entry(MOELORA_ENTRY_RESOLVE))
    return std::make_unique<ResolveEntry>(*program, *entry);
  if (!table.kernel.isThere())
    fail(std::string("expects a program that resolves ids, because ") +
             table.device.name + " does not run kernels of the host, but " +
             program->artifact.name + " has no entry point for it",
         MOELORA_UNSUPPORTED);
  return nullptr;
}

} // namespace

moelora_status moelora_step_create(moelora_slot_table *table,
                                   moelora_program *program, int64_t max_tokens,
                                   moelora_step **step, moelora_error **error) {
  return guarded(error, [&] {
    expectThere(table, "a slot table");
    expectThere(step, "a place for the step");
    *step = new moelora_step(*table, max_tokens, resolverOf(program, *table));
  });
}
