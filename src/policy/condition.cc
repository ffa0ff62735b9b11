#include "policy/condition.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "text/glob.h"

namespace countersign::policy {
namespace {

using Reader = Predicate (*)(TomlTable& when, std::string_view key);

bool contains(const std::vector<std::string>& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

Predicate contained(TomlTable& when, std::string_view key) {
    return [wanted = when.boolean(key).value_or(false)](const Facts& facts) {
        return facts.request.context.contained == wanted;
    };
}

Predicate staged(TomlTable& when, std::string_view key) {
    return [wanted = when.boolean(key).value_or(false)](const Facts& facts) {
        return facts.request.context.staged == wanted;
    };
}

Predicate delegated(TomlTable& when, std::string_view key) {
    return [wanted = when.boolean(key).value_or(false)](const Facts& facts) {
        return facts.request.context.delegation.empty() != wanted;
    };
}

Predicate complete(TomlTable& when, std::string_view key) {
    return [wanted = when.boolean(key).value_or(false)](const Facts& facts) {
        return facts.assessment.complete == wanted;
    };
}

Predicate purpose_stated(TomlTable& when, std::string_view key) {
    return [wanted = when.boolean(key).value_or(false)](const Facts& facts) {
        return facts.request.context.purpose.empty() != wanted;
    };
}

Predicate agent_types(TomlTable& when, std::string_view key) {
    return [list = when.strings(key)](const Facts& facts) {
        return contains(list, facts.request.context.agent.type);
    };
}

Predicate doors(TomlTable& when, std::string_view key) {
    return [list = when.strings(key)](const Facts& facts) {
        return contains(list, facts.request.context.door);
    };
}

Predicate principals(TomlTable& when, std::string_view key) {
    return [list = when.strings(key)](const Facts& facts) {
        return contains(list, facts.request.context.principal);
    };
}

Predicate hosts(TomlTable& when, std::string_view key) {
    return [list = when.strings(key)](const Facts& facts) {
        return contains(list, facts.request.context.host);
    };
}

Predicate kinds(TomlTable& when, std::string_view key) {
    return
        [list = when.names<model::ActionKind>(key, model::kActionKindNames)](const Facts& facts) {
            return std::find(list.begin(), list.end(), facts.request.action.kind) != list.end();
        };
}

Predicate workspaces(TomlTable& when, std::string_view key) {
    return [list = when.strings(key)](const Facts& facts) {
        const std::string& workspace = facts.request.context.workspace;
        return std::any_of(list.begin(), list.end(), [&](const std::string& glob) {
            return text::glob_match(glob, workspace, text::GlobStars::StopAtSlash);
        });
    };
}

Predicate risk_at_least(TomlTable& when, std::string_view key) {
    return [least = when.integer(key, 0, 100).value_or(0)](const Facts& facts) {
        return facts.assessment.risk >= least;
    };
}

constexpr std::string_view kSurpriseFactor = "anomaly.surprise";

// Points of the surprise factor, 0..30; see docs/formats/baseline.md.
Predicate surprise_at_least(TomlTable& when, std::string_view key) {
    return [least = when.integer(key, 1, 30).value_or(1)](const Facts& facts) {
        const auto& found = facts.assessment.factors;
        return std::any_of(found.begin(), found.end(), [&](const model::Factor& factor) {
            return factor.name == kSurpriseFactor && factor.points >= least;
        });
    };
}

Predicate findings(TomlTable& when, std::string_view key) {
    return [list = when.strings(key)](const Facts& facts) {
        const auto& found = facts.assessment.findings;
        return std::any_of(found.begin(), found.end(), [&](const model::Finding& finding) {
            return contains(list, finding.kind);
        });
    };
}

Predicate finding_at_least(TomlTable& when, std::string_view key) {
    const auto least = when.name<model::Severity>(key, model::kSeverityNames);
    return [severity = least.value_or(model::Severity::Info)](const Facts& facts) {
        const auto& found = facts.assessment.findings;
        return std::any_of(found.begin(), found.end(), [&](const model::Finding& finding) {
            return finding.severity >= severity;
        });
    };
}

Predicate effects(TomlTable& when, std::string_view key) {
    std::vector<EffectPattern> patterns;
    for (const std::string& text : when.strings(key)) {
        auto pattern = effect_pattern_from(text);
        if (pattern.ok()) {
            patterns.push_back(pattern.take());
        } else {
            when.fail(key, pattern.error().message);
        }
    }
    return [patterns](const Facts& facts) {
        const auto& found = facts.assessment.effects;
        return std::any_of(found.begin(), found.end(), [&](const model::Effect& effect) {
            return std::any_of(patterns.begin(), patterns.end(),
                               [&](const EffectPattern& p) { return p.matches(effect); });
        });
    };
}

// Names of risk factors, as globs: "anomaly*" holds when something about the action is unusual.
Predicate factors(TomlTable& when, std::string_view key) {
    return [list = when.strings(key)](const Facts& facts) {
        const auto& found = facts.assessment.factors;
        return std::any_of(found.begin(), found.end(), [&](const model::Factor& factor) {
            return factor.points > 0 &&
                   std::any_of(list.begin(), list.end(), [&](const auto& glob) {
                       return text::glob_match(glob, factor.name, text::GlobStars::CrossSlash);
                   });
        });
    };
}

constexpr std::int64_t kMicrosPerMinute = 60LL * 1'000'000;
constexpr std::int64_t kMinutesPerDay = 24 * 60;

// "22:00-06:00", UTC; from the first minute up to, not including, the last. It may pass midnight.
std::optional<std::pair<int, int>> minutes_from(std::string_view text) {
    if (text.size() != 11 || text[2] != ':' || text[5] != '-' || text[8] != ':') {
        return std::nullopt;
    }
    const auto number = [&](std::size_t at) {
        const char high = text[at];
        const char low = text[at + 1];
        const bool digits = high >= '0' && high <= '9' && low >= '0' && low <= '9';
        return digits ? (high - '0') * 10 + (low - '0') : -1;
    };
    const int hours[2] = {number(0), number(6)};
    const int minutes[2] = {number(3), number(9)};
    for (const int i : {0, 1}) {
        if (hours[i] < 0 || hours[i] > 23 || minutes[i] < 0 || minutes[i] > 59) {
            return std::nullopt;
        }
    }
    return std::pair(hours[0] * 60 + minutes[0], hours[1] * 60 + minutes[1]);
}

Predicate hours(TomlTable& when, std::string_view key) {
    const auto span = minutes_from(when.string(key).value_or(""));
    if (!span || span->first == span->second) {
        when.fail(key, "must be a span of UTC hours such as 22:00-06:00");
        return [](const Facts&) { return false; };
    }
    return [span = *span](const Facts& facts) {
        const auto minute =
            static_cast<int>(facts.now.microseconds / kMicrosPerMinute % kMinutesPerDay);
        return span.first < span.second ? span.first <= minute && minute < span.second
                                        : span.first <= minute || minute < span.second;
    };
}

struct Key {
    std::string_view name;
    Reader read;
};
// The one list of condition keys; docs/formats/policy.md has a line for each, and a test checks it.
constexpr std::array<Key, 18> kKeys = {{{"agent_types", agent_types},
                                        {"complete", complete},
                                        {"contained", contained},
                                        {"delegated", delegated},
                                        {"doors", doors},
                                        {"effects", effects},
                                        {"factors", factors},
                                        {"finding_at_least", finding_at_least},
                                        {"findings", findings},
                                        {"hosts", hosts},
                                        {"hours", hours},
                                        {"kinds", kinds},
                                        {"principals", principals},
                                        {"purpose_stated", purpose_stated},
                                        {"risk_at_least", risk_at_least},
                                        {"staged", staged},
                                        {"surprise_at_least", surprise_at_least},
                                        {"workspaces", workspaces}}};

}  // namespace

std::vector<Predicate> predicates_from(TomlTable& when) {
    std::vector<Predicate> out;
    for (const Key& key : kKeys) {
        if (when.has(key.name)) {
            out.push_back(key.read(when, key.name));
        }
    }
    return out;
}

bool Condition::speaks_of(model::Tier tier) const {
    return tiers.empty() || std::find(tiers.begin(), tiers.end(), tier) != tiers.end();
}

bool Condition::holds(const Facts& facts) const {
    return std::all_of(when.begin(), when.end(),
                       [&](const Predicate& predicate) { return predicate(facts); });
}

}  // namespace countersign::policy
