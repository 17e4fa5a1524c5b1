/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Copies stripes, and distributes them over tasks, with failures and progress.
 */
#include "pages/PageStaging.h"

#include "base/Failure.h"
#include "moelora/runtime/Layer.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <tuple>

using namespace moelora;

namespace {

/// The approximate size of a task in bytes and stripes: long enough that its
/// overhead is small, short enough that all threads end at about the same time.
constexpr uint64_t pieceBytes = 4 << 20;
constexpr int64_t pieceStripes = 256;

/// Bytes between two reports of progress.
constexpr uint64_t reportBytes = 8 << 20;

/// The indices n of [0, count) with first + n * step in [begin, end).
struct Range {
  int64_t first, end;

  Range(int64_t start, int64_t step, int64_t count, int64_t begin, int64_t stop)
      : first(reach(start, step, count, begin)),
        end(reach(start, step, count, stop)) {}

private:
  /// The first n at or after a bound.
  static int64_t reach(int64_t start, int64_t step, int64_t count,
                       int64_t bound) {
    if (bound <= start)
      return 0;
    return std::min(count, (bound - start + step - 1) / step);
  }
};

/// Copies single stripes.
class StripeCopy {
public:
  StripeCopy(const PageSources &sources, const PageImage &image)
      : sources(sources), image(image) {}

  /// `scratch` is large enough for the largest stripe.
  void copy(const PageStripe &stripe, char *scratch) const {
    const PageSource &source = *stripe.source;
    const PageMatrix *only =
        source.count == 1 ? &matrixAt(source.first) : nullptr;
    if (source.tensor < 0)
      return clear(*only);
    if (only && isStoredAsPages(*only)) {
      int64_t done =
          (stripe.row - source.firstRow) * sources.width(source.tensor) +
          stripe.column;
      read(stripe, imageOf(*only) + done * pageElementBytes());
      if (stripe.isFirst() && only->rank % MOELORA_PAGE_RANKS != 0)
        pad(*only, mapPages(*only, image.order));
      return;
    }
    read(stripe, scratch);
    for (size_t i = source.first; i < source.first + source.count; ++i)
      spread(stripe, scratch, matrixAt(i));
  }

private:
  const PageMatrix &matrixAt(size_t place) const {
    return sources.matrices[sources.order[place]];
  }
  char *imageOf(const PageMatrix &matrix) const {
    return image.bytes + matrix.offset;
  }
  int64_t pageElementBytes() const {
    return static_cast<int64_t>(moelora_dtype_bytes(image.dtype));
  }
  int32_t fileDtype(int64_t tensor) const {
    return sources.files.tensors()[static_cast<size_t>(tensor)].dtype;
  }

  /// Whether the stored bytes equal the bytes of the pages.
  bool isStoredAsPages(const PageMatrix &matrix) const {
    const MatrixView &view = matrix.view;
    bool same = matrix.isB ? matrix.rank == MOELORA_PAGE_RANKS &&
                                 view.row == 1 && view.column == matrix.rank
                           : view.column == 1 && view.row == matrix.size;
    return same && image.order == MOELORA_PAGE_ROW_MAJOR &&
           fileDtype(view.tensor) == image.dtype;
  }

  void clear(const PageMatrix &matrix) const {
    int64_t bytes = pageElements(matrix, image.order) * pageElementBytes();
    std::fill_n(imageOf(matrix), bytes, '\0');
  }

  void read(const PageStripe &stripe, char *to) const {
    int64_t tensor = stripe.source->tensor;
    int64_t size = sources.elementBytes(tensor);
    int64_t first = stripe.row * sources.width(tensor) + stripe.column;
    sources.files.read(
        tensor, static_cast<uint64_t>(first * size),
        static_cast<uint64_t>(stripe.rows * stripe.columns * size), to);
  }

  void pad(const PageMatrix &matrix, const PageMap &map) const {
    padPages(matrix.rank, matrix.size, {map, image.dtype, imageOf(matrix)});
  }

  /// Copies the elements of one matrix that a stripe contains.
  void spread(const PageStripe &stripe, const char *from,
              const PageMatrix &matrix) const {
    PageMap map = mapPages(matrix, image.order);
    if (stripe.isFirst())
      pad(matrix, map);
    int64_t tensor = stripe.source->tensor;
    StoredLines at = findLines(matrix, sources.width(tensor));
    Range lines(at.firstRow, at.rowStep, at.count, stripe.row,
                stripe.row + stripe.rows);
    Range elements(at.firstColumn, at.step, at.length, stripe.column,
                   stripe.column + stripe.columns);
    int64_t offset = (at.firstRow - stripe.row) * stripe.columns +
                     at.firstColumn - stripe.column;
    int64_t lineStep = at.rowStep * stripe.columns;
    MatrixView view = {tensor, offset, lineStep, at.step};
    Block block = {lines.first, lines.end - lines.first, elements.first,
                   elements.end - elements.first};
    if (!at.ofRanks) {
      std::swap(view.row, view.column);
      std::swap(block.firstRow, block.firstColumn);
      std::swap(block.rows, block.columns);
    }
    copyIntoPages(from, fileDtype(tensor), view, block,
                  {map, image.dtype, imageOf(matrix)});
  }

  const PageSources &sources;
  const PageImage &image;
};

/// Stripes that one thread copies one after the other.
struct Piece {
  size_t first, end;
  uint64_t bytes; ///< read
  int32_t layer;  ///< counted from 0
};

class Staging {
public:
  Staging(const PageSources &sources, const PageImage &image,
          const moelora_staging &staging, ImageParts *parts)
      : sources(sources), stripeCopy(sources, image), staging(staging),
        parts(parts), stripes(sources.stripes()) {
    if (staging.order == MOELORA_STAGING_LAYER_ORDER)
      std::sort(stripes.begin(), stripes.end(),
                [&](const PageStripe &left, const PageStripe &right) {
                  return keyOf(left) < keyOf(right);
                });
    cutPieces();
    state.total_bytes = sources.readBytes();
    scratch.resize(
        staging.services ? static_cast<size_t>(staging.services->workers) : 1);
  }

  void run() {
    if (parts)
      parts->begin();
    int64_t count = static_cast<int64_t>(pieces.size());
    if (const moelora_services *services = staging.services)
      services->parallel_for(services->context, count, runPiece, this);
    else
      for (int64_t i = 0; i < count; ++i)
        runPiece(this, i, 0);
    if (failure)
      std::rethrow_exception(failure);
    sources.files.checkUnchanged();
    report();
  }

private:
  int32_t layerOf(const PageStripe &stripe) const {
    return sources.matrices[sources.order[stripe.source->first]].layer;
  }

  /// By layer, and within a layer in the order of the file.
  using Key = std::tuple<int32_t, const PageSource *, int64_t, int64_t>;
  Key keyOf(const PageStripe &stripe) const {
    return {layerOf(stripe), stripe.source, stripe.row, stripe.column};
  }

  uint64_t bytesOf(const PageStripe &stripe) const {
    int64_t tensor = stripe.source->tensor;
    return tensor < 0 ? 0
                      : static_cast<uint64_t>(stripe.rows * stripe.columns *
                                              sources.elementBytes(tensor));
  }

  /// In layer order, a task contains stripes of one layer only.
  void cutPieces() {
    bool byLayer = staging.order == MOELORA_STAGING_LAYER_ORDER;
    for (size_t i = 0; i < stripes.size(); ++i) {
      bool next = pieces.empty() || pieces.back().bytes >= pieceBytes ||
                  i - pieces.back().first >= pieceStripes;
      bool newLayer =
          byLayer && i > 0 && layerOf(stripes[i]) != layerOf(stripes[i - 1]);
      if (byLayer && (newLayer || i == 0))
        unfinished.push_back(0);
      if (next || newLayer) {
        pieces.push_back({i, i, 0, int32_t(unfinished.size()) - 1});
        if (byLayer)
          ++unfinished.back();
      }
      pieces.back().end = i + 1;
      pieces.back().bytes += bytesOf(stripes[i]);
    }
  }

  /// No exception may leave a task on the caller's threads.
  static void runPiece(void *frame, int64_t index, int64_t worker) noexcept {
    Staging &self = *static_cast<Staging *>(frame);
    if (self.stopped.load(std::memory_order_relaxed))
      return;
    try {
      const Piece &piece = self.pieces[static_cast<size_t>(index)];
      self.copyPiece(piece, self.scratch[static_cast<size_t>(worker)]);
      self.finishPiece(piece);
    } catch (...) {
      std::lock_guard<std::mutex> lock(self.mutex);
      self.stopped = true;
      if (!self.failure)
        self.failure = std::current_exception();
    }
  }

  using Scratch = std::unique_ptr<double[]>; // aligned for every element type

  void copyPiece(const Piece &piece, Scratch &buffer) const {
    if (!buffer)
      buffer.reset(new double[PageSources::maxStripeBytes / sizeof(double)]);
    for (size_t i = piece.first; i < piece.end; ++i) {
      stripeCopy.copy(stripes[i], reinterpret_cast<char *>(buffer.get()));
      if (parts)
        parts->finish(stripes[i]);
    }
  }

  void finishPiece(const Piece &piece) {
    std::lock_guard<std::mutex> lock(mutex);
    if (stopped)
      return;
    state.bytes += piece.bytes;
    if (!unfinished.empty())
      --unfinished[static_cast<size_t>(piece.layer)];
    while (static_cast<size_t>(state.layers) < unfinished.size() &&
           unfinished[static_cast<size_t>(state.layers)] == 0)
      ++state.layers;
    if (state.bytes - reported >= reportBytes)
      report();
  }

  void report() {
    reported = state.bytes;
    if (!staging.progress || staging.progress(staging.context, &state) == 0)
      return;
    stopped = true;
    fail("the load was cancelled", MOELORA_CANCELLED);
  }

  const PageSources &sources;
  const StripeCopy stripeCopy;
  const moelora_staging &staging;
  ImageParts *const parts;
  std::vector<PageStripe> stripes;
  std::vector<Piece> pieces;
  std::vector<int64_t> unfinished; ///< tasks of each layer, in layer order
  std::vector<Scratch> scratch;    ///< of each worker
  std::atomic<bool> stopped{false};
  std::mutex mutex; ///< of everything below
  std::exception_ptr failure;
  moelora_staging_progress state{};
  uint64_t reported = 0;
};

} // namespace

void moelora::stageSources(const PageSources &sources, const PageImage &image,
                           const moelora_staging &staging, ImageParts *parts) {
  Staging(sources, image, staging, parts).run();
}
