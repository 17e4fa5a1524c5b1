/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The artifact of each layer: layers.json, as moelora-compile writes it, or one
 * artifact for all layers.
 */
#ifndef MOELORA_RUNTIME_LAYERFILES_H
#define MOELORA_RUNTIME_LAYERFILES_H

#include "moelora/runtime/Artifact.h"

#include <map>
#include <memory>
#include <string>

namespace moelora {

/// Artifacts by path, each loaded once.
class LayerFiles {
public:
  /// A folder with layers.json, or an artifact.
  explicit LayerFiles(std::string path);

  /// The artifact for a layer. Fails if none is listed, or if the file is not
  /// the listed one.
  const moelora_artifact &artifactOf(int32_t layer);

private:
  struct Closer {
    void operator()(moelora_artifact_file *file) const {
      moelora_artifact_close(file, nullptr);
    }
  };
  using File = std::unique_ptr<moelora_artifact_file, Closer>;
  struct Listed {
    std::string file, digest; ///< digest in hex; "" if none is listed
  };

  void readIndex(const std::string &index);
  const moelora_artifact &load(const Listed &listed);

  std::string path;
  bool single;
  std::map<int32_t, Listed> listedOf; ///< by layer, unless single
  std::map<std::string, File> files;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_LAYERFILES_H
