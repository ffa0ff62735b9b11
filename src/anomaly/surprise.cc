#include <algorithm>
#include <cmath>

#include "anomaly/anomaly.h"
#include "anomaly/keys.h"
#include "text/utf8.h"

namespace countersign::anomaly {

namespace {

struct Part {
    int points = 0;
    std::string why;
};

// Hours and rates say something only once a type has been seen on many occasions.
constexpr std::int64_t kHabitActions = 500;
constexpr int kHourPoints = 3;
constexpr int kRatePoints = 5;
constexpr int kRateBuckets = 16;
constexpr int kExtraPointsMax = 2;
constexpr std::size_t kShownKeyBytesMax = 80;

}  // namespace

/// Reads a baseline's counts; a friend of it.
struct SurpriseModel {
    const Baseline& baseline;
    Instant now;

    [[nodiscard]] std::int64_t count(const std::string& key) const {
        const auto found = baseline.counts_.find(key);
        return found == baseline.counts_.end() ? 0 : found->second;
    }

    // 1 for a key never seen, falling with each time it was seen, 0 once it is usual: additive
    // smoothing gives an unseen key half a count, and rarity is measured on a log scale between
    // that and one action in two hundred.
    [[nodiscard]] double novelty(std::int64_t seen) const {
        const double actions = static_cast<double>(baseline.actions_);
        const double usual = std::max(2.0, actions / 200.0);
        const double smoothed = static_cast<double>(seen) + 0.5;
        const double share = std::log(usual / smoothed) / std::log(usual / 0.5);
        return std::clamp(share, 0.0, 1.0);
    }

    // The most surprising key of a class, and a little for each further one never seen.
    [[nodiscard]] Part of_class(const KeyClass& key_class, const Features& features) const {
        double highest = 0;
        std::string which;
        bool never = false;
        int unseen = 0;
        for (const std::string& key : features.*key_class.list) {
            const std::int64_t seen = count(std::string(key_class.prefix) + key);
            unseen += seen == 0 ? 1 : 0;
            if (const double now_novel = novelty(seen); now_novel > highest) {
                highest = now_novel;
                which = key;
                never = seen == 0;
            }
        }
        Part part;
        part.points = static_cast<int>(std::lround(highest * key_class.points)) +
                      std::clamp(unseen - 1, 0, kExtraPointsMax);
        if (part.points == 0) {
            return part;
        }
        part.why = "agents of this type have " + std::string(never ? "never " : "seldom ") +
                   std::string(key_class.deed) + " " + text::visible(which, kShownKeyBytesMax);
        return part;
    }

    [[nodiscard]] Part of_hour(const Features& features) const {
        const std::string key = std::string(kHourPrefix) + std::to_string(features.hour);
        if (baseline.actions_ < kHabitActions || count(key) > 0) {
            return {};
        }
        return {kHourPoints, "agents of this type have never worked at " +
                                 std::to_string(features.hour) + ":00 UTC"};
    }

    [[nodiscard]] Part of_rate() const {
        const int rate = baseline.rate_at(now);
        if (baseline.actions_ < kHabitActions || rate <= 0) {
            return {};
        }
        // Down from the highest: what is usual is found at once.
        for (int bucket = kRateBuckets - 1; bucket >= rate; --bucket) {
            if (count(std::string(kRatePrefix) + std::to_string(bucket)) > 0) {
                return {};
            }
        }
        return {kRatePoints, "agents of this type have never acted so often in a minute"};
    }
};

Surprise surprise(const Baseline& baseline, const Features& features, Instant now) {
    Surprise out;
    if (baseline.actions() < kTrainedActions) {
        out.points = kStrictPoints;
        out.why = "only " + std::to_string(baseline.actions()) +
                  " actions of this type of agent are known";
        out.reasons = {out.why};
        return out;
    }
    const SurpriseModel model{baseline, now};
    std::vector<Part> parts;
    for (const KeyClass& key_class : kKeyClasses) {
        parts.push_back(model.of_class(key_class, features));
    }
    parts.push_back(model.of_hour(features));
    parts.push_back(model.of_rate());
    std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
        return a.points != b.points ? a.points > b.points : a.why < b.why;
    });
    for (const Part& part : parts) {
        if (part.points > 0) {
            out.points += part.points;
            out.reasons.push_back(part.why);
        }
    }
    out.points = std::min(out.points, kSurprisePointsMax);
    if (!out.reasons.empty()) {
        out.why = out.reasons.front();
    }
    return out;
}

}  // namespace countersign::anomaly
