/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Computes and compares digests of artifacts' files.
 */
#include "run/seal/Seal.h"

#include "base/Failure.h"
#include "run/seal/ElfExtents.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace moelora;

struct Digest::State {
  XXH3_state_t hash; // over-aligned, as new makes it
};

Digest::Digest() : state(std::make_unique<State>()) {
  XXH3_128bits_reset(&state->hash);
}

Digest::~Digest() = default;

void Digest::add(const void *data, size_t bytes) {
  XXH3_128bits_update(&state->hash, data, bytes);
}

Digest::Bytes Digest::get() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&state->hash));
  Bytes bytes;
  std::memcpy(bytes.data(), canonical.digest, bytes.size());
  return bytes;
}

namespace {

constexpr char magic[8] = {'M', 'L', 'R', 'A', 'D', 'G', 'S', 'T'};
constexpr size_t lengthBytes = 8;

std::string hexadecimal(const Digest::Bytes &bytes) {
  static const char digits[] = "0123456789abcdef";
  std::string text;
  for (uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

using Encoded = std::array<char, Seal::bytes>;

/// Reads the last bytes of a file, if it is long enough.
Encoded readEnd(const File &file) {
  Encoded end = {};
  if (file.size() >= Seal::bytes)
    file.read(file.size() - Seal::bytes, Seal::bytes, end.data());
  return end;
}

bool beginsWithMagic(const Encoded &encoded) {
  return std::equal(std::begin(magic), std::end(magic), encoded.begin());
}

void writeAll(int to, const char *data, size_t bytes, const std::string &path) {
  while (bytes) {
    ssize_t written = write(to, data, bytes);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      fail("cannot write a copy of " + path + ": " + systemText(errno),
           MOELORA_IO);
    data += written;
    bytes -= static_cast<size_t>(written);
  }
}

template <typename Piece>
Digest::Bytes digestOf(const File &file, uint64_t bytes, Piece piece) {
  constexpr uint64_t most = 1 << 20;
  std::vector<char> buffer(std::min(bytes, most));
  Digest digest;
  for (uint64_t at = 0; at < bytes; at += buffer.size()) {
    uint64_t count = std::min<uint64_t>(buffer.size(), bytes - at);
    file.read(at, count, buffer.data());
    digest.add(buffer.data(), count);
    piece(buffer.data(), count);
  }
  return digest.get();
}

/// A temporary file in the same folder, which replaces the other file or is
/// removed.
class Replacement {
public:
  explicit Replacement(const std::string &path)
      : path(path), name(path + ".XXXXXX"), descriptor(mkstemp(name.data())) {
    if (descriptor < 0)
      fail("cannot write beside " + path + ": " + systemText(errno),
           MOELORA_IO);
  }
  ~Replacement() {
    if (descriptor >= 0) {
      close(descriptor);
      unlink(name.c_str());
    }
  }
  int get() const { return descriptor; }

  void commit() {
    struct stat old;
    int closing = std::exchange(descriptor, -1);
    bool right = stat(path.c_str(), &old) == 0 &&
                 fchmod(closing, old.st_mode & 07777) == 0;
    right = close(closing) == 0 && right;
    if (right && rename(name.c_str(), path.c_str()) == 0)
      return;
    int reason = errno;
    unlink(name.c_str());
    fail("cannot replace " + path + ": " + systemText(reason), MOELORA_IO);
  }

private:
  std::string path, name;
  int descriptor;
};

} // namespace

std::array<char, Seal::bytes> Seal::encode() const {
  Encoded encoded;
  char *to = std::copy(std::begin(magic), std::end(magic), encoded.begin());
  for (size_t i = 0; i < lengthBytes; ++i)
    *to++ = static_cast<char>(length >> (8 * i) & 0xff);
  std::copy(digest.begin(), digest.end(), to);
  return encoded;
}

bool moelora::hasSeal(const File &file) {
  return beginsWithMagic(readEnd(file));
}

Seal moelora::readSeal(const File &file) {
  Encoded end = readEnd(file);
  if (!beginsWithMagic(end))
    fail("expects a compiled layer to end with its digest, but " + file.path() +
         " does not: it is cut, not finished, or has something behind it");
  Seal seal = {};
  const char *from = end.data() + sizeof magic;
  for (size_t i = 0; i < lengthBytes; ++i)
    seal.length |= uint64_t(static_cast<uint8_t>(*from++)) << (8 * i);
  std::copy_n(reinterpret_cast<const uint8_t *>(from), seal.digest.size(),
              seal.digest.begin());
  if (seal.length != file.size() - Seal::bytes)
    fail("expects " + std::to_string(seal.length) +
         " bytes before the digest of " + file.path() + ", but there are " +
         std::to_string(file.size() - Seal::bytes));
  return seal;
}

Digest::Bytes moelora::copyWithDigest(const File &from, uint64_t bytes,
                                      int to) {
  return digestOf(from, bytes, [&](const char *piece, size_t count) {
    writeAll(to, piece, count, from.path());
  });
}

void moelora::checkDigest(const std::string &path, const Seal &seal,
                          const Digest::Bytes &found) {
  if (seal.digest != found)
    fail("expects the digest " + hexadecimal(seal.digest) + " of " + path +
         ", but it is " + hexadecimal(found) + ": the file was changed");
}

void moelora::appendSeal(const std::string &path) {
  File file(path);
  if (hasSeal(file)) {
    Seal there = readSeal(file);
    checkDigest(path, there, digestOf(file, there.length, [](auto...) {}));
    return;
  }
  checkElfExtents(file, file.size());
  Replacement sealed(path);
  Seal made = {file.size(), copyWithDigest(file, file.size(), sealed.get())};
  Encoded end = made.encode();
  writeAll(sealed.get(), end.data(), end.size(), path);
  file.checkUnchanged();
  sealed.commit();
}
