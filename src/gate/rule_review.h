// What is worth a person's look in a rule: the notes of `rules review`. Pure; thread safe.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "gate/rulebook.h"
#include "model/rule.h"

namespace countersign::gate {

/// A quarter: rules that nobody looked at for this long are stale.
inline constexpr Duration kReviewEvery = std::chrono::hours(24 * 91);
/// An unused rule of this age is dead weight that an attacker may yet find.
inline constexpr Duration kUnusedAfter = std::chrono::hours(24 * 30);
/// A rule that ends within this time is about to bring its question back.
inline constexpr Duration kExpiringWithin = std::chrono::hours(24 * 7);
/// So many uses by so few different argvs show that a pattern is wider than its need.
inline constexpr std::int64_t kBroadUsesMin = 10;
inline constexpr std::size_t kBroadDistinctMax = 2;

struct RuleNote {
    std::string kind;  ///< unused, expiring, over_broad, never_reviewed, stale
    std::string why;
};

/// Empty: nothing to say. A retired rule gets no notes.
std::vector<RuleNote> review_notes(const model::Rule& rule, const RuleUse& use, Instant now);

/// For an over-broad argv rule: the same rule with just the words it was used for, when all uses
/// had the same argv; nullopt: a person must think.
std::optional<model::Rule> narrower(const model::Rule& rule, const RuleUse& use);

}  // namespace countersign::gate
