/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * adapter_config.json: the settings that tensors do not contain.
 *
 * A key is either used, or known to have no effect here, or has a neutral value
 * (null, false, empty). Any other key would be ignored, and is therefore
 * refused with its name.
 */
#ifndef MOELORA_RUNTIME_ADAPTERCONFIG_H
#define MOELORA_RUNTIME_ADAPTERCONFIG_H

#include "adapter/AdapterColumns.h"
#include "adapter/pattern/Endings.h"
#include "adapter/pattern/Pattern.h"

#include <array>

namespace moelora {

/// Ranks or alphas for the modules whose names match.
struct PatternValues {
  Patterns patterns;
  std::vector<double> values;

  /// The value of the first pattern that matches, or NULL.
  const double *find(std::string_view name, Work &work) const;
};

struct AdapterConfig {
  int64_t rank = 0;
  double alpha = 0;
  bool rankStabilized = false; ///< alpha / sqrt(r) instead of alpha / r
  PatternValues ranks, alphas;
  std::vector<std::string> targetParameters;
  std::vector<std::string> modulesToSave;
  std::string peftVersion;                   ///< as written; "" when absent
  std::optional<std::array<int, 3>> release; ///< of it; not of pre-releases
  AdapterColumns columns;                    ///< of packed lora_B

  /// The rank and the scale of a module or parameter, by its name without
  /// "base_model.model.".
  int64_t rankOf(std::string_view name, Work &work) const;
  double alphaOf(std::string_view name, Work &work) const;
  /// The scale that follows from an alpha and a rank. Images contain it as f32,
  /// so a scale that would become infinite or zero there is a failure.
  double scale(double alpha, int64_t rank) const;

  /// Whether target_parameters has this parameter: entries are the whole name
  /// or end it at a dot.
  bool targetsParameter(std::string_view name, Work &work) const;

  Endings targets; ///< target_parameters, each with a dot before it
};

/// Larger ranks are refused, which keeps experts * rank small.
constexpr int64_t maxAdapterRank = 65536;

/// Checks a whole document, or fails; `what` names it in the failure's text.
AdapterConfig parseAdapterConfig(std::string_view text, const std::string &what,
                                 Work &work);

/// The same for a file.
AdapterConfig readAdapterConfig(const std::string &path, Work &work);

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTERCONFIG_H
