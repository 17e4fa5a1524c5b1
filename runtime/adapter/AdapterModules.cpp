/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * modules_to_save: modules that the adapter replaces as a whole. An entry
 * applies to every module whose path ends with it, so all modules are checked.
 */
#include "adapter/AdapterName.h"
#include "adapter/AdapterPath.h"
#include "adapter/pattern/Endings.h"
#include "moelora/support/ModelPrefixes.h"

#include <initializer_list>

using namespace moelora;

namespace {

template <typename Visit>
void forEachName(std::initializer_list<NameList> lists, const std::string &path,
                 Visit visit) {
  for (NameList list : lists)
    for (; list && *list; ++list)
      visit(**list ? path + "." + *list : path);
}

/// Calls `visit` with the path of every module in a block or around it.
template <typename Visit>
void forEachModule(const moelora_adapter_site &site, Visit visit) {
  const moelora_adapter_names &names = *site.names;
  // Replacing a module that contains the layers replaces the layers too.
  for (std::string_view word : modelWords)
    visit(std::string(word));
  visit("model.layers");
  std::string layer = std::string("model.") + containerOf(names) + "." +
                      std::to_string(site.layer);
  visit(layer);
  forEachName({names.block}, layer, [&](const std::string &block) {
    visit(block);
    forEachName({names.router, names.shared_score, names.latent_in,
                 names.latent_out, names.packed_gate_up, names.packed_down},
                block, visit);
    forEachName({names.shared}, block, [&](const std::string &shared) {
      visit(shared);
      forEachName({names.shared_gate, names.shared_up, names.shared_down,
                   names.shared_gate_up},
                  shared, visit);
    });
    forEachName({names.experts}, block, [&](const std::string &experts) {
      visit(experts);
      for (int32_t e = 0; e < namedExperts(site); ++e) {
        std::string expert = experts + "." + std::to_string(e);
        visit(expert);
        forEachName({names.gate, names.up, names.down}, expert, visit);
      }
    });
  });
}

} // namespace

void moelora::checkModulesToSave(const moelora_adapter_target &target,
                                 const std::vector<std::string> &entries,
                                 Work &work) {
  if (entries.empty())
    return;
  Endings endings(entries, work);
  for (int32_t i = 0; i < target.sites; ++i)
    forEachModule(target.site[i], [&](const std::string &module) {
      if (auto entry = endings.endOf(module, work))
        fail("expects modules_to_save to leave MoE blocks alone, but '" +
             *entry + "' replaces " + module);
    });
}
