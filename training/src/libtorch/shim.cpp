// What of libtorch the crate tch leaves out. Tensors come as tch keeps them, as pointers to at::Tensor. Each function returns null, or
// what went wrong, which is the caller's to free.
#include <ATen/Context.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/_fused_adamw.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/GradMode.h>

#include <cstdint>
#include <cstring>
#include <exception>

namespace {

template <typename F>
char* said(F&& act) {
  try {
    act();
    return nullptr;
  } catch (const std::exception& error) {
    return strdup(error.what());
  } catch (...) {
    return strdup("an error without words");
  }
}

const at::Tensor& tensor(const void* pointer) { return *static_cast<const at::Tensor*>(pointer); }

}  // namespace

extern "C" {

// One step of AdamW on one tensor. `steps`, one number, counts this step; the gradient is divided by `divisor`, if there is one.
char* reward_collapse_adamw(void* values, void* gradient, void* first, void* second, void* steps, const double* settings,
                            void* divisor) {
  return said([&] {
    c10::NoGradGuard guard;
    const at::Tensor own[] = {tensor(values)}, slope[] = {tensor(gradient)}, m[] = {tensor(first)}, v[] = {tensor(second)},
                     step[] = {tensor(steps)};
    std::optional<at::Tensor> scale;
    if (divisor != nullptr) scale = tensor(divisor);
    at::_fused_adamw_(own, slope, m, v, {}, step, settings[0], settings[1], settings[2], settings[3], settings[4],
                      /*amsgrad=*/false, /*maximize=*/false, scale);
  });
}

// Bytes on a GPU: what tensors take, the most that they took, what libtorch holds, what is free, and all.
char* reward_collapse_memory(int32_t device, int64_t* bytes) {
  return said([&] {
    auto* allocator = c10::getDeviceAllocator(c10::DeviceType::CUDA);
    const auto index = static_cast<c10::DeviceIndex>(device);
    const auto stats = allocator->getDeviceStats(index);
    const auto [free, total] = allocator->getMemoryInfo(index);
    bytes[0] = stats.allocated_bytes[0].current;
    bytes[1] = stats.allocated_bytes[0].peak;
    bytes[2] = stats.reserved_bytes[0].current;
    bytes[3] = static_cast<int64_t>(free);
    bytes[4] = static_cast<int64_t>(total);
  });
}

// cuDNN's attention is not to be used: with a mask, its backward pass gave NaN for some lengths in torch 2.11 (pytorch issue 196678).
bool reward_collapse_without_cudnn_attention() {
  at::globalContext().setSDPUseCuDNN(false);
  return !at::globalContext().userEnabledCuDNNSDP();
}

void reward_collapse_free(char* text) { free(text); }
}
