// The real clock: clock_gettime(2). Thread safe.
#pragma once

#include "base/time.h"

namespace countersign::sys {

class RealClock final : public Clock {
public:
    Instant now() override;
    Duration monotonic() override;
};

}  // namespace countersign::sys
