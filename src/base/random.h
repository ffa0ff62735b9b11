// Source of unpredictable bytes, handed in so that a simulation can replay a run from its seed.
// sys::RealRandom is the real one (getrandom(2)).
#pragma once

#include <cstddef>
#include <span>

namespace countersign {

class Random {
public:
    virtual ~Random() = default;
    /// Fills all of `out`. The real source cannot fail: it blocks until the kernel is seeded.
    virtual void fill(std::span<std::byte> out) = 0;
};

}  // namespace countersign
