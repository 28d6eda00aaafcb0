// peer.cc - gRPC in C++ as its users write it for speed, to be measured by `make bench-peers`.
//
//   peer serve PORT              serves bench.Peer on 127.0.0.1 until SIGTERM
//   peer relay PORT TARGET       the same, every call passed on to TARGET
//   peer calls TARGET N          N pings on one connection, 100 at a time; prints calls per second
//   peer stream TARGET MEGABYTES one stream; prints MB per second
//
// The callback API: what gRPC advises for speed, and on two processors no slower than completion queues.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>

#include "peer.grpc.pb.h"

using bench::Amount;
using bench::Chunk;
using bench::Nothing;
using bench::Peer;
using grpc::CallbackServerContext;
using grpc::ClientContext;
using grpc::Status;

namespace {

constexpr int64_t kChunkSize = 64 * 1024;
constexpr int kInFlight = 100;

// Writes chunks until the amount is sent.
class Source final : public grpc::ServerWriteReactor<Chunk> {
 public:
  explicit Source(int64_t bytes) : left_(bytes) {
    chunk_.set_data(std::string(kChunkSize, 'x'));
    Next();
  }
  void OnWriteDone(bool ok) override {
    if (ok)
      Next();
    else
      Finish(Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  void Next() {
    if (left_ <= 0) {
      Finish(Status::OK);
      return;
    }
    left_ -= kChunkSize;
    StartWrite(&chunk_);
  }

  int64_t left_;
  Chunk chunk_;
};

class Server final : public Peer::CallbackService {
  grpc::ServerUnaryReactor* Ping(CallbackServerContext* context, const Nothing*, Nothing*) override {
    auto* reactor = context->DefaultReactor();
    reactor->Finish(Status::OK);
    return reactor;
  }
  grpc::ServerWriteReactor<Chunk>* Stream(CallbackServerContext*, const Amount* amount) override {
    return new Source(int64_t{amount->megabytes()} * 1000 * 1000);
  }
};

// A stream that is passed on: a chunk is read, written, the next one read. It ends as the inner call ends.
class Pipe final : public grpc::ServerWriteReactor<Chunk>, public grpc::ClientReadReactor<Chunk> {
 public:
  Pipe(Peer::Stub* next, CallbackServerContext* outer, const Amount* amount)
      : context_(ClientContext::FromCallbackServerContext(*outer)) {
    next->async()->Stream(context_.get(), amount, this);
    StartRead(&chunk_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (ok) StartWrite(&chunk_);
  }
  void OnWriteDone(bool ok) override {
    if (ok)
      StartRead(&chunk_);
    else
      context_->TryCancel();
  }
  void OnCancel() override { context_->TryCancel(); }
  void OnDone(const Status& status) override { Finish(status); }
  void OnDone() override { delete this; }

 private:
  std::unique_ptr<ClientContext> context_;
  Chunk chunk_;
};

class Relay final : public Peer::CallbackService {
 public:
  explicit Relay(std::unique_ptr<Peer::Stub> next) : next_(std::move(next)) {}

 private:
  grpc::ServerUnaryReactor* Ping(CallbackServerContext* context, const Nothing* in, Nothing* out) override {
    auto* reactor = context->DefaultReactor();
    ClientContext* inner = ClientContext::FromCallbackServerContext(*context).release();
    next_->async()->Ping(inner, in, out, [reactor, inner](const Status& status) {
      reactor->Finish(status);
      delete inner;
    });
    return reactor;
  }
  grpc::ServerWriteReactor<Chunk>* Stream(CallbackServerContext* context, const Amount* amount) override {
    return new Pipe(next_.get(), context, amount);
  }

  std::unique_ptr<Peer::Stub> next_;
};

std::unique_ptr<Peer::Stub> Dial(const std::string& target) {
  auto channel = grpc::CreateChannel(target, grpc::InsecureChannelCredentials());
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10))) {
    fprintf(stderr, "peer: cannot connect to %s\n", target.c_str());
    exit(EXIT_FAILURE);
  }
  return Peer::NewStub(channel);
}

void Serve(const std::string& port, Peer::CallbackService* service) {
  grpc::ServerBuilder builder;
  int bound = 0;

  builder.AddListeningPort("127.0.0.1:" + port, grpc::InsecureServerCredentials(), &bound);
  builder.RegisterService(service);
  auto server = builder.BuildAndStart();
  if (!server || !bound) exit(EXIT_FAILURE);
  server->Wait();
}

// N pings, so many at a time.
class Calls {
 public:
  Calls(Peer::Stub* peer, int n) : peer_(peer), unstarted_(n), unfinished_(n) {}
  void Run() {
    for (int i = 0; i < kInFlight; i++) Next();
    std::unique_lock<std::mutex> lock(mutex_);
    finished_.wait(lock, [this] { return unfinished_ == 0; });
  }

 private:
  struct Call {
    ClientContext context;
    Nothing in, out;
  };
  void Next() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (unstarted_ == 0) return;
      unstarted_--;
    }
    auto* call = new Call;
    peer_->async()->Ping(&call->context, &call->in, &call->out, [this, call](const Status& status) {
      delete call;
      OnEnd(status);
    });
  }
  void OnEnd(const Status& status) {
    if (!status.ok()) {
      fprintf(stderr, "peer: %s\n", status.error_message().c_str());
      _exit(EXIT_FAILURE);
    }
    Next();
    std::lock_guard<std::mutex> lock(mutex_);
    if (--unfinished_ == 0) finished_.notify_one();
  }

  Peer::Stub* peer_;
  std::mutex mutex_;
  std::condition_variable finished_;
  int unstarted_, unfinished_;
};

void Stream(Peer::Stub* peer, int megabytes) {
  ClientContext context;
  Amount amount;
  Chunk chunk;

  amount.set_megabytes(megabytes);
  auto reader = peer->Stream(&context, amount);
  while (reader->Read(&chunk)) {
  }
  if (!reader->Finish().ok()) exit(EXIT_FAILURE);
}

template <typename Work>
void PrintRate(int n, Work work) {
  auto begin = std::chrono::steady_clock::now();
  work();
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  printf("%.0f\n", n / took.count());
}

}  // namespace

int main(int argc, char** argv) {
  std::string role = argc > 2 ? argv[1] : "", first = argc > 2 ? argv[2] : "", second = argc > 3 ? argv[3] : "";
  int amount = atoi(second.c_str());

  if (role == "serve") {
    Server service;
    Serve(first, &service);
  } else if (role == "relay") {
    Relay service(Dial(second));
    Serve(first, &service);
  } else if (role == "calls" && amount > 0) {
    auto peer = Dial(first);
    PrintRate(amount, [&] { Calls(peer.get(), amount).Run(); });
  } else if (role == "stream") {
    auto peer = Dial(first);
    PrintRate(amount, [&] { Stream(peer.get(), amount); });
  } else {
    fputs("usage: peer serve PORT | relay PORT TARGET | calls TARGET N | stream TARGET MEGABYTES\n", stderr);
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
