// What libtorch does on a thread: operations, with and without those within others, and memory that it asks for. For tests alone.
#include <ATen/record_function.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <cstdint>
#include <memory>

namespace {

thread_local int64_t operations = 0, calls = 0, depth = 0;

struct Memory : c10::MemoryReportingInfoBase {
  int64_t pieces = 0, bytes = 0, held = 0, peak = 0;

  void reportMemoryUsage(void*, int64_t size, size_t, size_t, c10::Device) override {
    held += size;
    peak = std::max(peak, held);
    if (size > 0) {
      pieces += 1;
      bytes += size;
    }
  }
  bool memoryProfilingEnabled() const override { return true; }
};

struct Count {
  std::shared_ptr<Memory> memory = std::make_shared<Memory>();
  c10::DebugInfoGuard guard{c10::DebugInfoKind::PROFILER_STATE, memory};
  at::CallbackHandle handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback([](const at::RecordFunction&) -> std::unique_ptr<at::ObserverContext> {
        operations += 1;
        calls += depth == 0;
        depth += 1;
        return nullptr;
      }, [](const at::RecordFunction&, at::ObserverContext*) { depth -= 1; }).scopes({at::RecordScope::FUNCTION}));

  ~Count() { at::removeCallback(handle); }
};

}  // namespace

extern "C" {

void* reward_collapse_count_begin() {
  operations = calls = depth = 0;
  return new Count;
}

// Operations, pieces of memory, their bytes, the most that were held at a time, and operations that are not within others.
void reward_collapse_count_end(void* count, int64_t* found) {
  auto* own = static_cast<Count*>(count);
  found[0] = operations;
  found[1] = own->memory->pieces;
  found[2] = own->memory->bytes;
  found[3] = own->memory->peak;
  found[4] = calls;
  delete own;
}
}
