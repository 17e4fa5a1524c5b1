/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs the campaign.
 */
#include "Mutations.h"

#include "Interposed.h"
#include "Judgement.h"
#include "Rights.h"

namespace moelora::test {

namespace {

constexpr int32_t slots = 4, maxRank = 64;
constexpr uint64_t element = 4; // f32 pages keep every value as it is

template <typename Call> std::pair<moelora_status, std::string> ask(Call call) {
  moelora_error *error = nullptr;
  moelora_status status = call(&error);
  std::string text = moelora_error_text(error);
  moelora_error_free(error);
  return {status, text};
}

} // namespace

Mutations::Mutations(unsigned seed)
    : seed(seed), random(seed), kinds(allKinds()) {
  moelora_slot_table_options options{};
  options.size = sizeof options;
  options.slots = slots;
  options.max_rank = maxRank;
  options.dtype = MOELORA_F32;
  options.page_order = MOELORA_PAGE_ROW_MAJOR;
  Target target{SizedModel(Sizes())};
  options.target = target.get();
  EXPECT_EQ(moelora_slot_table_create(&options, &table, nullptr), MOELORA_OK);
  moelora_loader_options threads{sizeof threads, 1, 2};
  EXPECT_EQ(moelora_loader_create(&threads, &loader, nullptr), MOELORA_OK);
  for (int form = 0; form < forms; ++form)
    for (int32_t dtype : {MOELORA_F32, MOELORA_F16, MOELORA_BF16})
      addGood({static_cast<Form>(form),
               dtype,
               2,
               {},
               static_cast<unsigned>(random())});
  moelora_lease lease;
  EXPECT_EQ(moelora_slot_table_acquire(table, "leased", &lease, nullptr),
            MOELORA_OK);
  EXPECT_EQ(moelora_slot_table_enable(table,
                                      inspect(table, findSlot(table, "off")).id,
                                      0, nullptr, nullptr),
            MOELORA_OK);
}

Mutations::~Mutations() {
  moelora_loader_destroy(loader);
  moelora_slot_table_destroy(table, nullptr);
}

/// Remembers what the table makes of a good adapter. The first ones stay.
void Mutations::addGood(const Recipe &recipe) {
  static const char *const residents[] = {"leased", "off", "victim"};
  Folder folder;
  goods.push_back({Draft(recipe), {}});
  goods.back().draft.write(folder);
  Opened opened = open(folder, SizedModel(recipe.sizes));
  EXPECT_EQ(opened.status, MOELORA_OK) << opened.text;
  size_t count = goods.size();
  const char *name = count <= std::size(residents) ? residents[count - 1] : "x";
  int32_t id = -1;
  EXPECT_EQ(moelora_slot_table_assign(table, name, opened.get(), nullptr, &id,
                                      nullptr),
            MOELORA_OK);
  goods.back().pages = readPages(table, findSlot(table, name), {}, element);
  if (count > std::size(residents)) {
    EXPECT_EQ(moelora_slot_table_evict(table, id, nullptr), MOELORA_OK);
  }
}

std::string Mutations::describe() const {
  return describeTable(table, {}, element);
}

void Mutations::run(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i)
    bring(kinds[i % kinds.size()]);
}

bool Mutations::runKind(const std::string &name, uint64_t count) {
  for (const Kind &kind : kinds)
    if (kind.name == name) {
      while (count-- > 0)
        bring(kind);
      return true;
    }
  return false;
}

void Mutations::bring(const Kind &kind) {
  Mutant mutant = {kind, nullptr, {}, Assign, {}};
  write(mutant);
  std::string before = describe();
  judge(mutant, pass(mutant), before);
}

/// Writes the files, with a form that the change applies to.
void Mutations::write(Mutant &mutant) {
  const Kind &kind = mutant.kind;
  bool late =
      kind.when == When::BeforeStaging || kind.when == When::WhileStaging;
  // The loader works on a thread of its own, which has all rights.
  mutant.door = static_cast<Door>(
      below(random, kind.when == When::AtRest ? Doors : Load));
  for (bool done = false; !done;) {
    mutant.good = &goods[below(random, goods.size())];
    Draft draft = mutant.good->draft;
    if (auto *change = std::get_if<DraftChange>(&kind.change))
      done = (*change)(draft, random);
    std::string file = draft.file();
    if (auto *change = std::get_if<BytesChange>(&kind.change))
      done = (*change)(file, random);
    mutant.recipe = draft.recipe;
    mutant.folder.write("adapter_config.json", draft.configText());
    mutant.folder.write("adapter_model.safetensors", file);
    makeOld(mutant.folder);
    if (auto *change = std::get_if<FolderChange>(&kind.change))
      done = late || (*change)(mutant.folder, random);
  }
}

Mutations::Answer Mutations::pass(Mutant &mutant) {
  if (mutant.door == Load)
    return load(mutant);
  SizedModel model(mutant.recipe.sizes);
  Unprivileged rights(mutant.kind.when == When::Unprivileged);
  Opened opened = open(mutant.folder, model);
  if (opened.status != MOELORA_OK)
    return {opened.status, opened.text};
  return stage(mutant, opened.get());
}

Mutations::Answer Mutations::stage(Mutant &mutant,
                                   const moelora_adapter *adapter) {
  bool changed = false;
  auto change = [&] {
    changed = std::get<FolderChange>(mutant.kind.change)(mutant.folder, random);
  };
  if (mutant.kind.when == When::BeforeStaging)
    change();
  if (mutant.kind.when == When::WhileStaging)
    hookRead(1 + below(random, 3), change);
  auto [status, text] = ask([&](moelora_error **error) {
    int32_t id = inspect(table, findSlot(table, "victim")).id;
    return mutant.door == Assign
               ? moelora_slot_table_assign(table, "mutant", adapter, nullptr,
                                           &id, error)
               : moelora_slot_table_replace(table, id, adapter, nullptr,
                                            nullptr, error);
  });
  hookRead(0, nullptr);
  if (mutant.kind.when == When::WhileStaging && !changed)
    mutant.kind.status = MOELORA_OK; // it was read in fewer calls
  return {status, text};
}

Mutations::Answer Mutations::load(Mutant &mutant) {
  SizedModel model(mutant.recipe.sizes);
  moelora_adapter_target target = model.target();
  moelora_load_request request{};
  request.size = sizeof request;
  request.table = table;
  request.name = "mutant";
  request.folder = mutant.folder.path.c_str();
  request.target = &target;
  moelora_load *started = nullptr;
  auto [status, text] = ask([&](moelora_error **error) {
    int32_t id = -1;
    moelora_status status =
        moelora_load_start(loader, &request, &started, error);
    return status != MOELORA_OK ? status
                                : moelora_load_wait(started, -1, &id, error);
  });
  moelora_load_close(started);
  return {status, text};
}

} // namespace moelora::test
