/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A plug-in: the transport of processes, over MPI. It is compiled once for each
 * implementation of MPI, whose mpi.h determines the ABI.
 *
 * MPI has no deadlines. Every operation is therefore started, and then polled
 * until it is complete, the deadline is over, or a peer rank has sent a message
 * that wakes the others. Such messages have a communicator of their own, on
 * which a receive is always pending.
 *
 * After an error MPI may still write to the buffers of the operation, which
 * cannot be cancelled. Its communicators are then never freed, and MPI is not
 * finalized, because both would wait for peers that are lost.
 */
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1

#include "moelora/runtime/Transport.h"

#include <mpi.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

struct Failure {
  moelora_status status;
  std::string text;
};

[[noreturn]] void fail(std::string text,
                       moelora_status status = MOELORA_INVALID) {
  throw Failure{status, std::move(text)};
}

/// Held during each call of MPI: its level of thread support may be SERIALIZED.
std::mutex mpi;
/// A family has failed in this process.
std::atomic<bool> anyFailed{false};

/// Fails unless MPI has succeeded.
void expect(int result) {
  if (result == MPI_SUCCESS)
    return;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0, kind = MPI_SUCCESS;
  MPI_Error_string(result, text, &length);
  MPI_Error_class(result, &kind);
  fail("a call of MPI failed: " + std::string(text, size_t(length)),
       kind == MPI_ERR_TRUNCATE ? MOELORA_INVALID : MOELORA_PEER_LOST);
}

/// What the transports have in common that were split from one.
struct Family {
  explicit Family(MPI_Comm world);
  ~Family();
  Family(const Family &) = delete;

  void expectUsable() const {
    if (failed)
      fail("the transport is unusable since an error: " + error,
           MOELORA_PEER_LOST);
  }
  /// The caller holds the mutex.
  void lookForWake();
  void remember(const std::string &text) noexcept;

  MPI_Comm control = MPI_COMM_NULL;
  int rank = 0, ranks = 0;
  bool failed = false;
  std::string error; ///< the first one
  MPI_Request wake = MPI_REQUEST_NULL;
  int waker = -1; ///< the peer rank whose message has come
};

Family::Family(MPI_Comm world) {
  expect(MPI_Comm_dup(world, &control));
  expect(MPI_Comm_set_errhandler(control, MPI_ERRORS_RETURN));
  expect(MPI_Comm_rank(control, &rank));
  expect(MPI_Comm_size(control, &ranks));
  expect(MPI_Irecv(&waker, 1, MPI_INT, MPI_ANY_SOURCE, 0, control, &wake));
}

/// The caller holds the mutex.
Family::~Family() {
  if (failed)
    return;
  MPI_Cancel(&wake);
  MPI_Wait(&wake, MPI_STATUS_IGNORE);
  MPI_Comm_free(&control);
}

void Family::lookForWake() {
  int woken = 0;
  expect(MPI_Test(&wake, &woken, MPI_STATUS_IGNORE));
  if (woken)
    fail("peer rank " + std::to_string(waker) + " has aborted or failed",
         MOELORA_PEER_LOST);
}

/// Makes the family unusable and wakes all others. The caller holds the mutex.
void Family::remember(const std::string &text) noexcept {
  if (failed)
    return;
  failed = anyFailed = true;
  try {
    error = text;
  } catch (const std::bad_alloc &) {
    // The state is enough.
  }
  for (int peer = 0; peer < ranks; ++peer) {
    MPI_Request sent = MPI_REQUEST_NULL;
    if (peer != rank &&
        MPI_Isend(&rank, 1, MPI_INT, peer, 0, control, &sent) == MPI_SUCCESS)
      MPI_Request_free(&sent);
  }
}

/// One transport.
struct Peer {
  Peer(std::shared_ptr<Family> family, MPI_Comm comm);

  moelora_transport transport = {};
  const std::shared_ptr<Family> family;
  MPI_Comm comm;
  std::vector<int> sendCounts, sendBegins, receiveCounts, receiveBegins;
  std::string name;
};

int counted(uint64_t bytes) {
  if (bytes > INT_MAX)
    fail("expects messages and buffers of at most " + std::to_string(INT_MAX) +
             " bytes, which MPI can count, but one has " +
             std::to_string(bytes),
         MOELORA_UNSUPPORTED);
  return int(bytes);
}

/// MPI may refuse NULL even for no bytes.
void *there(const void *buffer) {
  static char nothing;
  return buffer ? const_cast<void *>(buffer) : &nothing;
}

/// Polls: first without pause, because messages usually come soon.
void wait(Peer &peer, MPI_Request &request, int64_t timeout) {
  constexpr microseconds busy(200), pause(50);
  constexpr int64_t longest = int64_t(1) << 40;
  Clock::time_point begin = Clock::now();
  Clock::time_point end =
      begin + milliseconds(std::clamp<int64_t>(timeout, 0, longest));
  for (;;) {
    {
      std::lock_guard<std::mutex> lock(mpi);
      int done = 0;
      peer.family->expectUsable();
      expect(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
      if (done)
        return;
      peer.family->lookForWake();
    }
    Clock::time_point now = Clock::now();
    if (now > end)
      fail("expects all peer ranks to come before the deadline, but one did "
           "not",
           MOELORA_PEER_LOST);
    if (now - begin < busy)
      std::this_thread::yield();
    else
      std::this_thread::sleep_for(pause);
  }
}

template <typename Body>
moelora_status answer(moelora_error **error, Body body) noexcept {
  try {
    body();
  } catch (const Failure &failure) {
    return moelora_error_make(error, failure.status, failure.text.c_str());
  } catch (const std::exception &other) {
    return moelora_error_make(error, MOELORA_OUT_OF_MEMORY, other.what());
  }
  if (error)
    *error = nullptr;
  return MOELORA_OK;
}

/// Runs `body` as a call of a transport; an error makes its family unusable.
template <typename Body>
moelora_status callOf(void *context, moelora_error **error, Body body) {
  Peer &peer = *static_cast<Peer *>(context);
  return answer(error, [&] {
    try {
      {
        std::lock_guard<std::mutex> lock(mpi);
        peer.family->expectUsable();
        peer.family->lookForWake();
      }
      body(peer);
    } catch (const Failure &failure) {
      std::lock_guard<std::mutex> lock(mpi);
      peer.family->remember(failure.text);
      throw;
    }
  });
}

void gatherAll(Peer &peer, const void *send, void *receive,
               const uint64_t *bytes, int64_t timeout) {
  uint64_t begin = 0;
  for (size_t i = 0; i < peer.receiveCounts.size(); ++i) {
    peer.receiveCounts[i] = counted(bytes[i]);
    peer.receiveBegins[i] = counted(begin);
    begin += bytes[i];
  }
  counted(begin);
  MPI_Request request = MPI_REQUEST_NULL;
  {
    std::lock_guard<std::mutex> lock(mpi);
    expect(MPI_Iallgatherv(
        there(send), peer.receiveCounts[size_t(peer.transport.rank)], MPI_BYTE,
        there(receive), peer.receiveCounts.data(), peer.receiveBegins.data(),
        MPI_BYTE, peer.comm, &request));
  }
  wait(peer, request, timeout);
}

moelora_status gather(void *context, const void *send, void *receive,
                      const uint64_t *bytes, int64_t timeout,
                      moelora_error **error) {
  return callOf(context, error, [&](Peer &peer) {
    gatherAll(peer, send, receive, bytes, timeout);
  });
}

moelora_status allToAll(void *context, const void *send,
                        const uint64_t *sendBytes, const uint64_t *sendBegin,
                        void *receive, const uint64_t *receiveBytes,
                        const uint64_t *receiveBegin, int64_t timeout,
                        moelora_error **error) {
  return callOf(context, error, [&](Peer &peer) {
    for (size_t i = 0; i < peer.sendCounts.size(); ++i) {
      peer.sendCounts[i] = counted(sendBytes[i]);
      peer.sendBegins[i] = sendBytes[i] ? counted(sendBegin[i]) : 0;
      peer.receiveCounts[i] = counted(receiveBytes[i]);
      peer.receiveBegins[i] = receiveBytes[i] ? counted(receiveBegin[i]) : 0;
    }
    MPI_Request request = MPI_REQUEST_NULL;
    {
      std::lock_guard<std::mutex> lock(mpi);
      expect(MPI_Ialltoallv(
          there(send), peer.sendCounts.data(), peer.sendBegins.data(), MPI_BYTE,
          there(receive), peer.receiveCounts.data(), peer.receiveBegins.data(),
          MPI_BYTE, peer.comm, &request));
    }
    wait(peer, request, timeout);
  });
}

/// MPI_Comm_split waits without a deadline, so it is called only when all peer
/// ranks have come to it.
moelora_status split(void *context, int32_t colour, int32_t key,
                     int64_t timeout, const moelora_transport **subgroup,
                     moelora_error **error) {
  return callOf(context, error, [&](Peer &peer) {
    if (!subgroup)
      fail("expects a place for the transport, but it is NULL");
    if (colour < 0)
      fail("expects a colour of at least 0, but it is " +
           std::to_string(colour));
    size_t ranks = peer.receiveCounts.size();
    std::vector<uint64_t> ones(ranks, 1);
    std::vector<char> received(ranks);
    char mark = 0;
    gatherAll(peer, &mark, received.data(), ones.data(), timeout);
    std::lock_guard<std::mutex> lock(mpi);
    MPI_Comm comm = MPI_COMM_NULL;
    expect(MPI_Comm_split(peer.comm, colour, key, &comm));
    expect(MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN));
    *subgroup = &(new Peer(peer.family, comm))->transport;
  });
}

void abortFamily(void *context) {
  Family &family = *static_cast<Peer *>(context)->family;
  std::lock_guard<std::mutex> lock(mpi);
  family.remember("this peer rank has aborted");
}

void closePeer(void *context) {
  std::unique_ptr<Peer> peer(static_cast<Peer *>(context));
  std::lock_guard<std::mutex> lock(mpi);
  if (!peer->family->failed)
    MPI_Comm_free(&peer->comm);
  peer.reset(); // under the mutex
}

/// "Open MPI v4.1.4" of "Open MPI v4.1.4, package: ...".
std::string nameOfMpi() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  MPI_Get_library_version(text, &length);
  std::string name, all(text, size_t(length));
  for (char c : all.substr(0, all.find_first_of(",\n"))) {
    bool space = c == ' ' || c == '\t';
    if (!space || (!name.empty() && name.back() != ' '))
      name += space ? ' ' : c;
  }
  return name;
}

/// The caller holds the mutex.
Peer::Peer(std::shared_ptr<Family> family, MPI_Comm comm)
    : family(std::move(family)), comm(comm), name(nameOfMpi()) {
  int ranks = 0, rank = 0;
  expect(MPI_Comm_size(comm, &ranks));
  expect(MPI_Comm_rank(comm, &rank));
  for (auto *counts :
       {&sendCounts, &sendBegins, &receiveCounts, &receiveBegins})
    counts->resize(size_t(ranks));
  transport.size = sizeof transport;
  transport.version = MOELORA_TRANSPORT_VERSION;
  transport.context = this;
  transport.name = name.c_str();
  transport.rank = rank;
  transport.ranks = ranks;
  transport.all_gather_v = gather;
  transport.all_to_all_v = allToAll;
  transport.split = split;
  transport.abort = abortFamily;
  transport.close = closePeer;
}

void finalizeAtExit() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (!finalized && !anyFailed)
    MPI_Finalize();
}

/// Initializes MPI unless the engine has.
void initialize() {
  int initialized = 0, finalized = 0, level = MPI_THREAD_SINGLE;
  MPI_Initialized(&initialized);
  MPI_Finalized(&finalized);
  if (finalized)
    fail("expects MPI to be usable, but it is finalized");
  if (initialized) {
    expect(MPI_Query_thread(&level));
  } else {
    expect(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &level));
    (void)std::atexit(finalizeAtExit);
  }
  if (level < MPI_THREAD_SERIALIZED)
    fail("expects MPI to be initialized for calls of several threads "
         "(MPI_THREAD_SERIALIZED or MPI_THREAD_MULTIPLE), but it is not",
         MOELORA_UNSUPPORTED);
}

const moelora_transport *openWorld() {
  std::lock_guard<std::mutex> lock(mpi);
  initialize();
  MPI_Comm comm = MPI_COMM_NULL;
  expect(MPI_Comm_dup(MPI_COMM_WORLD, &comm));
  expect(MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN));
  auto family = std::make_shared<Family>(MPI_COMM_WORLD);
  return &(new Peer(std::move(family), comm))->transport;
}

} // namespace

extern "C" MOELORA_API moelora_status moelora_transport_plugin(
    uint32_t version, const char *options, const moelora_transport **transport,
    moelora_error **error) {
  return answer(error, [&] {
    if (version != MOELORA_TRANSPORT_VERSION)
      fail("expects to open a transport of version " +
               std::to_string(MOELORA_TRANSPORT_VERSION) + ", but version " +
               std::to_string(version) + " is required",
           MOELORA_UNSUPPORTED);
    if (*options)
      fail("expects no options for MPI, but they are \"" +
           std::string(options) + "\"");
    *transport = openWorld();
  });
}
