// The real clock behind base/time.h: clock_gettime(2), wall clock and monotonic. It has no state,
// so one object may be shared or many made. Thread safe.
#pragma once

#include "base/time.h"

namespace countersign::sys {

class RealClock final : public Clock {
public:
    Instant now() override;
    Duration monotonic() override;
};

}  // namespace countersign::sys
