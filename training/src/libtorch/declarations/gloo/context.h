// Of gloo, whose headers libtorch's packages lack, what ProcessGroupGloo.hpp names. That class holds pointers to these and nothing
// of their layout; libtorch_cpu has the functions.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace gloo {
class Context {
 public:
  void setTimeout(std::chrono::milliseconds timeout);
};
}  // namespace gloo
