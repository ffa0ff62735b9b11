#include "policy/policy.h"

#include <set>

#include "base/limits.h"
#include "crypto/digest.h"
#include "policy/policy_parts.h"

namespace countersign::policy {
namespace {

using model::Decision;

bool stricter_or_equal(const Route& later, const Route& earlier) {
    return later.decision >= earlier.decision && later.approvals >= earlier.approvals &&
           (!later.known_pattern_allows || earlier.known_pattern_allows);
}

// A denial has no approvals to compare.
bool may_replace(const Route& later, const Route& earlier) {
    return later.decision == Decision::Deny || stricter_or_equal(later, earlier);
}

std::string digest_of(const std::vector<Source>& sources) {
    if (sources.size() == 1) {
        return crypto::sha256(sources.front().text).text();
    }
    std::string lines;
    for (const Source& source : sources) {
        lines += crypto::sha256(source.text).text() + "\n";
    }
    return crypto::sha256(lines).text();
}

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
    std::move(from.begin(), from.end(), std::back_inserter(to));
}

class Merger {
public:
    explicit Merger(Policy::Parts& out) : out_(out) {}

    Result<void> add(Document document) {
        TRY(routes(document));
        TRY(thresholds(document));
        TRY(conditions(document));
        TRY(names(document));
        append(out_.rules, document.rules);
        append(out_.effect_rules, document.effect_rules);
        append(out_.conditions, document.conditions);
        append(out_.modifications, document.modifications);
        if (out_.rules.size() > limits::kRulesMax) {
            return Error(ErrorCode::LimitExceeded, document.name + ": too many rules");
        }
        first_ = false;
        return {};
    }

    Result<void> finish() {
        for (std::size_t i = 0; i < kTiers; ++i) {
            if (!routes_[i]) {
                return Error(ErrorCode::Malformed,
                             "no policy file gives a route for the tier " +
                                 std::string(model::kTierNames[i]),
                             "start from policies/default.toml");
            }
            out_.routes[i] = *routes_[i];
        }
        return {};
    }

private:
    static Error weaker(const Document& document, const std::string& what) {
        return {ErrorCode::Malformed,
                document.name + ": " + what + " is weaker than in an earlier policy file"};
    }

    Result<void> routes(const Document& document) {
        for (std::size_t i = 0; i < kTiers; ++i) {
            if (!document.routes[i]) {
                continue;
            }
            if (routes_[i] && !may_replace(*document.routes[i], *routes_[i])) {
                return weaker(document, "the route of " + std::string(model::kTierNames[i]));
            }
            routes_[i] = document.routes[i];
        }
        return {};
    }

    Result<void> thresholds(const Document& document) {
        if (document.step_up_risk) {
            if (!first_ && *document.step_up_risk > out_.step_up_risk) {
                return weaker(document, "step_up_risk");
            }
            out_.step_up_risk = *document.step_up_risk;
        }
        if (document.principal_counts) {
            if (!first_ && *document.principal_counts && !out_.principal_counts) {
                return weaker(document, "principal_counts");
            }
            out_.principal_counts = *document.principal_counts;
        }
        // How long people have is no matter of strictness: silence stays denial.
        out_.approval_time = document.approval_time.value_or(out_.approval_time);
        return {};
    }

    Result<void> conditions(const Document& document) const {
        for (const Condition& condition : document.conditions) {
            if (!first_ && condition.route.decision == Decision::Allow) {
                return weaker(document, "the condition " + condition.id);
            }
        }
        return {};
    }

    Result<void> names(const Document& document) {
        const auto add_all = [&](const auto& list) -> Result<void> {
            for (const auto& entry : list) {
                if (!names_.insert(entry.id).second) {
                    return Error(ErrorCode::Malformed,
                                 document.name + ": the name of " + entry.id + " is taken");
                }
            }
            return {};
        };
        TRY(add_all(document.rules));
        TRY(add_all(document.effect_rules));
        TRY(add_all(document.conditions));
        return add_all(document.modifications);
    }

    Policy::Parts& out_;
    std::array<std::optional<Route>, kTiers> routes_;
    std::set<std::string> names_;
    bool first_ = true;
};

}  // namespace

Policy::Policy(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Policy::Policy(Policy&&) noexcept = default;
Policy& Policy::operator=(Policy&&) noexcept = default;
Policy::~Policy() = default;

Result<Policy> Policy::load(const std::vector<Source>& sources) {
    auto parts = std::make_unique<Parts>();
    Merger merger(*parts);
    for (const Source& source : sources) {
        Document document = TRY(parse_document(source));
        TRY(merger.add(std::move(document)));
    }
    TRY(merger.finish());
    parts->digest = digest_of(sources);
    return Policy(std::move(parts));
}

Source Policy::builtin_source() {
    return {"default.toml", kDefaultPolicyText};
}

Policy Policy::builtin() {
    // Cannot fail: a test of this room loads the text that is compiled in.
    return MUST(load({builtin_source()}));
}

const std::string& Policy::digest() const {
    return parts_->digest;
}

const Route& Policy::route(model::Tier tier) const {
    const auto index = static_cast<std::size_t>(tier);
    CHECK(index < kTiers);
    return parts_->routes[index];
}

const std::vector<model::Rule>& Policy::rules() const {
    return parts_->rules;
}

Duration Policy::approval_time() const {
    return parts_->approval_time;
}

int Policy::step_up_risk() const {
    return parts_->step_up_risk;
}

bool Policy::principal_counts() const {
    return parts_->principal_counts;
}

std::vector<Policy::Entry> Policy::entries() const {
    std::vector<Entry> out;
    for (const EffectRule& rule : parts_->effect_rules) {
        out.push_back(
            {rule.id, std::string(model::rule_verb_name(rule.verb)) + " by effects", rule.reason});
    }
    for (const Condition& condition : parts_->conditions) {
        out.push_back({condition.id,
                       "condition: " + std::string(model::decision_name(condition.route.decision)),
                       condition.reason});
    }
    for (const Modification& change : parts_->modifications) {
        out.push_back({change.id, "modify", change.reason});
    }
    return out;
}

}  // namespace countersign::policy
