#include "gate/rulebook.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/limits.h"
#include "model/codec.h"
#include "text/json.h"
#include "text/utf8.h"

namespace countersign::gate {
namespace {

namespace json = boost::json;
using store::Collection;

/// Uses stand beside other single facts, since the rules of files have no document of their own.
constexpr std::string_view kUsePrefix = "rule-use:";
/// Longest argv that is kept as an example of a use.
constexpr std::size_t kExampleBytesMax = 512;

std::string joined(const model::JudgedCommand& command) {
    std::string out;
    for (const auto& word : command.argv) {
        if (!out.empty()) {
            out += ' ';
        }
        out += word.value_or("?");
        if (out.size() > kExampleBytesMax) {
            out.resize(kExampleBytesMax);
            break;
        }
    }
    return out;
}

Result<void> put_rule(store::Store& store, const model::Rule& rule) {
    return store::put(store, store::Durability::Synced, Collection::Rules, rule.id,
                      json::serialize(model::to_json(rule)),
                      {{"state", model::name_in(model::kRuleStateNames, rule.state)}});
}

const RuleUse kNoUse;

}  // namespace

json::value to_json(const RuleUse& use) {
    json::object distinct;
    for (const auto& [argv, times] : use.distinct) {
        distinct[argv] = times;
    }
    return json::object{{"uses", use.uses},
                        {"last_used", use.last_used ? json::value(format_instant(*use.last_used))
                                                    : json::value(nullptr)},
                        {"distinct", std::move(distinct)},
                        {"others", use.others}};
}

json::value policy_json(const Rulebook& rules) {
    const policy::Policy& policy = rules.policy();
    json::object routes;
    for (std::size_t i = 0; i < model::kTierNames.size(); ++i) {
        const policy::Route& route = policy.route(static_cast<model::Tier>(i));
        const std::string_view decision = model::decision_name(route.decision);
        routes[std::string(model::kTierNames[i])] =
            json::object{{"decision", json::string(decision.data(), decision.size())},
                         {"approvals", route.approvals},
                         {"known_pattern_allows", route.known_pattern_allows}};
    }
    json::array list;
    for (const model::Rule& rule : rules.list(model::RuleState::Active)) {
        list.push_back(model::to_json(rule));
    }
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(policy.approval_time()).count();
    return json::object{{"digest", policy.digest()},
                        {"routes", std::move(routes)},
                        {"approval_time_s", seconds},
                        {"step_up_risk", policy.step_up_risk()},
                        {"rules", std::move(list)}};
}

Result<RuleUse> rule_use_from(const json::value& value) {
    RuleUse use;
    text::ObjectReader in(value, "rule use");
    use.uses = in.integer("uses", 0, INT64_MAX);
    const auto last = in.optional_string("last_used", limits::kNameBytesMax);
    use.others = in.integer("others", 0, INT64_MAX);
    const json::value* distinct = in.member("distinct");
    if (distinct != nullptr && distinct->is_object()) {
        for (const auto& member : distinct->get_object()) {
            if (member.value().is_int64()) {
                use.distinct[std::string(member.key())] = member.value().get_int64();
            }
        }
    }
    TRY(in.finish());
    use.last_used = last ? parse_instant(*last) : std::nullopt;
    return use;
}

Result<std::unique_ptr<Rulebook>> Rulebook::open(store::Store& store,
                                                 std::shared_ptr<const policy::Policy> policy) {
    auto book = std::make_unique<Rulebook>(Private{}, store, std::move(policy));
    TRY(book->load());
    return book;
}

Result<void> Rulebook::load() {
    {
        auto transaction = TRY(store_.begin(store::Access::Read, store::Durability::Written));
        TRY(store::for_each(*transaction, Collection::Rules, {},
                            [&](const store::Document& document) -> Result<void> {
                                const json::value value =
                                    TRY(text::parse_json(document.value, store::kDocumentBytesMax));
                                model::Rule rule = TRY(model::rule_from(value));
                                added_.insert_or_assign(document.key, std::move(rule));
                                return {};
                            }));
        store::Query uses;
        uses.after = kUsePrefix;
        TRY(store::for_each(*transaction, Collection::Meta, uses,
                            [&](const store::Document& document) -> Result<void> {
                                if (!document.key.starts_with(kUsePrefix)) {
                                    return {};
                                }
                                const json::value value =
                                    TRY(text::parse_json(document.value, store::kDocumentBytesMax));
                                RuleUse use = TRY(rule_use_from(value));
                                uses_.insert_or_assign(document.key.substr(kUsePrefix.size()),
                                                       std::move(use));
                                return {};
                            }));
    }
    evaluator_ = TRY(policy::Evaluator::create(policy_, active_with(nullptr)));
    return {};
}

std::vector<model::Rule> Rulebook::active_with(const model::Rule* changed) const {
    std::vector<model::Rule> rules;
    for (const auto& [id, rule] : added_) {
        if (rule.state == model::RuleState::Active && (changed == nullptr || changed->id != id)) {
            rules.push_back(rule);
        }
    }
    if (changed != nullptr && changed->state == model::RuleState::Active) {
        rules.push_back(*changed);
    }
    return rules;
}

model::Rule Rulebook::with_use(const model::Rule& rule) const {
    model::Rule out = rule;
    const RuleUse& use = use_of(rule.id);
    out.uses = use.uses;
    out.last_used = use.last_used;
    return out;
}

std::vector<model::Rule> Rulebook::list(std::optional<model::RuleState> state) const {
    std::vector<model::Rule> rules;
    for (const model::Rule& rule : policy_->rules()) {
        if (!state || rule.state == *state) {
            rules.push_back(with_use(rule));
        }
    }
    for (const auto& [id, rule] : added_) {
        if (!state || rule.state == *state) {
            rules.push_back(with_use(rule));
        }
    }
    return rules;
}

std::optional<model::Rule> Rulebook::find(std::string_view id) const {
    const auto added = added_.find(id);
    if (added != added_.end()) {
        return with_use(added->second);
    }
    const auto& rules = policy_->rules();
    const auto from_file = std::find_if(rules.begin(), rules.end(),
                                        [&](const model::Rule& rule) { return rule.id == id; });
    return from_file == rules.end() ? std::nullopt : std::optional(with_use(*from_file));
}

const RuleUse& Rulebook::use_of(std::string_view id) const {
    const auto found = uses_.find(id);
    return found == uses_.end() ? kNoUse : found->second;
}

Result<void> Rulebook::check_new(const model::Rule& rule) const {
    TRY(model::validate(rule));
    if (rule.id.starts_with("builtin/")) {
        return Error(ErrorCode::InvalidArgument, "the name builtin/ belongs to policy files");
    }
    if (find(rule.id)) {
        return Error(ErrorCode::AlreadyExists, "there is a rule " + rule.id);
    }
    if (added_.size() >= limits::kRulesMax) {
        return Error(ErrorCode::LimitExceeded, "there are too many rules",
                     "retire what is not used: countersign rules review");
    }
    TRY(policy::Evaluator::create(policy_, active_with(&rule)));
    return {};
}

Result<void> Rulebook::put(const model::Rule& rule) {
    policy::Evaluator next = TRY(policy::Evaluator::create(policy_, active_with(&rule)));
    TRY(put_rule(store_, rule));
    added_.insert_or_assign(rule.id, rule);
    evaluator_ = std::move(next);
    return {};
}

Result<policy::Evaluator> Rulebook::evaluator_for(
    const std::shared_ptr<const policy::Policy>& policy) const {
    return policy::Evaluator::create(policy, active_with(nullptr));
}

void Rulebook::adopt(std::shared_ptr<const policy::Policy> policy, policy::Evaluator evaluator) {
    policy_ = std::move(policy);
    evaluator_ = std::move(evaluator);
}

void Rulebook::used(const std::vector<std::string>& ids, const model::Assessment& assessment,
                    Instant now) {
    for (const std::string& id : ids) {
        RuleUse& use = uses_[id];
        ++use.uses;
        use.last_used = now;
        // Becomes a name in a JSON document, and words of a command are any bytes.
        const std::string example = assessment.commands.empty()
                                        ? std::string()
                                        : text::to_valid_utf8(joined(assessment.commands.front()));
        const auto known = use.distinct.find(example);
        if (known != use.distinct.end()) {
            ++known->second;
        } else if (use.distinct.size() < kDistinctUsesMax) {
            use.distinct.emplace(example, 1);
        } else {
            ++use.others;
        }
        dirty_.mark(id);
    }
}

std::vector<store::Document> Rulebook::begin_write() {
    std::vector<store::Document> out;
    while (!dirty_.waiting().empty()) {
        const std::string id = *dirty_.waiting().begin();
        out.push_back({std::string(kUsePrefix) + id, json::serialize(to_json(use_of(id)))});
        dirty_.begin(id);
    }
    return out;
}

}  // namespace countersign::gate
