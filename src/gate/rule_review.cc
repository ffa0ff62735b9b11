#include "gate/rule_review.h"

#include <algorithm>

#include "text/glob.h"

namespace countersign::gate {
namespace {

bool has_wildcards(const model::Rule& rule) {
    switch (rule.pattern_kind) {
        case model::PatternKind::Exact:
            return false;
        case model::PatternKind::Glob:
        case model::PatternKind::Regex:
            return true;
        case model::PatternKind::Argv:
            return std::any_of(rule.words.begin(), rule.words.end(),
                               [](const std::string& word) { return text::has_glob(word); });
    }
    return true;
}

std::string days(Duration span) {
    return std::to_string(std::chrono::duration_cast<std::chrono::hours>(span).count() / 24) +
           " days";
}

std::vector<std::string> split_words(std::string_view joined) {
    std::vector<std::string> words;
    while (!joined.empty()) {
        const std::size_t space = joined.find(' ');
        words.emplace_back(joined.substr(0, space));
        joined = space == std::string_view::npos ? std::string_view() : joined.substr(space + 1);
    }
    return words;
}

}  // namespace

std::vector<RuleNote> review_notes(const model::Rule& rule, const RuleUse& use, Instant now) {
    std::vector<RuleNote> notes;
    if (rule.state == model::RuleState::Retired) {
        return notes;
    }
    const Duration age = now.since(rule.created);
    const Duration unseen = now.since(rule.last_reviewed.value_or(rule.created));
    if (use.uses == 0 && age > kUnusedAfter) {
        notes.push_back({"unused", "not used once in " + days(age)});
    } else if (use.last_used && now.since(*use.last_used) > kReviewEvery) {
        notes.push_back({"unused", "not used for " + days(now.since(*use.last_used))});
    }
    if (rule.expires && *rule.expires <= now) {
        notes.push_back({"expired", "it ended and has no effect"});
    } else if (rule.expires && rule.expires->since(now) < kExpiringWithin) {
        notes.push_back({"expiring", "it ends within " + days(rule.expires->since(now)) +
                                         "; then its question comes back"});
    }
    if (has_wildcards(rule) && use.uses >= kBroadUsesMin && use.others == 0 &&
        use.distinct.size() <= kBroadDistinctMax) {
        notes.push_back({"over_broad", "used " + std::to_string(use.uses) + " times by " +
                                           std::to_string(use.distinct.size()) +
                                           " different commands, yet its pattern matches more"});
    }
    if (!rule.last_reviewed && age > kUnusedAfter) {
        notes.push_back({"never_reviewed", "nobody has reviewed it since it was made"});
    }
    if (unseen > kReviewEvery) {
        notes.push_back({"stale", "last looked at " + days(unseen) + " ago"});
    }
    return notes;
}

std::optional<model::Rule> narrower(const model::Rule& rule, const RuleUse& use) {
    if (rule.pattern_kind != model::PatternKind::Argv || use.distinct.size() != 1 ||
        use.others != 0) {
        return std::nullopt;
    }
    const std::string& argv = use.distinct.begin()->first;
    model::Rule out = rule;
    out.words = split_words(argv);
    const bool plain =
        std::none_of(out.words.begin(), out.words.end(), [](const std::string& word) {
            return word.empty() || word == "?" || text::has_glob(word);
        });
    // Words that hold spaces were joined: the split then has another count than the pattern wants.
    const bool open_end = !rule.words.empty() && rule.words.back() == "**";
    if (!plain || (!open_end && out.words.size() != rule.words.size()) || out.words == rule.words) {
        return std::nullopt;
    }
    return out;
}

}  // namespace countersign::gate
