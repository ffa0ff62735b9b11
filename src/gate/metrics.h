// Counters of the gateway since it started; the API prints them for Prometheus. Plain numbers, one
// thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/time.h"
#include "model/tier.h"

namespace countersign::gate {

struct Metrics {
    std::array<std::uint64_t, model::kDecisionNames.size()> decisions{};
    std::array<std::uint64_t, model::kTierNames.size()> tiers{};
    std::uint64_t granted_by_grant = 0;  ///< program starts inside a released action
    std::uint64_t released_after_votes = 0;
    std::uint64_t refused = 0;     ///< held ones that were denied
    std::uint64_t expired = 0;     ///< held ones that ran out
    std::uint64_t unrecorded = 0;  ///< denied since they could not be recorded
    std::uint64_t votes = 0;
    std::uint64_t votes_refused = 0;
    std::uint64_t outcomes = 0;

    /// Upper bounds of the latency buckets in microseconds; the last bucket has none.
    static constexpr std::array<std::int64_t, 8> kBoundsUs = {50,   100,  250,   500,
                                                              1000, 5000, 25000, 100000};
    std::array<std::uint64_t, kBoundsUs.size() + 1> latency{};
    std::int64_t latency_sum_us = 0;

    void note_latency(std::int64_t us) {
        std::size_t bucket = 0;
        while (bucket < kBoundsUs.size() && us > kBoundsUs[bucket]) {
            ++bucket;
        }
        ++latency[bucket];
        latency_sum_us += us;
    }
};

}  // namespace countersign::gate
