#include "gate/experience.h"

#include <boost/json.hpp>
#include <utility>

#include "base/limits.h"
#include "text/json.h"

namespace countersign::gate {
namespace {

using store::Collection;

const anomaly::Baseline kEmptyBaseline;
const std::vector<inspect::Observation> kNothingRead;

/// Agent types are names that agents' launchers choose: more of them than this are one type.
constexpr std::size_t kAgentTypesMax = 256;
constexpr std::string_view kOtherTypes = "other";

}  // namespace

Result<Experience> Experience::open(store::Store& store) {
    Experience experience;
    auto transaction = TRY(store.begin(store::Access::Read, store::Durability::Written));
    TRY(store::for_each(*transaction, Collection::Baselines, {},
                        [&](const store::Document& document) -> Result<void> {
                            const boost::json::value value =
                                TRY(text::parse_json(document.value, store::kDocumentBytesMax));
                            anomaly::Baseline baseline = TRY(anomaly::Baseline::from_json(value));
                            experience.baselines_.insert_or_assign(document.key,
                                                                   std::move(baseline));
                            return {};
                        }));
    return experience;
}

const anomaly::Baseline& Experience::baseline(std::string_view agent_type) const {
    const auto found = baselines_.find(agent_type);
    return found == baselines_.end() ? kEmptyBaseline : found->second;
}

void Experience::add(std::string_view agent_type, const anomaly::Features& features, Instant time) {
    const bool full = baselines_.size() >= kAgentTypesMax && !baselines_.contains(agent_type);
    const std::string type(full ? kOtherTypes : agent_type);
    baselines_[type].add(features, time);
    dirty_.mark(type);
}

void Experience::observe(std::string_view session, inspect::Observation observation) {
    Read& read = read_[std::string(session)];
    read.bytes += observation.content.size();
    bytes_ += observation.content.size();
    read.items.push_back(std::move(observation));
    trim(read);
}

void Experience::trim(Read& read) {
    std::size_t drop = 0;
    while (read.items.size() - drop > 1 &&
           (read.items.size() - drop > limits::kObservationsPerSessionMax ||
            read.bytes > kObservedBytesPerSessionMax || bytes_ > kObservedBytesMax)) {
        read.bytes -= read.items[drop].content.size();
        bytes_ -= read.items[drop].content.size();
        ++drop;
    }
    read.items.erase(read.items.begin(), read.items.begin() + static_cast<std::ptrdiff_t>(drop));
}

const std::vector<inspect::Observation>& Experience::observed(std::string_view session) const {
    const auto found = read_.find(session);
    return found == read_.end() ? kNothingRead : found->second.items;
}

void Experience::forget(std::string_view session) {
    const auto found = read_.find(session);
    if (found != read_.end()) {
        bytes_ -= found->second.bytes;
        read_.erase(found);
    }
}

std::vector<store::Document> Experience::begin_write() {
    std::vector<store::Document> out;
    while (!dirty_.waiting().empty()) {
        const std::string type = *dirty_.waiting().begin();
        out.push_back({type, boost::json::serialize(baseline(type).to_json())});
        dirty_.begin(type);
    }
    return out;
}

}  // namespace countersign::gate
