#include "sys/real_clock.h"

#include <chrono>

namespace countersign::sys {

Instant RealClock::now() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::microseconds>(since).count()};
}

Duration RealClock::monotonic() {
    return std::chrono::steady_clock::now().time_since_epoch();
}

}  // namespace countersign::sys
