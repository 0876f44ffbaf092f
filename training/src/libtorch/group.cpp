// Processes that compute together, through torch's own c10d: a store of keys on one of them, and gloo's operations on tensors of the
// CPU. Functions return null, or what went wrong, which is the caller's to free.
#define USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

// What c10d says of connections, unless someone wants to hear it: the program tells its own errors.
extern int FLAGS_caffe2_log_level __attribute__((weak));

namespace {

void hush() {
  constexpr int fatal = 3;
  if (&FLAGS_caffe2_log_level != nullptr && std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) FLAGS_caffe2_log_level = fatal;
}

template <typename F>
char* said(F&& act) {
  try {
    act();
    return nullptr;
  } catch (const c10::Error& error) {
    return strdup(error.what_without_backtrace());
  } catch (const std::exception& error) {
    return strdup(error.what());
  } catch (...) {
    return strdup("an error without words");
  }
}

using Store = c10::intrusive_ptr<c10d::Store>;
using Group = c10::intrusive_ptr<c10d::ProcessGroupGloo>;

const Store& store(const void* pointer) { return *static_cast<const Store*>(pointer); }
const Group& group(const void* pointer) { return *static_cast<const Group*>(pointer); }

std::vector<at::Tensor> tensors(const void* pointer) { return {*static_cast<const at::Tensor*>(pointer)}; }

}  // namespace

extern "C" {

// The store on `host`, which this process keeps there or finds there; keys get `prefix`.
char* reward_collapse_store_new(const char* host, uint16_t port, bool serves, const char* prefix, int64_t milliseconds, void** made) {
  return said([&] {
    hush();
    c10d::TCPStoreOptions options;
    options.port = port;
    options.isServer = serves;
    options.waitWorkers = false;
    options.timeout = std::chrono::milliseconds(milliseconds);
    Store tcp = c10::make_intrusive<c10d::TCPStore>(host, options);
    *made = new Store(c10::make_intrusive<c10d::PrefixStore>(prefix, tcp));
  });
}

// The same store through a connection of its own, for another thread.
char* reward_collapse_store_clone(const void* own, void** made) {
  return said([&] { *made = new Store(store(own)->clone()); });
}

void reward_collapse_store_free(void* own) { delete static_cast<Store*>(own); }

char* reward_collapse_store_set(const void* own, const char* key, const char* value) {
  return said([&] { store(own)->set(key, std::vector<uint8_t>(value, value + strlen(value))); });
}

// Waits for a key that is not there; `value` is the caller's to free.
char* reward_collapse_store_get(const void* own, const char* key, int64_t milliseconds, char** value) {
  return said([&] {
    store(own)->wait({key}, std::chrono::milliseconds(milliseconds));
    const auto bytes = store(own)->get(key);
    *value = strndup(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  });
}

char* reward_collapse_store_has(const void* own, const char* key, bool* has) {
  return said([&] { *has = store(own)->check({key}); });
}

// Adds one to a counter.
char* reward_collapse_store_count(const void* own, const char* key, int64_t* count) {
  return said([&] { *count = store(own)->add(key, 1); });
}

// The processes that meet in a store; all wait for each other here.
char* reward_collapse_group_new(const void* own, int32_t rank, int32_t size, bool loopback, int64_t milliseconds, void** made) {
  return said([&] {
    const auto timeout = std::chrono::milliseconds(milliseconds);
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    using Gloo = c10d::ProcessGroupGloo;
    options->devices.push_back(loopback ? Gloo::createDeviceForHostname("127.0.0.1") : Gloo::createDefaultDevice());
    *made = new Group(c10::make_intrusive<Gloo>(store(own), rank, size, options));
  });
}

void reward_collapse_group_free(void* own) { delete static_cast<Group*>(own); }

// The sum over all processes, in place.
char* reward_collapse_group_sum(const void* own, void* tensor) {
  return said([&] {
    auto all = tensors(tensor);
    group(own)->allreduce(all, c10d::AllreduceOptions())->wait();
  });
}

// What the first process has, in place.
char* reward_collapse_group_broadcast(const void* own, void* tensor) {
  return said([&] {
    auto all = tensors(tensor);
    c10d::BroadcastOptions options;
    options.rootRank = 0;
    options.rootTensor = 0;
    group(own)->broadcast(all, options)->wait();
  });
}
}
