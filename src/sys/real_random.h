// The real source of unpredictable bytes: getrandom(2). Thread safe.
#pragma once

#include "base/random.h"

namespace countersign::sys {

class RealRandom final : public Random {
public:
    void fill(std::span<std::byte> out) override;
};

}  // namespace countersign::sys
