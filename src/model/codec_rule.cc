#include "base/limits.h"
#include "model/codec.h"
#include "model/codec_parts.h"

namespace countersign::model {

namespace json = boost::json;

namespace {

json::object scope_json(const RuleScope& scope) {
    json::array kinds;
    for (const ActionKind kind : scope.kinds) {
        kinds.emplace_back(json_name(action_kind_name(kind)));
    }
    return {{"agent_types", json_texts(scope.agent_types)},
            {"workspace", json_text(scope.workspace)},
            {"kinds", std::move(kinds)}};
}

Result<RuleScope> scope_from(const json::value& value) {
    text::ObjectReader in(value, "scope");
    RuleScope scope;
    scope.agent_types =
        in.strings_or_empty("agent_types", limits::kScopeEntriesMax, limits::kNameBytesMax);
    scope.workspace = in.string_or("workspace", limits::kPathBytesMax, "");
    for (const std::string& name :
         in.strings_or_empty("kinds", kActionKindNames.size(), limits::kNameBytesMax)) {
        const auto kind = action_kind_from(name);
        if (!kind) {
            in.fail("kinds", "names an unknown kind of action");
            break;
        }
        scope.kinds.push_back(*kind);
    }
    TRY(in.finish());
    return scope;
}

// What the gateway keeps about a rule; a person who writes one leaves these out.
void bookkeeping_members(text::ObjectReader& in, Rule& rule) {
    rule.created = optional_instant(in, "created").value_or(Instant{});
    rule.expires = optional_instant(in, "expires");
    rule.last_reviewed = optional_instant(in, "last_reviewed");
    rule.last_used = optional_instant(in, "last_used");
    rule.uses = in.integer_or("uses", 0, INT64_MAX, 0);
    rule.state = enum_member_or(in, "state", kRuleStateNames, RuleState::Active);
}

}  // namespace

json::value to_json(const Rule& rule) {
    return json::object{{"id", json_text(rule.id)},
                        {"verb", json_name(rule_verb_name(rule.verb))},
                        {"pattern_kind", json_name(pattern_kind_name(rule.pattern_kind))},
                        {"pattern", json_text(rule.pattern)},
                        {"words", json_texts(rule.words)},
                        {"tier", json_name(tier_name(rule.tier))},
                        {"scope", scope_json(rule.scope)},
                        {"owner", json_text(rule.owner)},
                        {"reason", json_text(rule.reason)},
                        {"created", json_instant(rule.created)},
                        {"expires", json_instant(rule.expires)},
                        {"last_reviewed", json_instant(rule.last_reviewed)},
                        {"last_used", json_instant(rule.last_used)},
                        {"uses", rule.uses},
                        {"state", json_name(name_in(kRuleStateNames, rule.state))}};
}

Result<Rule> rule_from(const json::value& value) {
    text::ObjectReader in(value, "rule");
    Rule rule;
    rule.id = in.string_or("id", limits::kNameBytesMax, "");
    rule.verb = enum_member(in, "verb", kRuleVerbNames, RuleVerb::Deny);
    rule.pattern_kind = enum_member(in, "pattern_kind", kPatternKindNames, PatternKind::Exact);
    rule.pattern = in.string_or("pattern", limits::kPatternBytesMax, "");
    rule.words = in.strings_or_empty("words", limits::kPatternWordsMax, limits::kPatternBytesMax);
    rule.tier = enum_member_or(in, "tier", kTierNames, Tier::IdempotentWrite);
    if (const json::value* scope = in.optional_member("scope")) {
        RuleScope decoded = TRY(scope_from(*scope));
        rule.scope = std::move(decoded);
    }
    rule.owner = in.string_or("owner", limits::kNameBytesMax, "");
    rule.reason = in.string_or("reason", limits::kCommentBytesMax, "");
    bookkeeping_members(in, rule);
    TRY(in.finish());
    return rule;
}

}  // namespace countersign::model
