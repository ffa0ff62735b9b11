// The world as tests give it to a room: a clock that is moved by hand, and randomness that comes
// from a seed. For tests only; values, not thread safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/random.h"
#include "base/time.h"

namespace countersign::testing_world {

/// Stands still until pass(); wall and monotonic time can be set apart, as a person's hand or a
/// leap does it.
class HandClock final : public Clock {
public:
    Instant now() override { return wall; }
    Duration monotonic() override { return steady; }
    void pass(Duration span) {
        wall = wall.plus(span);
        steady += span;
    }
    Instant wall{1'800'000'000'000'000};
    Duration steady = std::chrono::seconds(1);
};

/// The same bytes for the same seed (Knuth's MMIX generator; nothing secret comes of it).
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed = 11) : state_(seed) {}
    void fill(std::span<std::byte> out) override {
        for (std::byte& byte : out) {
            state_ = state_ * 6364136223846793005U + 1442695040888963407U;
            byte = static_cast<std::byte>(state_ >> 56U);
        }
    }

private:
    std::uint64_t state_;
};

}  // namespace countersign::testing_world
