// The rules in force: those of the policy files and those that people added, how often each was
// used and for what, and the evaluator compiled from them.
//
// Uses are counted in memory and written with the next write_back(); rules themselves are durable
// before they count. A rule of a policy file ("builtin/...") is changed in its file, not here.
//
// Not thread safe. The store must outlive it.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "gate/dirty_ids.h"
#include "model/rule.h"
#include "model/verdict.h"
#include "policy/policy.h"
#include "store/store.h"

namespace countersign::gate {

/// What a rule was used for: at most kDistinctUsesMax different argvs with their counts.
struct RuleUse {
    std::int64_t uses = 0;
    std::optional<Instant> last_used;
    std::map<std::string, std::int64_t> distinct;  ///< argv joined by spaces -> times
    std::int64_t others = 0;                       ///< uses by argvs beyond the bound
    bool operator==(const RuleUse&) const = default;
};
inline constexpr std::size_t kDistinctUsesMax = 16;

class Rulebook {
    struct Private {
        explicit Private() = default;
    };

public:
    /// Use open().
    Rulebook(Private, store::Store& store, std::shared_ptr<const policy::Policy> policy)
        : store_(store), policy_(std::move(policy)) {}

    /// Errors: the store's, Corrupt, and those of a stored rule that no longer compiles.
    static Result<std::unique_ptr<Rulebook>> open(store::Store& store,
                                                  std::shared_ptr<const policy::Policy> policy);

    [[nodiscard]] const policy::Evaluator& evaluator() const { return *evaluator_; }
    [[nodiscard]] const policy::Policy& policy() const { return *policy_; }

    /// All rules with their use counts, those of files first; `state` nullopt: retired ones too.
    [[nodiscard]] std::vector<model::Rule> list(std::optional<model::RuleState> state) const;
    [[nodiscard]] std::optional<model::Rule> find(std::string_view id) const;
    [[nodiscard]] const RuleUse& use_of(std::string_view id) const;

    /// Whether the rule could be added: well-formed, compiles, within limits::kRulesMax, its id
    /// new. Changes nothing.
    Result<void> check_new(const model::Rule& rule) const;
    /// Puts a rule in place, new or changed, durably. After an error nothing has changed.
    Result<void> put(const model::Rule& rule);

    /// The evaluator of another policy with the rules that people added. Errors: an added rule does
    /// not compile with it. Changes nothing.
    [[nodiscard]] Result<policy::Evaluator> evaluator_for(
        const std::shared_ptr<const policy::Policy>& policy) const;
    /// Puts the policy in force; `evaluator` is evaluator_for() it.
    void adopt(std::shared_ptr<const policy::Policy> policy, policy::Evaluator evaluator);

    /// Notes that these rules let `assessment` pass.
    void used(const std::vector<std::string>& ids, const model::Assessment& assessment,
              Instant now);
    [[nodiscard]] bool dirty() const { return !dirty_.empty(); }
    /// What changed, as documents for the store's Meta collection; they are under way until
    /// end_write(). One write at a time.
    std::vector<store::Document> begin_write();
    void end_write(Written written) { dirty_.end(written); }

private:
    Result<void> load();
    [[nodiscard]] std::vector<model::Rule> active_with(const model::Rule* changed) const;
    [[nodiscard]] model::Rule with_use(const model::Rule& rule) const;

    store::Store& store_;
    // Shared with every Evaluator made from it, which may outlive a policy change.
    std::shared_ptr<const policy::Policy> policy_;
    std::optional<policy::Evaluator> evaluator_;
    std::map<std::string, model::Rule, std::less<>> added_;
    std::map<std::string, RuleUse, std::less<>> uses_;
    DirtyIds dirty_;
};

/// What is in force: {"digest", "routes", "approval_time_s", "step_up_risk", "rules"}.
boost::json::value policy_json(const Rulebook& rules);

boost::json::value to_json(const RuleUse& use);
Result<RuleUse> rule_use_from(const boost::json::value& value);

}  // namespace countersign::gate
