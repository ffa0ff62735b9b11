// What the gateway has seen: a baseline per agent type, grown by released actions, and what each
// session's agent has read (observations, for provenance).
//
// Observations stay in memory: they are evidence of where a text came from for as long as the
// session lives; the log keeps their digests. Bounded per session by count and by bytes.
//
// Not thread safe. The store must outlive it.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "anomaly/anomaly.h"
#include "base/result.h"
#include "gate/dirty_ids.h"
#include "inspect/inspect.h"
#include "store/store.h"

namespace countersign::gate {

/// Content kept per session and in all; the newest wins.
inline constexpr std::size_t kObservedBytesPerSessionMax = 1024 * 1024;
inline constexpr std::size_t kObservedBytesMax = 16 * 1024 * 1024;

class Experience {
public:
    /// Reads all baselines. Errors: the store's; Corrupt.
    static Result<Experience> open(store::Store& store);

    /// Of an agent type; an empty one when the type is new.
    [[nodiscard]] const anomaly::Baseline& baseline(std::string_view agent_type) const;
    void add(std::string_view agent_type, const anomaly::Features& features, Instant time);
    /// Agent type -> baseline.
    [[nodiscard]] const std::map<std::string, anomaly::Baseline, std::less<>>& baselines() const {
        return baselines_;
    }

    void observe(std::string_view session, inspect::Observation observation);
    [[nodiscard]] const std::vector<inspect::Observation>& observed(std::string_view session) const;
    void forget(std::string_view session);

    [[nodiscard]] bool dirty() const { return !dirty_.empty(); }
    /// What changed, as documents for the store's Baselines collection; they are under way until
    /// end_write(). One write at a time.
    std::vector<store::Document> begin_write();
    void end_write(Written written) { dirty_.end(written); }

private:
    struct Read {
        std::vector<inspect::Observation> items;
        std::size_t bytes = 0;
    };
    void trim(Read& read);

    std::map<std::string, anomaly::Baseline, std::less<>> baselines_;
    std::map<std::string, Read, std::less<>> read_;
    std::size_t bytes_ = 0;
    DirtyIds dirty_;
};

}  // namespace countersign::gate
