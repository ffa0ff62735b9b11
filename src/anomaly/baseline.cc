#include <algorithm>
#include <bit>
#include <boost/json.hpp>

#include "anomaly/anomaly.h"
#include "anomaly/keys.h"
#include "base/limits.h"
#include "text/json.h"

namespace countersign::anomaly {

namespace json = boost::json;

namespace {

// Enough for the busiest minute that the rate tells apart.
constexpr std::size_t kRecentMax = 256;
constexpr std::int64_t kMinuteMicros = 60LL * 1'000'000;
constexpr std::size_t kKeyBytesMax = 512;

}  // namespace

// 0: alone in its minute; n: at least 2^n actions in the minute before.
int Baseline::rate_at(Instant now) const {
    const auto begin =
        std::lower_bound(recent_.begin(), recent_.end(), now.microseconds - kMinuteMicros);
    const auto count = static_cast<std::uint64_t>(recent_.end() - begin);
    return static_cast<int>(std::bit_width(count));
}

void Baseline::add(const Features& features, Instant time) {
    ++actions_;
    const auto count = [&](std::string key) {
        if (key.size() <= kKeyBytesMax) {
            ++counts_[std::move(key)];
        }
    };
    for (const KeyClass& key_class : kKeyClasses) {
        for (const std::string& key : features.*key_class.list) {
            count(std::string(key_class.prefix) + key);
        }
    }
    count(std::string(kHourPrefix) + std::to_string(features.hour));
    count(std::string(kRatePrefix) + std::to_string(rate_at(time)));
    // A clock that went back must not leave the list unsorted.
    const std::int64_t last = recent_.empty() ? time.microseconds : recent_.back();
    recent_.push_back(std::max(last, time.microseconds));
    if (recent_.size() > kRecentMax) {
        recent_.erase(recent_.begin());
    }
    if (counts_.size() > limits::kBaselineKeysMax) {
        drop_rarest();
    }
}

// A tenth at once, so that the cost of looking for the rarest is shared by many additions.
void Baseline::drop_rarest() {
    std::vector<std::int64_t> counts;
    counts.reserve(counts_.size());
    for (const auto& [key, count] : counts_) {
        counts.push_back(count);
    }
    const std::size_t wanted = counts_.size() / 10 + 1;
    const auto nth = counts.begin() + static_cast<std::ptrdiff_t>(wanted - 1);
    std::nth_element(counts.begin(), nth, counts.end());
    const std::int64_t most = *nth;
    std::size_t left = wanted;
    std::erase_if(counts_, [&](const auto& entry) {
        const bool goes = left > 0 && entry.second <= most;
        left -= goes ? 1 : 0;
        return goes;
    });
}

json::value Baseline::to_json() const {
    json::object counts;
    for (const auto& [key, count] : counts_) {
        counts[key] = count;
    }
    json::array recent;
    for (const std::int64_t time : recent_) {
        recent.emplace_back(time);
    }
    return json::object{
        {"actions", actions_}, {"counts", std::move(counts)}, {"recent", std::move(recent)}};
}

namespace {

std::map<std::string, std::int64_t> counts_member(text::ObjectReader& in, std::int64_t actions) {
    std::map<std::string, std::int64_t> out;
    const json::value* value = in.member("counts");
    const json::object* object = value == nullptr ? nullptr : value->if_object();
    if (object == nullptr || object->size() > limits::kBaselineKeysMax) {
        in.fail("counts", "must be an object of at most " +
                              std::to_string(limits::kBaselineKeysMax) + " numbers");
        return out;
    }
    for (const auto& member : *object) {
        const std::int64_t* count = member.value().if_int64();
        if (count == nullptr || *count < 1 || *count > actions ||
            member.key().size() > kKeyBytesMax) {
            in.fail("counts", "must hold counts from 1 to the number of actions");
            return {};
        }
        out.emplace(std::string_view(member.key()), *count);
    }
    return out;
}

std::vector<std::int64_t> recent_member(text::ObjectReader& in) {
    std::vector<std::int64_t> out;
    const json::value* value = in.member("recent");
    const json::array* array = value == nullptr ? nullptr : value->if_array();
    if (array == nullptr || array->size() > kRecentMax) {
        in.fail("recent", "must be an array of at most " + std::to_string(kRecentMax) + " times");
        return out;
    }
    for (const json::value& element : *array) {
        const std::int64_t* time = element.if_int64();
        if (time == nullptr || (!out.empty() && *time < out.back())) {
            in.fail("recent", "must hold times in order");
            return {};
        }
        out.push_back(*time);
    }
    return out;
}

}  // namespace

Result<Baseline> Baseline::from_json(const json::value& value) {
    text::ObjectReader in(value, "baseline");
    Baseline baseline;
    baseline.actions_ = in.integer("actions", 0, INT64_MAX);
    baseline.counts_ = counts_member(in, baseline.actions_);
    baseline.recent_ = recent_member(in);
    TRY(in.finish());
    return baseline;
}

}  // namespace countersign::anomaly
